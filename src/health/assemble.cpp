#include "base/units.hpp"
#include "health/answers.hpp"
#include "health/gaps.hpp"
#include "health/members.hpp"
#include "health/queues.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rmqha::health {
namespace {

using management::Problem;

template <typename Value>
Asked asked(management::Answer<Value> const& answer, base::Duration took)
{
    Asked result;
    result.outcome = Asked::Outcome::answered;
    if (auto const* problem = problem_of(answer)) {
        result = asked_of(*problem);
    }
    result.took = took;
    return result;
}

/// What the answering nodes say of member `name`, itself included.
class Hearsay {
public:
    Hearsay(Answers const& answers, std::string const& name)
    {
        for (NodeAnswers const& node : answers.nodes) {
            if (auto const* nodes = value_of(node.nodes)) {
                for (auto const& member : *nodes) {
                    if (member.name == name) {
                        m_told = true;
                        m_running = m_running || member.running;
                        m_drained = m_drained || member.being_drained.value_or(false);
                        m_member = m_member == nullptr || member.memory_used ? &member : m_member;
                    }
                }
            } else if (auto const* metrics = value_of(node.metrics)) {
                m_connected = m_connected || metrics->node == name ||
                              std::count(metrics->connected.begin(), metrics->connected.end(), name) > 0;
            }
        }
    }

    bool says_running() const { return m_told ? m_running : m_connected; }
    bool says_stopped() const { return m_told && !m_running; }
    bool drained() const { return m_drained; }
    management::Node const* member() const { return m_member; }

private:
    bool m_told = false;
    bool m_running = false;
    bool m_drained = false;
    bool m_connected = false; ///< over Erlang, by metrics: asked only where the management API did not tell
    management::Node const* m_member = nullptr;
};

std::string silence_of(Node const& node)
{
    return fmt::format("{}: {}, waited {}", node.address, node.amqp.reason, base::format_duration(node.amqp.took));
}

void judge_state(Node& node, Hearsay const& peers)
{
    bool const answers_http =
        node.management.answered() || node.metrics.answered() || node.management.outcome == Asked::Outcome::denied;
    // Who refuses a login is alive; that we may not in is told apart (gaps.cpp).
    bool const answers_amqp = node.amqp.answered() || node.amqp.outcome == Asked::Outcome::denied;
    if (answers_amqp || answers_http || peers.says_running()) {
        if (peers.drained()) {
            node.state = NodeState::draining;
        } else if (answers_amqp) {
            node.state = NodeState::running;
        } else if (node.amqp.outcome == Asked::Outcome::silent && !answers_http) {
            node.state = NodeState::silent;
            node.why = silence_of(node);
        } else if (node.address.empty()) {
            node.state = NodeState::running; // nobody asked it to let us in
        } else {
            node.state = NodeState::unreachable;
            node.why = fmt::format("it runs, but AMQP at {}: {}", node.address, node.amqp.reason);
        }
        return;
    }
    if (node.amqp.outcome == Asked::Outcome::silent) {
        node.state = NodeState::silent;
        node.why = silence_of(node);
        return;
    }
    node.state = NodeState::down;
    std::string const own = node.address.empty() ? std::string() : fmt::format("{} {}", node.address, node.amqp.reason);
    std::string const told = peers.says_stopped() ? "peers say it is not running" : "nobody answers for it";
    node.why = own.empty() ? told : own + "; " + told;
}

template <typename Value>
void fill(std::optional<Value>& target, std::optional<Value> const& value)
{
    if (!target) {
        target = value;
    }
}

/// The figures that /api/nodes and the Prometheus endpoint have in common.
template <typename Source>
void take_figures(Node& node, Source const& from)
{
    fill(node.memory_used, from.memory_used);
    fill(node.memory_limit, from.memory_limit);
    fill(node.disk_free, from.disk_free);
    fill(node.disk_limit, from.disk_limit);
    fill(node.fds_used, from.fds_used);
    fill(node.fds_total, from.fds_total);
    fill(node.sockets_used, from.sockets_used);
    fill(node.sockets_total, from.sockets_total);
    fill(node.uptime, from.uptime);
}

/// What the node told of itself over HTTP. Metrics first: they are there even while a peer hangs.
void take_own_word(Node& node, NodeAnswers const& answers)
{
    if (auto const* metrics = value_of(answers.metrics)) {
        take_figures(node, *metrics);
        fill(node.connections, metrics->connections);
        node.counters = metrics->counters;
        node.figures_source = "metrics";
        node.version = metrics->version;
        node.cluster_name = metrics->cluster_name;
        node.cluster_id = metrics->cluster_id;
        node.memory_alarm = metrics->memory_alarm;
        node.disk_alarm = metrics->disk_alarm;
        node.view = View{{metrics->connected.begin(), metrics->connected.end()}, "metrics"};
        node.view->running.insert(metrics->node);
    }
    if (auto const* overview = value_of(answers.overview)) {
        node.version = overview->version;
        node.cluster_name = overview->cluster_name;
    }
    if (auto const* listening = value_of(answers.listening)) {
        node.listening = *listening;
    }
    if (auto const* vhosts = value_of(answers.stopped_vhosts)) {
        node.stopped_vhosts = *vhosts;
    }
    // Unless it was set, each node calls the cluster by its own name: then it identifies nothing.
    if (node.cluster_name.substr(0, node.cluster_name.find('@')) == node.name.substr(0, node.name.find('@'))) {
        node.cluster_name.clear();
    }
    if (auto const* nodes = value_of(answers.nodes)) {
        node.view = View{{}, "management"};
        for (auto const& member : *nodes) {
            if (member.running) {
                node.view->running.insert(member.name);
            }
            if (member.name == node.name) {
                node.partitions = member.partitions;
                fill(node.memory_alarm, member.memory_alarm);
                fill(node.disk_alarm, member.disk_alarm);
            }
        }
    }
}

void take_peers_word(Node& node, Hearsay const& peers)
{
    auto const* member = peers.member();
    if (member != nullptr && node.up()) {
        take_figures(node, *member);
        fill(node.memory_alarm, member->memory_alarm);
        fill(node.disk_alarm, member->disk_alarm);
        if (node.figures_source.empty() && node.memory_used) {
            node.figures_source = "management";
        }
    }
}

/// The alarms check is complete, of the whole cluster and of now: where any node answers it, it has the last word.
void apply_alarms(Snapshot& snapshot, Answers const& answers)
{
    for (NodeAnswers const& asked_node : answers.nodes) {
        if (auto const* alarms = value_of(asked_node.alarms)) {
            for (Node& node : snapshot.nodes) {
                auto const has = [&](char const* resource) {
                    return std::any_of(alarms->begin(), alarms->end(), [&](auto const& alarm) {
                        return alarm.node == node.name && alarm.resource == resource;
                    });
                };
                node.memory_alarm = has("memory");
                node.disk_alarm = has("disk space");
            }
            return;
        }
    }
}

/// Of the first node that told all that was asked.
std::optional<std::vector<management::Policy>> policies_of(Answers const& answers)
{
    for (NodeAnswers const& node : answers.nodes) {
        auto const* const own = value_of(node.policies);
        auto const* const operators = node.operator_policies ? value_of(*node.operator_policies) : nullptr;
        if (own != nullptr && (!node.operator_policies || operators != nullptr)) {
            auto policies = *own;
            if (operators != nullptr) {
                policies.insert(policies.end(), operators->begin(), operators->end());
            }
            return policies;
        }
    }
    return std::nullopt;
}

Node configured_node(NodeAnswers const& answers, std::string const& name, Hearsay const& peers)
{
    Node node;
    node.address = config::label(answers.node);
    node.name = name;
    node.weight = answers.node.weight;
    node.amqp = answers.login.asked;
    node.version = answers.login.version;
    node.cluster_name = answers.login.cluster_name;
    node.end_to_end = answers.login.end_to_end;
    node.amqp_certificate_days = answers.login.certificate_days_left;
    node.management_certificate_days = answers.certificate_days_left;
    node.management = asked(answers.whoami, answers.management_took);
    node.metrics = asked(answers.metrics, answers.metrics_took);
    take_own_word(node, answers);
    judge_state(node, peers);
    take_peers_word(node, peers);
    return node;
}

/// The flags are the cluster's: any node that tells them speaks for all.
std::optional<std::vector<std::string>> disabled_flags(Answers const& answers)
{
    for (NodeAnswers const& node : answers.nodes) {
        if (auto const* flags = value_of(node.flags)) {
            std::vector<std::string> disabled;
            for (auto const& flag : *flags) {
                if (flag.state == "disabled" && flag.stability == "stable") {
                    disabled.push_back(flag.name);
                }
            }
            return disabled;
        }
    }
    return std::nullopt;
}

} // namespace

Asked asked_of(management::Problem const& problem)
{
    using Kind = Problem::Kind;
    Asked result;
    result.reason = problem.reason;
    switch (problem.kind) {
    case Kind::silent:
        result.outcome = Asked::Outcome::silent;
        break;
    case Kind::credentials:
    case Kind::permission:
        result.outcome = Asked::Outcome::denied;
        break;
    case Kind::unreachable:
        result.outcome = Asked::Outcome::refused;
        break;
    default:
        result.outcome = Asked::Outcome::failed;
    }
    return result;
}

Snapshot assemble(Answers const& answers)
{
    Snapshot snapshot;
    auto members = members_told(answers);
    auto const names = names_of(answers, members);
    for (std::size_t i = 0; i < names.size(); ++i) {
        snapshot.nodes.push_back(configured_node(answers.nodes[i], names[i], Hearsay(answers, names[i])));
    }
    auto const unnamed = static_cast<std::size_t>(std::count(names.begin(), names.end(), ""));
    auto others = members;
    for (std::string const& name : names) {
        others.erase(name);
    }
    for (std::string const& name : others) {
        Hearsay const peers(answers, name);
        if (peers.says_running()) {
            snapshot.running.insert(name);
        }
        // With as many addresses that nobody can name, these members are most likely those: no second row for them.
        if (others.size() > unnamed) {
            Node node;
            node.name = name;
            judge_state(node, peers);
            take_peers_word(node, peers);
            snapshot.nodes.push_back(std::move(node));
        }
    }
    apply_alarms(snapshot, answers);
    snapshot.disabled_flags = disabled_flags(answers);
    for (Node const& node : snapshot.nodes) {
        if (node.up() && !node.name.empty()) {
            snapshot.running.insert(node.name);
        }
        if (snapshot.cluster_name.empty()) {
            snapshot.cluster_name = node.cluster_name;
        }
    }
    add_queues(snapshot, answers, static_cast<int>(std::max(members.size(), snapshot.nodes.size())));
    snapshot.policies = policies_of(answers);
    snapshot.gaps = gaps_of(snapshot, answers);
    return snapshot;
}

} // namespace rmqha::health
