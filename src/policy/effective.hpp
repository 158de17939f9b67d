#pragma once

#include "policy/pattern.hpp"
#include "policy/rules.hpp"

#include <optional>
#include <string>
#include <vector>

namespace rmqha::policy {

using management::Policy;
using management::PolicyDefinition;
using management::PolicyKind;
using management::PolicyQueue;

/// What becomes of a policy at a queue, the nearest to being in force first.
enum class Fate {
    wins,
    tied,      ///< shares the highest priority with others: the broker takes one of them, in no order it promises
    outranked, ///< would apply, but for one with a higher priority
    refused,   ///< matches, but has keys that this type of queue does not take: then none of it applies
    other_type,
    no_match,
    unreadable, ///< its pattern is none that we understand
};

struct Verdict {
    Policy const* policy = nullptr; ///< of the Evaluator's
    Fate fate = Fate::no_match;
    std::vector<std::string> refused_keys{};
};

/// What is in force at a queue.
struct Effective {
    std::string policy; ///< empty: none
    std::string operator_policy;
    PolicyDefinition definition;
    /// All that share the highest priority, the one taken for the winner among them; empty when there is one winner.
    std::vector<std::string> tied;
    std::vector<std::string> operator_tied;

    bool operator==(Effective const&) const = default;
};

/// Policies ready to be matched: compiles each pattern once. Keeps what it was given.
class Evaluator {
public:
    Evaluator(std::vector<Policy> policies, Rules rules);

    /// As the broker does it: of each kind the matching one with the highest priority, merged key by key. Of tied ones
    /// the one that the broker says is in force, else the first by name.
    Effective effective(PolicyQueue const& queue) const;

    /// Every policy of one kind in the queue's vhost, winners and near misses first.
    std::vector<Verdict> verdicts(PolicyQueue const& queue, PolicyKind kind) const;

    std::vector<Policy> const& policies() const noexcept { return m_policies; }

private:
    Verdict judge(std::size_t index, PolicyQueue const& queue) const;

    std::vector<Policy> m_policies; ///< by falling priority, then by name
    std::vector<std::optional<Pattern>> m_patterns;
    Rules m_rules;
};

/// The two definitions as one. Source: rabbit_policy:merge_operator_definitions and the brokers' merge strategies.
PolicyDefinition merged(PolicyDefinition const& policy, PolicyDefinition const& operator_policy);

} // namespace rmqha::policy
