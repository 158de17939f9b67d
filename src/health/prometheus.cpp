#include "health/prometheus.hpp"

#include "health/exposition.hpp"
#include "health/node_scores.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <tuple>

namespace rmqha::health {
namespace {

void add_run(Exposition& out, Report const& report, bool up)
{
    out.family("up", "gauge", "Whether the cluster could be asked.");
    out.sample(up ? 1 : 0);
    out.family("last_run_timestamp_seconds", "gauge", "When the check ran, in seconds since 1970.");
    out.sample(fmt::format("{:.3f}", std::chrono::duration<double>(report.time.time_since_epoch()).count()));
    out.family("run_duration_seconds", "gauge", "How long the check took.");
    out.sample(fmt::format("{:.6f}", in_seconds(report.took)));
    out.family("status", "gauge", "The worst of the checks: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.");
    out.sample(nagios_code(report.state()));
    out.family("check_status", "gauge", "Each check: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.");
    for (Check const& check : report.checks) {
        auto const state = up ? state_of(check, report.findings) : report.state();
        out.sample(nagios_code(state), {{"check", check.name}});
    }
    out.family("findings", "gauge", "Findings by code and severity.");
    std::map<std::pair<std::string, std::string>, int> counts;
    for (Finding const& finding : report.findings) {
        ++counts[{finding.code, std::string(to_string(finding.severity))}];
    }
    for (auto const& [key, count] : counts) {
        out.sample(count, {{"code", key.first}, {"severity", key.second}});
    }
    if (report.score) {
        out.family("score", "gauge", "Health of the cluster from 0 to 100.");
        out.sample(report.score->value);
    }
}

/// One figure of every node that has it.
template <typename Figure>
void add_figure(Exposition& out, Snapshot const& snapshot, Figure figure)
{
    for (Node const& node : snapshot.nodes) {
        out.maybe(figure(node), {{"node", node.label()}});
    }
}

std::optional<int> as_number(std::optional<bool> const& value)
{
    return value ? std::optional(*value ? 1 : 0) : std::nullopt;
}

void add_nodes(Exposition& out, Snapshot const& snapshot)
{
    out.family("node_up", "gauge", "Whether the node runs and answers.");
    add_figure(out, snapshot, [](Node const& node) { return std::optional(node.up() ? 1 : 0); });
    static constexpr std::array k_states{"running", "draining", "unreachable", "silent", "down"};
    out.family("node_state", "gauge", "Which state the node is in: 1 for that one, 0 for the others.");
    for (Node const& node : snapshot.nodes) {
        for (std::size_t state = 0; state < k_states.size(); ++state) {
            out.sample(static_cast<std::size_t>(node.state) == state ? 1 : 0,
                       {{"node", node.label()}, {"state", k_states.at(state)}});
        }
    }
    out.family("node_info", "gauge", "Where the node is reached and which RabbitMQ it runs.");
    for (Node const& node : snapshot.nodes) {
        out.sample(1, {{"node", node.label()}, {"address", node.address}, {"version", node.version}});
    }
    out.family("node_score", "gauge", "The node's own score from 0 to 100.");
    auto const scores = node_scores_of(snapshot);
    for (std::size_t i = 0; i < scores.size(); ++i) {
        out.sample(scores[i].score, {{"node", snapshot.nodes[i].label()}});
    }
    out.family("node_amqp_login_seconds", "gauge", "How long an AMQP login took.");
    add_figure(out, snapshot, [](Node const& node) {
        return node.amqp.answered() ? std::optional(fmt::format("{:.6f}", in_seconds(node.amqp.took))) : std::nullopt;
    });
    out.family("node_end_to_end_seconds", "gauge", "How long a message took through the node and back.");
    add_figure(out, snapshot, [](Node const& node) {
        bool const came = node.end_to_end && node.end_to_end->asked.answered();
        return came ? std::optional(fmt::format("{:.6f}", in_seconds(node.end_to_end->asked.took))) : std::nullopt;
    });
    out.family("node_memory_used_bytes", "gauge", "Memory the node uses.");
    add_figure(out, snapshot, [](Node const& node) { return node.memory_used; });
    out.family("node_memory_limit_bytes", "gauge", "The high watermark, from which on publishers are blocked.");
    add_figure(out, snapshot, [](Node const& node) { return node.memory_limit; });
    out.family("node_disk_free_bytes", "gauge", "Free disk space.");
    add_figure(out, snapshot, [](Node const& node) { return node.disk_free; });
    out.family("node_disk_limit_bytes", "gauge", "Free disk space below which publishers are blocked.");
    add_figure(out, snapshot, [](Node const& node) { return node.disk_limit; });
    out.family("node_memory_alarm", "gauge", "Whether the node has a memory alarm: publishers are blocked.");
    add_figure(out, snapshot, [](Node const& node) { return as_number(node.memory_alarm); });
    out.family("node_disk_alarm", "gauge", "Whether the node has a disk alarm: publishers are blocked.");
    add_figure(out, snapshot, [](Node const& node) { return as_number(node.disk_alarm); });
    out.family("node_file_descriptors_used", "gauge", "File descriptors in use.");
    add_figure(out, snapshot, [](Node const& node) { return node.fds_used; });
    out.family("node_file_descriptors_limit", "gauge", "File descriptors the node may use.");
    add_figure(out, snapshot, [](Node const& node) { return node.fds_total; });
    out.family("node_connections", "gauge", "Client connections.");
    add_figure(out, snapshot, [](Node const& node) { return node.connections; });
    out.family("node_certificate_days_left", "gauge", "Days until the certificate expires, negative once it has.");
    for (Node const& node : snapshot.nodes) {
        out.maybe(node.amqp_certificate_days, {{"node", node.label()}, {"protocol", "amqp"}});
        out.maybe(node.management_certificate_days, {{"node", node.label()}, {"protocol", "management"}});
    }
    out.family("node_uptime_seconds", "gauge", "How long the node has been running.");
    add_figure(out, snapshot,
               [](Node const& node) { return node.uptime ? std::optional(in_seconds(*node.uptime)) : std::nullopt; });
}

void add_leaders(Exposition& out, Snapshot const& snapshot)
{
    std::map<std::string, std::uint64_t> leaders;
    for (Queue const& queue : *snapshot.queues) {
        ++leaders[queue.leader];
    }
    out.family("node_queue_leaders", "gauge", "Queues and streams the node leads.");
    add_figure(out, snapshot,
               [&](Node const& node) { return node.name.empty() ? std::nullopt : std::optional(leaders[node.name]); });
}

template <typename Figure>
void add_queue_figure(Exposition& out, std::vector<Queue const*> const& queues, Figure figure)
{
    for (Queue const* queue : queues) {
        out.maybe(figure(*queue), {{"vhost", queue->vhost}, {"queue", queue->name}});
    }
}

void add_queues(Exposition& out, std::vector<Queue> const& queues, std::size_t most)
{
    std::vector<Queue const*> longest;
    std::uint64_t messages = 0;
    for (Queue const& queue : queues) {
        messages += queue.messages.value_or(0);
        if (queue.messages.value_or(0) > 0) {
            longest.push_back(&queue);
        }
    }
    most = std::min(most, longest.size());
    std::partial_sort(longest.begin(), longest.begin() + static_cast<std::ptrdiff_t>(most), longest.end(),
                      [](auto const* a, auto const* b) {
                          return std::tie(*b->messages, a->vhost, a->name) < std::tie(*a->messages, b->vhost, b->name);
                      });
    longest.resize(most);
    auto const of_longest = std::accumulate(longest.begin(), longest.end(), std::uint64_t{0},
                                            [](auto sum, auto const* queue) { return sum + *queue->messages; });
    out.family("queues", "gauge", "Queues that could be seen.");
    out.sample(queues.size());
    out.family("messages", "gauge", "Messages in all queues and streams, ready and unacknowledged.");
    out.sample(messages);
    out.family("other_queues_messages", "gauge", "Messages in all queues and streams without samples of their own.");
    out.sample(messages - of_longest);
    out.family("queue_messages", "gauge", "Messages of the longest queues and streams.");
    add_queue_figure(out, longest, [](Queue const& queue) { return queue.messages; });
    out.family("queue_messages_ready", "gauge", "Messages of the longest queues that nobody has been sent.");
    add_queue_figure(out, longest, [](Queue const& queue) { return queue.messages_ready; });
    out.family("queue_consumers", "gauge", "Consumers of the longest queues and streams.");
    add_queue_figure(out, longest, [](Queue const& queue) { return queue.consumers; });
}

} // namespace

std::string prometheus_text(Report const& report, PrometheusOptions const& options)
{
    Exposition out(report.context);
    add_run(out, report, report.snapshot && options.reached);
    if (report.snapshot) {
        auto const& snapshot = *report.snapshot;
        if (!snapshot.cluster_name.empty()) {
            out.family("cluster_info", "gauge", "What the cluster calls itself.");
            out.sample(1, {{"name", snapshot.cluster_name}});
        }
        add_nodes(out, snapshot);
        if (snapshot.queues) {
            add_leaders(out, snapshot);
            add_queues(out, *snapshot.queues, options.top_queues);
        }
    }
    return out.take();
}

} // namespace rmqha::health
