#include "cmd/monitor_page.hpp"
#include "cmd/monitor_parts_json.hpp"

#include "base/units.hpp"
#include "health/node_scores.hpp"
#include "output/json.hpp"

#include <nlohmann/json.hpp>

#include <array>

namespace rmqha::cmd {
namespace {

using Json = nlohmann::ordered_json;

double in_ms(base::Duration duration)
{
    return std::chrono::duration<double, std::milli>(duration).count();
}

template <typename Value>
Json maybe(std::optional<Value> const& value)
{
    return value ? Json(*value) : Json(nullptr);
}

Json asked_json(health::Asked const& asked)
{
    static constexpr std::array<char const*, 7> k_outcomes{"not_asked", "answered",  "denied", "refused",
                                                           "silent",    "timed_out", "failed"};
    return {{"outcome", k_outcomes.at(static_cast<std::size_t>(asked.outcome))},
            {"reason", asked.reason},
            {"took_ms", in_ms(asked.took)}};
}

Json end_to_end_json(health::EndToEnd const& probe)
{
    auto json = asked_json(probe.asked);
    json["confirmed_ms"] = probe.asked.answered() ? Json(in_ms(probe.confirmed)) : Json(nullptr);
    return json;
}

char const* state_text(health::NodeState state)
{
    static constexpr std::array<char const*, 5> k_states{"running", "draining", "unreachable", "silent", "down"};
    return k_states.at(static_cast<std::size_t>(state));
}

Json node_json(health::Node const& node, cluster::NodeScore const& score)
{
    Json deductions = Json::array();
    for (auto const& deduction : score.deductions) {
        deductions.push_back({{"reason", deduction.reason}, {"points", deduction.points}});
    }
    return {{"name", node.name},
            {"address", node.address},
            {"weight", node.weight},
            {"state", state_text(node.state)},
            {"up", node.up()},
            {"why", node.why},
            {"score", {{"value", score.score}, {"deductions", deductions}}},
            {"amqp", asked_json(node.amqp)},
            {"management", asked_json(node.management)},
            {"metrics", asked_json(node.metrics)},
            {"version", node.version},
            {"sees_running", node.view ? Json(node.view->running) : Json(nullptr)},
            {"view_source", node.view ? Json(node.view->source) : Json(nullptr)},
            {"partitions", maybe(node.partitions)},
            {"figures_source", node.figures_source},
            {"memory_used_bytes", maybe(node.memory_used)},
            {"memory_limit_bytes", maybe(node.memory_limit)},
            {"memory_alarm", maybe(node.memory_alarm)},
            {"disk_free_bytes", maybe(node.disk_free)},
            {"disk_limit_bytes", maybe(node.disk_limit)},
            {"disk_alarm", maybe(node.disk_alarm)},
            {"file_descriptors_used", maybe(node.fds_used)},
            {"file_descriptors_total", maybe(node.fds_total)},
            {"connections", maybe(node.connections)},
            {"end_to_end", node.end_to_end ? end_to_end_json(*node.end_to_end) : Json(nullptr)},
            {"amqp_certificate_days", maybe(node.amqp_certificate_days)},
            {"management_certificate_days", maybe(node.management_certificate_days)},
            {"uptime_ms", node.uptime ? Json(node.uptime->count()) : Json(nullptr)}};
}

} // namespace

std::string status_json(Status const& status, output::Format format)
{
    health::Snapshot const& snapshot = status.snapshot;
    Json nodes = Json::array();
    auto const scores = health::node_scores_of(snapshot);
    for (std::size_t i = 0; i < scores.size(); ++i) {
        nodes.push_back(node_json(snapshot.nodes[i], scores[i]));
    }
    Json findings = Json::array();
    std::set<std::string> objects;
    for (auto const& finding : status.findings) {
        findings.push_back(finding_json(finding));
        objects.insert(finding.object);
    }
    Json queues{{"source", snapshot.queues_source}, {"depths_source", snapshot.depths_source}, {"count", nullptr}};
    if (snapshot.queues) {
        queues["count"] = snapshot.queues->size();
        queues["at_risk"] = Json::array();
        for (auto const& queue : *snapshot.queues) {
            if (objects.count(health::queue_label(queue)) > 0) {
                queues["at_risk"].push_back(queue_json(queue));
            }
        }
    }
    return output::to_text({{"schema_version", 1},
                            {"time", base::format_time(snapshot.taken)},
                            {"took_ms", in_ms(snapshot.took)},
                            {"cluster", snapshot.cluster_name},
                            {"context", status.context},
                            {"state", to_string(status.score.state)},
                            {"score", score_json(status.score, status.score_min)},
                            {"nodes", nodes},
                            {"queues", queues},
                            {"disabled_feature_flags", maybe(snapshot.disabled_flags)},
                            {"findings", findings}},
                           format == output::Format::json);
}

} // namespace rmqha::cmd
