#include "health/prometheus.hpp"

#include "base/utf8.hpp"
#include "health/node_scores.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace rmqha::health {
namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;

constexpr std::size_t k_most_queues = 10;

/// The families' text, one after the other; a family without samples is left out.
class Exposition {
public:
    explicit Exposition(std::string cluster) : m_cluster(std::move(cluster)) {}

    void family(std::string_view name, std::string_view type, std::string_view help)
    {
        m_name = name;
        m_series.clear();
        m_head = fmt::format("# HELP rmqha_{0} {1}\n# TYPE rmqha_{0} {2}\n", name, help, type);
    }

    template <typename Number>
    void sample(Number value, Labels const& labels = {})
    {
        std::string inner = label("cluster", m_cluster);
        for (auto const& [name, text] : labels) {
            inner += "," + label(name, text);
        }
        if (!m_series.insert(inner).second) {
            return; // two addresses of one node: Prometheus takes no series twice
        }
        m_text += std::exchange(m_head, {}) + fmt::format("rmqha_{}{{{}}} {}\n", m_name, inner, value);
    }

    template <typename Number>
    void maybe(std::optional<Number> const& value, Labels const& labels)
    {
        if (value) {
            sample(*value, labels);
        }
    }

    std::string take() { return std::move(m_text); }

private:
    static std::string label(std::string const& name, std::string const& text)
    {
        std::string quoted;
        for (char const c : base::valid_utf8(text)) {
            quoted += c == '\\' ? "\\\\" : c == '"' ? "\\\"" : c == '\n' ? "\\n" : std::string(1, c);
        }
        return fmt::format("{}=\"{}\"", name, quoted);
    }

    std::string m_cluster;
    std::string m_name;
    std::string m_head;
    std::set<std::string> m_series; ///< labels of the family so far
    std::string m_text;
};

double seconds(base::Duration duration)
{
    return std::chrono::duration<double>(duration).count();
}

void add_run(Exposition& out, Report const& report)
{
    out.family("up", "gauge", "Whether the cluster could be asked.");
    out.sample(report.snapshot ? 1 : 0);
    out.family("last_run_timestamp_seconds", "gauge", "When the check ran, in seconds since 1970.");
    out.sample(fmt::format("{:.3f}", std::chrono::duration<double>(report.time.time_since_epoch()).count()));
    out.family("run_duration_seconds", "gauge", "How long the check took.");
    out.sample(fmt::format("{:.6f}", seconds(report.took)));
    out.family("status", "gauge", "The worst of the checks: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.");
    out.sample(nagios_code(report.state()));
    out.family("check_status", "gauge", "Each check: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.");
    for (Check const& check : report.checks) {
        auto const state = report.snapshot ? state_of(check, report.findings) : report.state();
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

void add_nodes(Exposition& out, Snapshot const& snapshot)
{
    out.family("node_up", "gauge", "Whether the node runs and answers.");
    add_figure(out, snapshot, [](Node const& node) { return std::optional(node.up() ? 1 : 0); });
    out.family("node_score", "gauge", "The node's own score from 0 to 100.");
    auto const scores = node_scores_of(snapshot);
    for (std::size_t i = 0; i < scores.size(); ++i) {
        out.sample(scores[i].score, {{"node", snapshot.nodes[i].label()}});
    }
    out.family("node_amqp_login_seconds", "gauge", "How long an AMQP login took.");
    add_figure(out, snapshot, [](Node const& node) {
        return node.amqp.answered() ? std::optional(fmt::format("{:.6f}", seconds(node.amqp.took))) : std::nullopt;
    });
    out.family("node_memory_used_bytes", "gauge", "Memory the node uses.");
    add_figure(out, snapshot, [](Node const& node) { return node.memory_used; });
    out.family("node_memory_limit_bytes", "gauge", "The high watermark, from which on publishers are blocked.");
    add_figure(out, snapshot, [](Node const& node) { return node.memory_limit; });
    out.family("node_disk_free_bytes", "gauge", "Free disk space.");
    add_figure(out, snapshot, [](Node const& node) { return node.disk_free; });
    out.family("node_disk_limit_bytes", "gauge", "Free disk space below which publishers are blocked.");
    add_figure(out, snapshot, [](Node const& node) { return node.disk_limit; });
    out.family("node_file_descriptors_used", "gauge", "File descriptors in use.");
    add_figure(out, snapshot, [](Node const& node) { return node.fds_used; });
    out.family("node_file_descriptors_limit", "gauge", "File descriptors the node may use.");
    add_figure(out, snapshot, [](Node const& node) { return node.fds_total; });
    out.family("node_connections", "gauge", "Client connections.");
    add_figure(out, snapshot, [](Node const& node) { return node.connections; });
    out.family("node_uptime_seconds", "gauge", "How long the node has been running.");
    add_figure(out, snapshot,
               [](Node const& node) { return node.uptime ? std::optional(seconds(*node.uptime)) : std::nullopt; });
}

void add_queues(Exposition& out, std::vector<Queue> const& queues)
{
    out.family("queues", "gauge", "Queues that could be seen.");
    out.sample(queues.size());
    std::vector<Queue const*> longest;
    std::uint64_t messages = 0;
    for (Queue const& queue : queues) {
        messages += queue.messages.value_or(0);
        if (queue.messages.value_or(0) > 0) {
            longest.push_back(&queue);
        }
    }
    out.family("messages", "gauge", "Messages in all queues and streams, ready and unacknowledged.");
    out.sample(messages);
    auto const shown = longest.begin() + static_cast<std::ptrdiff_t>(std::min(k_most_queues, longest.size()));
    std::partial_sort(longest.begin(), shown, longest.end(), [](auto const* a, auto const* b) {
        return std::tie(*b->messages, a->vhost, a->name) < std::tie(*a->messages, b->vhost, b->name);
    });
    out.family("queue_messages", "gauge", "Messages of the ten longest queues and streams.");
    for (auto queue = longest.begin(); queue != shown; ++queue) {
        out.sample(*(*queue)->messages, {{"vhost", (*queue)->vhost}, {"queue", (*queue)->name}});
    }
}

} // namespace

std::string prometheus_text(Report const& report)
{
    Exposition out(report.context);
    add_run(out, report);
    if (report.snapshot) {
        if (!report.snapshot->cluster_name.empty()) {
            out.family("cluster_info", "gauge", "What the cluster calls itself.");
            out.sample(1, {{"name", report.snapshot->cluster_name}});
        }
        add_nodes(out, *report.snapshot);
        if (report.snapshot->queues) {
            add_queues(out, *report.snapshot->queues);
        }
    }
    return out.take();
}

} // namespace rmqha::health
