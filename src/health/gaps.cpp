#include "health/gaps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace rmqha::health {
namespace {

using management::Problem;

/// The command that gives `user` the tag and keeps those it has: set_user_tags replaces them all.
std::string tag_remedy(Answers const& answers)
{
    std::vector<std::string> tags;
    for (NodeAnswers const& node : answers.nodes) {
        if (auto const* who = value_of(node.whoami)) {
            tags = who->tags;
            break;
        }
    }
    tags.emplace_back("monitoring");
    return fmt::format("rabbitmqctl set_user_tags {} {}", answers.user, fmt::join(tags, " "));
}

bool somebody_hangs(Answers const& answers)
{
    return std::any_of(answers.nodes.begin(), answers.nodes.end(),
                       [](NodeAnswers const& node) { return node.login.asked.outcome == Asked::Outcome::silent; });
}

template <typename Value>
std::string remedy_for(management::Answer<Value> const& answer, Answers const& answers)
{
    auto const* problem = problem_of(answer);
    if (problem == nullptr) {
        return {};
    }
    switch (problem->kind) {
    case Problem::Kind::permission:
        return tag_remedy(answers);
    case Problem::Kind::credentials:
        return "give the user and password of an account with the tag monitoring";
    case Problem::Kind::unreachable:
        return "rabbitmq-plugins enable rabbitmq_management rabbitmq_prometheus; or give management=PORT with --node";
    case Problem::Kind::silent:
        return somebody_hangs(answers)
                   ? "bring back the silent node first: while it hangs, the others keep this waiting"
                   : "give it more time with --deadline";
    default:
        return {};
    }
}

template <typename Value>
std::string reason_of(management::Answer<Value> const& answer)
{
    auto const* problem = problem_of(answer);
    return problem != nullptr ? problem->reason : std::string("no figures in its answer");
}

/// Gathers the nodes that share a gap, so that three nodes without a permission make one line.
class NodeGaps {
public:
    void add(char const* code, std::string const& reason, std::string const& remedy, Node const& node)
    {
        m_nodes[{code, reason, remedy}].push_back(node.label());
    }

    void move_to(std::vector<Gap>& gaps)
    {
        for (auto const& [key, nodes] : m_nodes) {
            auto const& [code, reason, remedy] = key;
            gaps.push_back({code, fmt::format("{}", fmt::join(nodes, ", ")), reason, remedy});
        }
    }

private:
    std::map<std::tuple<std::string, std::string, std::string>, std::vector<std::string>> m_nodes;
};

void add_node_gaps(Snapshot const& snapshot, Answers const& answers, std::vector<Gap>& gaps)
{
    NodeGaps shared;
    bool skipped_vhosts = false;
    for (std::size_t i = 0; i < answers.nodes.size(); ++i) {
        Node const& node = snapshot.nodes[i];
        NodeAnswers const& told = answers.nodes[i];
        if (!node.up()) {
            continue; // a finding of its own says so
        }
        if (node.amqp.outcome == Asked::Outcome::denied) {
            shared.add("NODE-UNREACHABLE", "no AMQP login: " + node.amqp.reason,
                       fmt::format("rabbitmqctl set_permissions -p VHOST {} '^$' '^$' '^$', and ask with --vhost VHOST",
                                   answers.user),
                       node);
        }
        if (!node.memory_used) {
            shared.add("MEMORY-HIGH", "memory, disk and descriptors not known: " + reason_of(told.nodes),
                       remedy_for(told.nodes, answers), node);
        }
        if (auto const* problem = problem_of(told.stopped_vhosts); problem != nullptr) {
            if (problem->kind == Problem::Kind::not_supported) {
                skipped_vhosts = true;
            } else {
                shared.add("VHOST-DOWN", "vhosts not known: " + problem->reason,
                           remedy_for(told.stopped_vhosts, answers), node);
            }
        }
        if (node.amqp.outcome == Asked::Outcome::refused && !node.listening) {
            shared.add("LISTENER-MISSING", "listeners not known: " + reason_of(told.listening),
                       remedy_for(told.listening, answers), node);
        }
        if (!node.memory_alarm) {
            shared.add("ALARM-MEMORY", "alarms not known: " + reason_of(told.alarms), remedy_for(told.alarms, answers),
                       node);
        }
    }
    shared.move_to(gaps);
    if (skipped_vhosts) {
        gaps.push_back({"VHOST-DOWN", "cluster", "this broker does not tell which vhosts run", {}, true});
    }
}

void add_view_gaps(Snapshot const& snapshot, Answers const& answers, std::vector<Gap>& gaps)
{
    std::size_t up = 0;
    std::map<std::string, int> views;
    bool maintenance_told = false;
    bool partitions_told = false;
    NodeAnswers const* quiet = nullptr; // a node that runs and did not tell of its peers
    for (std::size_t i = 0; i < answers.nodes.size(); ++i) {
        up += snapshot.nodes[i].up() ? 1U : 0U;
        if (snapshot.nodes[i].view) {
            ++views[snapshot.nodes[i].view->source];
        }
        if (auto const* nodes = value_of(answers.nodes[i].nodes)) {
            for (auto const& member : *nodes) {
                maintenance_told = maintenance_told || member.being_drained;
                partitions_told = partitions_told || member.partitions;
            }
        } else if (snapshot.nodes[i].up() && quiet == nullptr) {
            quiet = &answers.nodes[i];
        }
    }
    if (views["management"] == 0 && quiet != nullptr) {
        gaps.push_back({"PARTITION", "cluster", "no node told of partitions: " + reason_of(quiet->nodes),
                        remedy_for(quiet->nodes, answers)});
    } else if (views["management"] > 0) {
        if (!partitions_told) {
            gaps.push_back({"PARTITION", "cluster", "this broker does not tell of partitions", {}, true});
        }
        if (!maintenance_told) {
            gaps.push_back({"NODE-MAINTENANCE", "cluster", "this broker does not tell of maintenance mode", {}, true});
        }
    }
    if (up > 1 && views["management"] < 2 && views["metrics"] < 2 && quiet != nullptr) {
        gaps.push_back({"VIEWS-DISAGREE", "cluster",
                        "fewer than two nodes told what they see of the others: " + reason_of(quiet->nodes),
                        remedy_for(quiet->nodes, answers)});
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

void add_queue_gaps(Snapshot const& snapshot, Answers const& answers, std::vector<Gap>& gaps)
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

/// What nobody can look for either when this cannot be looked for: what comes from the same question.
std::vector<std::string> from_the_same_question(std::string const& code)
{
    static std::map<std::string, std::vector<std::string>> const k_codes{
        {"MEMORY-HIGH", {"DISK-LOW", "FDS-HIGH", "SOCKETS-HIGH"}},
        {"ALARM-MEMORY", {"ALARM-DISK"}},
        {"QUEUE-DOWN",
         {"QUEUE-CRITICAL", "QUEUE-UNDER-REPLICATED", "MIRROR-UNSYNCED", "QUEUE-BACKLOG", "QUEUE-NO-CONSUMER",
          "LEADERS-SKEWED"}},
        {"QUEUE-BACKLOG", {"QUEUE-NO-CONSUMER"}},
    };
    auto const found = k_codes.find(code);
    return found == k_codes.end() ? std::vector<std::string>{} : found->second;
}

} // namespace

std::vector<Gap> gaps_of(Snapshot const& snapshot, Answers const& answers)
{
    std::vector<Gap> gaps;
    add_node_gaps(snapshot, answers, gaps);
    add_view_gaps(snapshot, answers, gaps);
    add_queue_gaps(snapshot, answers, gaps);
    for (Gap& gap : gaps) {
        gap.also = from_the_same_question(gap.code);
    }
    return gaps;
}

} // namespace rmqha::health
