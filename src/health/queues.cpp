#include "health/queues.hpp"

#include <algorithm>
#include <map>

namespace rmqha::health {
namespace {

template <typename Value>
void fill(std::optional<Value>& target, std::optional<Value> const& value)
{
    if (!target) {
        target = value;
    }
}

/// Copies the queue's policy or arguments ask for, as far as the cluster has nodes for them.
std::optional<int> wanted_replicas(management::Queue const& queue, std::vector<management::Policy> const& policies,
                                   int members)
{
    std::optional<int> wanted = queue.group_size;
    for (management::Policy const& policy : policies) {
        if (policy.vhost == queue.vhost && policy.name == queue.policy) {
            bool const mirrors = policy.ha_mode && queue.type == "classic" && !queue.exclusive;
            if (mirrors || (!policy.ha_mode && policy.copies && queue.type == "quorum")) {
                wanted = std::max(wanted.value_or(0), policy.copies.value_or(members));
            }
        }
    }
    return wanted ? std::optional(std::min(*wanted, members)) : std::nullopt;
}

void add_depths(std::vector<Queue>& queues, Snapshot const& snapshot, Answers const& answers)
{
    std::map<std::string, management::QueueDepths const*> told;
    for (std::size_t i = 0; i < answers.nodes.size(); ++i) {
        if (auto const* depths = value_of(answers.nodes[i].depths)) {
            told[snapshot.nodes[i].name] = depths;
        }
    }
    std::map<std::pair<std::string, std::string>, management::Queue const*> counted;
    if (answers.queues->statistics) {
        if (auto const* statistics = value_of(*answers.queues->statistics)) {
            for (auto const& queue : *statistics) {
                counted[{queue.vhost, queue.name}] = &queue;
            }
        }
    }
    for (Queue& queue : queues) {
        std::pair const key(queue.vhost, queue.name);
        if (auto const leader = told.find(queue.leader); leader != told.end()) {
            if (auto const depth = leader->second->find(key); depth != leader->second->end()) {
                queue.messages = depth->second.messages;
                queue.messages_ready = depth->second.messages_ready;
                queue.consumers = depth->second.consumers;
            }
        }
        if (auto const found = counted.find(key); found != counted.end()) {
            fill(queue.messages, found->second->messages);
            fill(queue.messages_ready, found->second->messages_ready);
            fill(queue.consumers, found->second->consumers);
        }
    }
}

/// Figures of different nodes are of different moments: who seems ahead of the leader is not behind it.
void add_lags(std::vector<Queue>& queues, Snapshot const& snapshot, Answers const& answers)
{
    std::map<std::string, management::RaftLogs const*> told;
    for (std::size_t i = 0; i < answers.nodes.size(); ++i) {
        auto const& raft = answers.nodes[i].raft;
        if (auto const* logs = raft ? value_of(*raft) : nullptr) {
            told[snapshot.nodes[i].name] = logs;
        }
    }
    for (Queue& queue : queues) {
        std::pair const key(queue.vhost, queue.name);
        auto const leader = told.find(queue.leader);
        if (queue.type != "quorum" || leader == told.end() || leader->second->count(key) == 0) {
            continue;
        }
        auto const committed = leader->second->at(key).committed;
        for (std::string const& member : queue.members) {
            auto const node = told.find(member);
            if (member == queue.leader || node == told.end() || node->second->count(key) == 0) {
                continue;
            }
            auto const applied = node->second->at(key).applied;
            queue.lags[member] = committed > applied ? committed - applied : 0;
        }
    }
}

} // namespace

void add_queues(Snapshot& snapshot, Answers const& answers, int members)
{
    if (!answers.queues) {
        snapshot.queues_source = "not asked";
        return;
    }
    auto const* queues = value_of(answers.queues->queues);
    if (queues == nullptr) {
        snapshot.queues_source = problem_of(answers.queues->queues)->reason;
        return;
    }
    std::vector<management::Policy> policies;
    for (NodeAnswers const& node : answers.nodes) {
        if (auto const* told = value_of(node.policies)) {
            policies = *told;
            break;
        }
    }
    snapshot.queues.emplace();
    for (management::Queue const& queue : *queues) {
        snapshot.queues->push_back({queue, wanted_replicas(queue, policies, members)});
    }
    snapshot.queues_source = "management at " + answers.queues->asked;
    add_depths(*snapshot.queues, snapshot, answers);
    add_lags(*snapshot.queues, snapshot, answers);
    snapshot.depths_source = answers.queues->statistics ? "management at " + answers.queues->asked : "metrics";
}

} // namespace rmqha::health
