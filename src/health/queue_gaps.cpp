#include "health/gap_reasons.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rmqha::health {
namespace {

using management::Problem;

/// Without policies nobody knows how many copies they ask for.
void add_policy_gaps(Snapshot const& snapshot, Answers const& answers, std::vector<Gap>& gaps)
{
    NodeAnswers const* quiet = nullptr;
    for (std::size_t i = 0; i < answers.nodes.size(); ++i) {
        if (value_of(answers.nodes[i].policies) != nullptr) {
            return;
        }
        quiet = snapshot.nodes[i].up() && quiet == nullptr ? &answers.nodes[i] : quiet;
    }
    if (quiet != nullptr && snapshot.queues) {
        gaps.push_back({"QUEUE-UNDER-REPLICATED", "queues",
                        "the copies that policies ask for are not known: " + reason_of(quiet->policies),
                        remedy_for(quiet->policies, answers)});
    }
}

/// How far a member is only its own node tells.
void add_lag_gaps(Snapshot const& snapshot, Answers const& answers, std::vector<Gap>& gaps)
{
    NodeGaps shared;
    for (std::size_t i = 0; i < answers.nodes.size(); ++i) {
        auto const& raft = answers.nodes[i].raft;
        auto const* problem = raft ? problem_of(*raft) : nullptr;
        if (problem == nullptr || !snapshot.nodes[i].up()) {
            continue;
        }
        if (problem->kind == Problem::Kind::not_supported) {
            gaps.push_back({"REPLICA-LAGGING", "cluster", "this broker does not tell how far members are", {}, true});
            break;
        }
        shared.add("REPLICA-LAGGING", "how far its members are is not known: " + problem->reason,
                   remedy_for(*raft, answers), snapshot.nodes[i]);
    }
    shared.move_to(gaps);
    // Answered, and in a way nobody here understands: brokers have called these metrics by different names.
    bool const asked = std::ranges::any_of(
        answers.nodes, [](NodeAnswers const& node) { return node.raft && value_of(*node.raft) != nullptr; });
    auto const replicated = [](Queue const& queue) { return queue.type == "quorum" && queue.members.size() > 1; };
    if (asked && snapshot.queues && std::ranges::any_of(*snapshot.queues, replicated) &&
        std::ranges::all_of(*snapshot.queues, [](Queue const& queue) { return queue.lags.empty(); })) {
        gaps.push_back({"REPLICA-LAGGING", "queues", "no node told how far members are", {}});
    }
}

bool sees_everything(Answers const& answers)
{
    return std::any_of(answers.nodes.begin(), answers.nodes.end(), [](NodeAnswers const& node) {
        auto const* who = value_of(node.whoami);
        return who != nullptr && std::count(who->tags.begin(), who->tags.end(), "administrator") > 0;
    });
}

std::uint64_t queues_counted(Answers const& answers)
{
    std::uint64_t count = 0;
    for (NodeAnswers const& node : answers.nodes) {
        auto const* metrics = value_of(node.metrics);
        count += metrics != nullptr ? metrics->queues.value_or(0) : 0;
    }
    return count;
}

void add_list_gaps(Snapshot const& snapshot, Answers const& answers, std::vector<Gap>& gaps)
{
    if (!answers.queues) {
        return;
    }
    if (!snapshot.queues) {
        gaps.push_back({"QUEUE-DOWN", "queues", "where queues live is not known: " + snapshot.queues_source,
                        remedy_for(answers.queues->queues, answers)});
        return;
    }
    // A list that is empty for want of permissions looks like a cluster without queues.
    if (snapshot.queues->empty() && !sees_everything(answers)) {
        std::uint64_t const count = queues_counted(answers);
        if (count > 0) {
            gaps.push_back(
                {"QUEUE-DOWN", "queues",
                 fmt::format("user sees no queue, but the nodes count {}: no permission on their vhosts", count),
                 fmt::format("rabbitmqctl set_permissions -p VHOST {} '^$' '^$' '^$'", answers.user)});
        }
    }
    // Queues that are down have no depth, and their finding says so.
    auto const unknown = std::count_if(snapshot.queues->begin(), snapshot.queues->end(), [&](Queue const& queue) {
        return !queue.messages && snapshot.running.count(queue.leader) > 0;
    });
    if (unknown > 0 && answers.queues->statistics && problem_of(*answers.queues->statistics) != nullptr) {
        gaps.push_back({"QUEUE-BACKLOG", "queues",
                        fmt::format("messages and consumers of {} of {} queues not known: {}", unknown,
                                    snapshot.queues->size(), reason_of(*answers.queues->statistics)),
                        remedy_for(*answers.queues->statistics, answers)});
    }
}

} // namespace

void add_queue_gaps(Snapshot const& snapshot, Answers const& answers, std::vector<Gap>& gaps)
{
    add_list_gaps(snapshot, answers, gaps);
    add_policy_gaps(snapshot, answers, gaps);
    add_lag_gaps(snapshot, answers, gaps);
}

} // namespace rmqha::health
