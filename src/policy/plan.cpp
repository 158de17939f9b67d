#include "policy/plan.hpp"

#include <algorithm>
#include <map>
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
    return std::tuple(change.kind == ChangeKind::remove, policy.priority, std::string_view(policy.vhost), policy.kind,
                      std::string_view(policy.name));
}

} // namespace

Policy const& subject(Change const& change)
{
    return change.kind == ChangeKind::remove ? change.before : change.after;
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
            changes.push_back({.kind = ChangeKind::make, .before = {}, .after = wanted});
        } else if (!same_content(*there, wanted)) {
            changes.push_back({.kind = ChangeKind::change, .before = *there, .after = wanted});
        }
    }
    for (auto const& there : actual) {
        if (find_same(desired, there) == nullptr) {
            changes.push_back({.kind = ChangeKind::remove, .before = there, .after = {}});
        }
    }
    std::ranges::stable_sort(changes, [](auto const& a, auto const& b) { return rank(a) < rank(b); });
    return changes;
}

std::vector<Policy> applied(std::vector<Policy> policies, std::vector<Change> const& changes)
{
    for (auto const& change : changes) {
        std::erase_if(policies, [&](Policy const& one) { return same_identity(one, subject(change)); });
        if (change.kind != ChangeKind::remove) {
            policies.push_back(change.after);
        }
    }
    return policies;
}

std::vector<Gap> gaps_of(Evaluator const& evaluator, std::vector<PolicyQueue> const& queues,
                         std::vector<Policy> const& policies)
{
    std::map<std::tuple<std::string, PolicyKind, std::string, std::string, bool>, Gap> gaps;
    auto const add = [&](Verdict const& verdict, PolicyQueue const& queue, std::vector<std::string> keys) {
        auto const& policy = *verdict.policy;
        bool const whole = verdict.fate == Fate::refused;
        auto& gap = gaps[{policy.vhost, policy.kind, policy.name, queue.type, whole}];
        if (gap.queues.empty()) {
            gap = {.policy = policy, .type = queue.type, .keys = std::move(keys), .whole = whole, .queues = {}};
        }
        gap.queues.push_back(queue.name);
    };
    for (auto const& queue : queues) {
        for (auto const kind : {PolicyKind::policy, PolicyKind::operator_policy}) {
            for (auto const& verdict : evaluator.verdicts(queue, kind)) {
                if (find_same(policies, *verdict.policy) == nullptr) {
                    continue;
                }
                auto const unused = unused_keys(verdict.policy->definition, queue.type);
                if (verdict.fate == Fate::refused) {
                    add(verdict, queue, verdict.refused_keys);
                } else if ((verdict.fate == Fate::wins || verdict.fate == Fate::tied) && !unused.empty()) {
                    add(verdict, queue, {unused.begin(), unused.end()});
                }
            }
        }
    }
    std::vector<Gap> list;
    for (auto& [place, gap] : gaps) {
        list.push_back(std::move(gap));
    }
    return list;
}

Plan plan_of(std::vector<Policy> const& actual, std::vector<Change> changes, std::vector<PolicyQueue> const& queues,
             Rules const& rules)
{
    Evaluator const before(actual, rules);
    Evaluator const after(applied(actual, changes), rules);
    Plan plan{.changes = std::move(changes), .queues = {}, .gaps = {}};
    std::vector<Policy> touched;
    for (auto const& change : plan.changes) {
        if (change.kind != ChangeKind::remove) {
            touched.push_back(change.after);
        }
    }
    plan.gaps = gaps_of(after, queues, touched);
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
