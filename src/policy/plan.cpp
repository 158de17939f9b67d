#include "policy/plan.hpp"

#include <algorithm>
#include <tuple>

namespace rmqha::policy {
namespace {

Policy const* find_same(std::vector<Policy> const& policies, Policy const& wanted)
{
    auto const found = std::ranges::find_if(policies, [&](Policy const& one) { return same_identity(one, wanted); });
    return found == policies.end() ? nullptr : &*found;
}

/// Place in a safe order.
auto rank(Change const& change)
{
    auto const& policy = subject(change);
    return std::tuple(change.action == Action::remove, policy.priority, std::string_view(policy.vhost), policy.kind,
                      std::string_view(policy.name));
}

} // namespace

Policy const& subject(Change const& change)
{
    return change.action == Action::remove ? change.before : change.after;
}

bool same_identity(Policy const& a, Policy const& b)
{
    return a.vhost == b.vhost && a.kind == b.kind && a.name == b.name;
}

bool same_content(Policy const& a, Policy const& b)
{
    return a.pattern == b.pattern && a.apply_to == b.apply_to && a.priority == b.priority &&
           a.definition == b.definition;
}

std::vector<Change> changes_between(std::vector<Policy> const& actual, std::vector<Policy> const& desired)
{
    std::vector<Change> changes;
    for (auto const& wanted : desired) {
        auto const* const there = find_same(actual, wanted);
        if (there == nullptr) {
            changes.push_back({.action = Action::make, .before = {}, .after = wanted});
        } else if (!same_content(*there, wanted)) {
            changes.push_back({.action = Action::change, .before = *there, .after = wanted});
        }
    }
    for (auto const& there : actual) {
        if (find_same(desired, there) == nullptr) {
            changes.push_back({.action = Action::remove, .before = there, .after = {}});
        }
    }
    std::ranges::stable_sort(changes, [](auto const& a, auto const& b) { return rank(a) < rank(b); });
    return changes;
}

std::vector<Policy> applied(std::vector<Policy> policies, std::vector<Change> const& changes)
{
    for (auto const& change : changes) {
        std::erase_if(policies, [&](Policy const& one) { return same_identity(one, subject(change)); });
        if (change.action != Action::remove) {
            policies.push_back(change.after);
        }
    }
    return policies;
}

Plan plan_of(std::vector<Policy> const& actual, std::vector<Change> changes, std::vector<PolicyQueue> const& queues,
             Rules const& rules)
{
    Evaluator const before(actual, rules);
    Evaluator const after(applied(actual, changes), rules);
    Plan plan{.changes = std::move(changes), .queues = {}};
    for (auto const& queue : queues) {
        QueueChange change{.queue = queue, .before = before.effective(queue), .after = after.effective(queue)};
        if (change.before != change.after) {
            plan.queues.push_back(std::move(change));
        }
    }
    std::ranges::sort(plan.queues, [](auto const& a, auto const& b) {
        return std::tie(a.queue.vhost, a.queue.name) < std::tie(b.queue.vhost, b.queue.name);
    });
    return plan;
}

} // namespace rmqha::policy
