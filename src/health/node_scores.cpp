#include "health/node_scores.hpp"

#include <algorithm>

namespace rmqha::health {
namespace {

std::optional<double> share(std::optional<std::uint64_t> part, std::optional<std::uint64_t> whole)
{
    if (!part || whole.value_or(0) == 0) {
        return std::nullopt;
    }
    return static_cast<double>(*part) / static_cast<double>(*whole);
}

cluster::NodeFigures figures_of(Node const& node)
{
    cluster::NodeFigures figures;
    figures.up = node.up() && node.state != NodeState::unreachable;
    figures.draining = node.state == NodeState::draining;
    figures.memory_used = share(node.memory_used, node.memory_limit);
    figures.disk_margin = share(node.disk_free, node.disk_limit);
    figures.descriptors_used = share(node.fds_used, node.fds_total);
    figures.memory_alarm = node.memory_alarm.value_or(false);
    figures.disk_alarm = node.disk_alarm.value_or(false);
    if (node.amqp.answered()) {
        figures.latency = node.amqp.took;
    }
    return figures;
}

} // namespace

std::vector<cluster::NodeScore> node_scores_of(Snapshot const& snapshot)
{
    std::optional<base::Duration> best;
    for (Node const& node : snapshot.nodes) {
        if (node.amqp.answered()) {
            best = std::min(best.value_or(node.amqp.took), node.amqp.took);
        }
    }
    std::vector<cluster::NodeScore> scores;
    for (Node const& node : snapshot.nodes) {
        scores.push_back(cluster::node_score(figures_of(node), best));
    }
    return scores;
}

} // namespace rmqha::health
