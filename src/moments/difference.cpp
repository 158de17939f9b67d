#include "moments/difference.hpp"

#include <fmt/format.h>

#include <map>
#include <tuple>

namespace rmqha::moments {
namespace {

std::string queue_label(Queue const& queue)
{
    return fmt::format("queue \"{}\" in vhost \"{}\"", queue.name, queue.vhost);
}

std::string alarm_text(bool alarm)
{
    return alarm ? "alarm" : "no alarm";
}

std::string finding_text(Finding const& finding)
{
    return fmt::format("{}: {}", finding.severity, finding.evidence);
}

std::string policy_text(management::Policy const& policy)
{
    std::vector<std::string> keys;
    for (auto const& [key, value] : policy.definition) {
        keys.push_back(key + "=" + value);
    }
    return fmt::format("\"{}\" {} priority {} {}", policy.pattern, policy.apply_to, policy.priority,
                       fmt::join(keys, " "));
}

/// Pairs what has the same key, in the keys' order; what is on one side only has null on the other.
template <typename Value, typename Key, typename Look>
void pair_up(std::vector<Value> const& before, std::vector<Value> const& after, Key const& key, Look const& look)
{
    std::map<decltype(key(before.front())), std::pair<Value const*, Value const*>> pairs;
    for (auto const& value : before) {
        pairs[key(value)].first = &value;
    }
    for (auto const& value : after) {
        pairs[key(value)].second = &value;
    }
    for (auto const& [ignored, both] : pairs) {
        look(both.first, both.second);
    }
}

class Comparison {
public:
    Comparison(Moment const& before, Moment const& after) : m_before(before), m_after(after) {}

    Difference result()
    {
        if (!m_before.cluster.empty() && !m_after.cluster.empty() && m_before.cluster != m_after.cluster) {
            add("cluster", "name", m_before.cluster, m_after.cluster);
        }
        nodes();
        findings();
        queues();
        policies();
        return std::move(m_difference);
    }

private:
    void add(char const* what, std::string object, std::string before, std::string after)
    {
        m_difference.changes.push_back({what, std::move(object), std::move(before), std::move(after)});
    }

    void not_told(char const* what, bool first)
    {
        m_difference.not_compared.push_back(
            fmt::format("{}: not told at the {} moment", what, first ? "first" : "second"));
    }

    void nodes()
    {
        std::vector<Change> versions;
        std::vector<Change> alarms;
        auto const alarm = [&](Node const& node, char const* of, auto const& was, auto const& is) {
            if (was && is && *was != *is) {
                alarms.push_back({"alarm", fmt::format("{} of {}", of, node.name), alarm_text(*was), alarm_text(*is)});
            }
        };
        pair_up(
            m_before.nodes, m_after.nodes, [](Node const& node) { return node.name; },
            [&](Node const* was, Node const* is) {
                if (was == nullptr || is == nullptr || was->state != is->state) {
                    add("node", (was != nullptr ? was : is)->name, was != nullptr ? was->state : "",
                        is != nullptr ? is->state : "");
                }
                if (was == nullptr || is == nullptr) {
                    return;
                }
                if (!was->version.empty() && !is->version.empty() && was->version != is->version) {
                    versions.push_back({"version", was->name, was->version, is->version});
                }
                alarm(*was, "memory", was->memory_alarm, is->memory_alarm);
                alarm(*was, "disk", was->disk_alarm, is->disk_alarm);
            });
        for (auto* const list : {&versions, &alarms}) {
            std::move(list->begin(), list->end(), std::back_inserter(m_difference.changes));
        }
    }

    void findings()
    {
        pair_up(
            m_before.findings, m_after.findings,
            [](Finding const& finding) { return std::tuple(finding.code, finding.object); },
            [&](Finding const* was, Finding const* is) {
                if (was == nullptr || is == nullptr || was->severity != is->severity) {
                    auto const& either = was != nullptr ? *was : *is;
                    add("finding", either.code + " " + either.object, was != nullptr ? finding_text(*was) : "",
                        is != nullptr ? finding_text(*is) : "");
                }
            });
    }

    void queues()
    {
        if (!m_before.queues || !m_after.queues) {
            not_told("queues", !m_before.queues);
            return;
        }
        std::vector<Change> members;
        std::vector<Change> whole;
        pair_up(
            *m_before.queues, *m_after.queues, [](Queue const& queue) { return std::tuple(queue.vhost, queue.name); },
            [&](Queue const* was, Queue const* is) {
                auto const label = queue_label(was != nullptr ? *was : *is);
                if (was == nullptr || is == nullptr || was->type != is->type) {
                    whole.push_back({"queue", label, was != nullptr ? was->type : "", is != nullptr ? is->type : ""});
                    return;
                }
                if (!was->leader.empty() && !is->leader.empty() && was->leader != is->leader) {
                    add("leader", label, was->leader, is->leader);
                }
                // Streams up to RabbitMQ 3.10 do not tell theirs in every answer.
                if (!was->members.empty() && !is->members.empty() && was->members != is->members) {
                    members.push_back({"members", label, fmt::format("{}", fmt::join(was->members, ", ")),
                                       fmt::format("{}", fmt::join(is->members, ", "))});
                }
            });
        for (auto* const list : {&members, &whole}) {
            std::move(list->begin(), list->end(), std::back_inserter(m_difference.changes));
        }
    }

    void policies()
    {
        if (!m_before.policies || !m_after.policies) {
            not_told("policies", !m_before.policies);
            return;
        }
        using management::Policy;
        pair_up(
            *m_before.policies, *m_after.policies,
            [](Policy const& policy) { return std::tuple(policy.vhost, policy.kind, policy.name); },
            [&](Policy const* was, Policy const* is) {
                auto const before = was != nullptr ? policy_text(*was) : "";
                auto const after = is != nullptr ? policy_text(*is) : "";
                if (before != after) {
                    auto const& either = was != nullptr ? *was : *is;
                    bool const own = either.kind == management::PolicyKind::policy;
                    add("policy",
                        fmt::format("{} \"{}\" in vhost \"{}\"", own ? "policy" : "operator policy", either.name,
                                    either.vhost),
                        before, after);
                }
            });
    }

    Moment const& m_before;
    Moment const& m_after;
    Difference m_difference;
};

} // namespace

Difference difference_of(Moment const& before, Moment const& after)
{
    return Comparison(before, after).result();
}

} // namespace rmqha::moments
