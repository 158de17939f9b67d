#include "moments/moment.hpp"

#include <algorithm>
#include <array>

namespace rmqha::moments {
namespace {

char const* text_of(health::NodeState state)
{
    static constexpr std::array<char const*, 5> k_states{"running", "draining", "unreachable", "silent", "down"};
    return k_states.at(static_cast<std::size_t>(state));
}

Queue queue_of(health::Queue const& queue)
{
    Queue kept{queue.vhost, queue.name, queue.type, queue.leader, queue.members};
    if (queue.mirrors) {
        kept.members = *queue.mirrors;
        if (!queue.leader.empty()) {
            kept.members.push_back(queue.leader);
        }
    }
    std::sort(kept.members.begin(), kept.members.end());
    return kept;
}

} // namespace

Moment moment_of(health::Snapshot const& snapshot, std::vector<health::Finding> const& findings,
                 health::Score const& score)
{
    Moment moment;
    moment.time = snapshot.taken;
    moment.cluster = snapshot.cluster_name;
    moment.state = to_string(score.state);
    moment.score = score.value;
    for (auto const& node : snapshot.nodes) {
        moment.nodes.push_back({node.label(), text_of(node.state), node.version, node.memory_alarm, node.disk_alarm});
    }
    if (snapshot.queues) {
        moment.queues.emplace();
        std::transform(snapshot.queues->begin(), snapshot.queues->end(), std::back_inserter(*moment.queues), queue_of);
    }
    moment.policies = snapshot.policies;
    for (auto const& finding : findings) {
        if (finding.severity >= health::Severity::unknown) {
            moment.findings.push_back(
                {finding.code, std::string(to_string(finding.severity)), finding.object, finding.evidence});
        }
    }
    return moment;
}

} // namespace rmqha::moments
