#include "policy/effective.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <cstdlib>
#include <tuple>

namespace rmqha::policy {
namespace {

double figure(std::string const& json)
{
    return std::strtod(json.c_str(), nullptr);
}

std::string merged_value(std::string const& name, std::string const& value, std::string const& operators)
{
    auto const* const key = find_key(name);
    auto const merge = key == nullptr ? Merge::operators : key->merge;
    if (merge == Merge::lower) {
        return figure(value) < figure(operators) ? value : operators;
    }
    if (merge == Merge::higher) {
        return figure(value) > figure(operators) ? value : operators;
    }
    return operators;
}

struct Winner {
    Policy const* policy = nullptr;
    std::vector<std::string> tied;
};

Winner winner_of(std::vector<Verdict> const& verdicts, std::optional<std::string> const& told)
{
    Winner winner;
    for (auto const& verdict : verdicts) {
        if (verdict.fate == Fate::wins) {
            return {verdict.policy, {}};
        }
        if (verdict.fate == Fate::tied) {
            winner.tied.push_back(verdict.policy->name);
            if (winner.policy == nullptr || verdict.policy->name == told) {
                winner.policy = verdict.policy;
            }
        }
    }
    return winner;
}

} // namespace

PolicyDefinition merged(PolicyDefinition const& policy, PolicyDefinition const& operator_policy)
{
    auto definition = policy;
    for (auto const& [name, value] : operator_policy) {
        auto const [place, is_new] = definition.emplace(name, value);
        if (!is_new) {
            place->second = merged_value(name, place->second, value);
        }
    }
    return definition;
}

Evaluator::Evaluator(std::vector<Policy> policies, Rules rules)
    : m_policies(std::move(policies)), m_rules(std::move(rules))
{
    std::ranges::sort(m_policies, [](Policy const& a, Policy const& b) {
        return std::tuple(-a.priority, std::string_view(a.name), a.kind) <
               std::tuple(-b.priority, std::string_view(b.name), b.kind);
    });
    for (auto const& policy : m_policies) {
        try {
            m_patterns.emplace_back(policy.pattern);
        } catch (base::Error const&) { // the broker took it, so it has a meaning there
            m_patterns.emplace_back();
        }
    }
}

Verdict Evaluator::judge(std::size_t index, PolicyQueue const& queue) const
{
    auto const& policy = m_policies[index];
    auto const& pattern = m_patterns[index];
    Verdict verdict{.policy = &policy};
    if (!pattern) {
        verdict.fate = Fate::unreadable;
    } else if (!pattern->matches(queue.name)) {
        verdict.fate = Fate::no_match;
    } else if (!applies_to(policy.apply_to, queue.type)) {
        verdict.fate = Fate::other_type;
    } else {
        auto const& refused = m_rules.refused_by(queue.type);
        for (auto const& [name, value] : policy.definition) {
            if (refused.contains(name)) {
                verdict.refused_keys.push_back(name);
            }
        }
        verdict.fate = verdict.refused_keys.empty() ? Fate::wins : Fate::refused;
    }
    return verdict;
}

std::vector<Verdict> Evaluator::verdicts(PolicyQueue const& queue, PolicyKind kind) const
{
    std::vector<Verdict> all;
    Verdict* first = nullptr;
    all.reserve(m_policies.size());
    for (std::size_t i = 0; i < m_policies.size(); ++i) {
        if (m_policies[i].kind != kind || m_policies[i].vhost != queue.vhost) {
            continue;
        }
        auto& verdict = all.emplace_back(judge(i, queue));
        if (verdict.fate != Fate::wins) {
            continue;
        }
        if (first == nullptr) {
            first = &verdict;
        } else if (first->policy->priority == verdict.policy->priority) {
            first->fate = Fate::tied;
            verdict.fate = Fate::tied;
        } else {
            verdict.fate = Fate::outranked;
        }
    }
    std::ranges::stable_sort(all, {}, &Verdict::fate);
    return all;
}

Effective Evaluator::effective(PolicyQueue const& queue) const
{
    auto const ours = winner_of(verdicts(queue, PolicyKind::policy), queue.policy);
    auto const operators = winner_of(verdicts(queue, PolicyKind::operator_policy), queue.operator_policy);
    static PolicyDefinition const nothing;
    Effective effective;
    effective.policy = ours.policy != nullptr ? ours.policy->name : "";
    effective.operator_policy = operators.policy != nullptr ? operators.policy->name : "";
    effective.definition = merged(ours.policy != nullptr ? ours.policy->definition : nothing,
                                  operators.policy != nullptr ? operators.policy->definition : nothing);
    effective.tied = ours.tied;
    effective.operator_tied = operators.tied;
    return effective;
}

} // namespace rmqha::policy
