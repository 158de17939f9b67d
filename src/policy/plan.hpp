#pragma once

#include "policy/effective.hpp"

#include <string>
#include <vector>

namespace rmqha::policy {

enum class Action { make, change, remove };

/// One policy that would change.
struct Change {
    Action action = Action::make;
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

/// What would be done, in the order it is safe to do: what is new or changes first, lowest priority first, so that no
/// queue is without a policy in between; then what goes.
struct Plan {
    std::vector<Change> changes;
    std::vector<QueueChange> queues;

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

/// The changes, and what they do to these queues.
Plan plan_of(std::vector<Policy> const& actual, std::vector<Change> changes, std::vector<PolicyQueue> const& queues,
             Rules const& rules);

} // namespace rmqha::policy
