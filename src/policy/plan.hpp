#pragma once

#include "policy/effective.hpp"

#include <string>
#include <vector>

namespace rmqha::policy {

enum class ChangeKind { make, change, remove };

/// One policy that would change.
struct Change {
    ChangeKind kind = ChangeKind::make;
    Policy before; ///< of change and remove
    Policy after;  ///< of make and change
};

/// The policy that a change is about.
Policy const& subject(Change const& change);

/// A queue at which something else would be in force.
struct QueueChange {
    PolicyQueue queue;
    Effective before;
    Effective after;
};

/// Keys of a policy made or changed that do nothing for queues its pattern matches.
struct Gap {
    Policy policy;
    std::string type;              ///< of the queues
    std::vector<std::string> keys; ///< the queue type does not take them
    bool whole = false;            ///< nothing of the policy applies, for these keys; else these keys only
    std::vector<std::string> queues;
};

/// What would be done, in the order it is safe to do: what is new or changes first, lowest priority first, so that no
/// queue is without a policy in between; then what goes.
struct Plan {
    std::vector<Change> changes;
    std::vector<QueueChange> queues;
    std::vector<Gap> gaps;

    bool empty() const noexcept { return changes.empty(); }
};

/// The same vhost, kind and name.
bool same_identity(Policy const& a, Policy const& b);
/// The same in everything the broker keeps.
bool same_content(Policy const& a, Policy const& b);

/// What makes `desired` of `actual`. Policies that are not in `desired` go.
std::vector<Change> changes_between(std::vector<Policy> const& actual, std::vector<Policy> const& desired);

/// The policies after the changes.
std::vector<Policy> applied(std::vector<Policy> policies, std::vector<Change> const& changes);

/// What of these policies does nothing for which of the queues. Sorted by policy, then type.
std::vector<Gap> gaps_of(Evaluator const& evaluator, std::vector<PolicyQueue> const& queues,
                         std::vector<Policy> const& policies);

/// The changes, and what they do to these queues.
Plan plan_of(std::vector<Policy> const& actual, std::vector<Change> changes, std::vector<PolicyQueue> const& queues,
             Rules const& rules);

} // namespace rmqha::policy
