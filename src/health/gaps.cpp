#include "health/gaps.hpp"

#include "health/gap_reasons.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace rmqha::health {
namespace {

using management::Problem;

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
        if (node.end_to_end && node.end_to_end->asked.outcome == Asked::Outcome::denied) {
            shared.add("END-TO-END", "no message may be sent: " + node.end_to_end->asked.reason,
                       fmt::format("rabbitmqctl set_permissions -p VHOST {0} '{1}' '{1}' '{1}'", answers.user,
                                   R"(^(amq\.default|rmqha\.end-to-end\..*)$)"),
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

/// A node that says there are alarms, and not in a way that tells which: what its figures say of alarms may be seconds
/// old.
void add_alarm_gaps(Snapshot const& snapshot, Answers const& answers, std::vector<Gap>& gaps)
{
    for (std::size_t i = 0; i < answers.nodes.size(); ++i) {
        auto const& told = answers.nodes[i].alarms;
        if (auto const* problem = problem_of(told); problem != nullptr && problem->kind == Problem::Kind::unreadable) {
            gaps.push_back(
                {"ALARM-MEMORY", snapshot.nodes[i].label(), "it tells of alarms, but: " + problem->reason, {}});
        }
        auto const* alarms = value_of(told);
        for (auto const& alarm : alarms != nullptr ? *alarms : std::vector<management::Alarm>{}) {
            bool const known = std::ranges::find(snapshot.nodes, alarm.node, &Node::name) != snapshot.nodes.end();
            if (!known || (alarm.resource != "memory" && alarm.resource != "disk space")) {
                gaps.push_back({"ALARM-MEMORY",
                                snapshot.nodes[i].label(),
                                fmt::format("it tells of an alarm for \"{}\" on \"{}\"", alarm.resource, alarm.node),
                                {}});
            }
        }
    }
}

/// That only administrators may ask for flags on older brokers is no fault of the monitoring user, who should be none.
void add_flag_gaps(Snapshot const& snapshot, Answers const& answers, std::vector<Gap>& gaps)
{
    if (snapshot.disabled_flags) {
        return;
    }
    for (std::size_t i = 0; i < answers.nodes.size(); ++i) {
        if (snapshot.nodes[i].up()) {
            auto const* problem = problem_of(answers.nodes[i].flags);
            bool const may_not = problem->kind == Problem::Kind::permission;
            gaps.push_back({"FEATURE-FLAGS-OFF", "cluster", "feature flags not known: " + problem->reason,
                            may_not ? std::string() : remedy_for(answers.nodes[i].flags, answers),
                            may_not || problem->kind == Problem::Kind::not_supported});
            return;
        }
    }
}

void add_certificate_gap(Snapshot const& snapshot, std::vector<Gap>& gaps)
{
    if (std::none_of(snapshot.nodes.begin(), snapshot.nodes.end(),
                     [](Node const& node) { return node.amqp_certificate_days || node.management_certificate_days; })) {
        gaps.push_back({"CERTIFICATE-EXPIRES", "cluster", "no connection that was made uses TLS", {}, true});
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
    add_alarm_gaps(snapshot, answers, gaps);
    add_view_gaps(snapshot, answers, gaps);
    add_queue_gaps(snapshot, answers, gaps);
    add_flag_gaps(snapshot, answers, gaps);
    add_certificate_gap(snapshot, gaps);
    for (Gap& gap : gaps) {
        gap.also = from_the_same_question(gap.code);
    }
    return gaps;
}

} // namespace rmqha::health
