#include "audit/judging.hpp"

#include "policy/plan.hpp"

#include <fmt/format.h>

namespace rmqha::audit {
namespace {

constexpr std::size_t k_nodes_for_all = 3; ///< a mirror on each of more costs every publish, and gains nothing

std::string policy_words(management::Policy const& policy)
{
    return queue_words(policy.vhost, policy.name);
}

bool mirrors(management::Policy const& policy)
{
    return policy.definition.lower_bound("ha-") != policy.definition.end() &&
           policy.definition.lower_bound("ha-")->first.starts_with("ha-");
}

} // namespace

Findings ha_mode_all(Facts const& facts)
{
    constexpr auto* k_code = "AUDIT-HA-ALL";
    auto const* const problem = problem_of(facts.policies);
    if (problem != nullptr || problem_of(facts.members) != nullptr) {
        return {not_told(k_code, problem != nullptr ? "policies" : "the number of nodes",
                         problem != nullptr ? *problem : *problem_of(facts.members))};
    }
    auto const members = *value_of(facts.members);
    auto const* const mirroring = value_of(facts.mirroring);
    if (members <= k_nodes_for_all || (mirroring != nullptr && !*mirroring)) {
        return {};
    }
    Seen seen;
    std::string remedy;
    for (auto const& policy : *value_of(facts.policies)) {
        if (policy.ha_mode == "all") {
            seen.add(policy_label(policy));
            if (remedy.empty()) {
                remedy = fmt::format("rmqha policy set-ha --mode exactly --params 2 {}{} {}",
                                     policy.vhost == "/" ? "" : "--vhost " + health::shell_word(policy.vhost) + " ",
                                     health::shell_word(policy.name), health::shell_word(policy.pattern));
            }
        }
    }
    if (seen.empty()) {
        return {};
    }
    return {seen.finding(k_code, Severity::warning,
                         fmt::format("ha-mode all on {} nodes: each publish waits for {} mirrors, and a node that "
                                     "returns is given everything again",
                                     members, members - 1),
                         remedy)};
}

Findings mirroring_removed(Facts const& facts)
{
    constexpr auto* k_code = "AUDIT-MIRRORING-REMOVED";
    if (auto const* const problem = problem_of(facts.mirroring)) {
        return {not_told(k_code, "the features of this broker", *problem)};
    }
    if (*value_of(facts.mirroring)) {
        return {};
    }
    if (auto const* const problem = problem_of(facts.policies)) {
        return {not_told(k_code, "policies", *problem)};
    }
    Seen seen;
    std::string remedy;
    for (auto const& policy : *value_of(facts.policies)) {
        if (mirrors(policy)) {
            seen.add(policy_label(policy));
            if (remedy.empty()) {
                remedy = fmt::format("declare its queues anew, of type quorum (rmqha queue declare NAME --type "
                                     "quorum); then: rmqha policy delete {}",
                                     policy_words(policy));
            }
        }
    }
    if (seen.empty()) {
        return {};
    }
    return {seen.finding(k_code, Severity::critical,
                         "has ha-* keys, and this broker mirrors no queues: what it is for has a single copy", remedy)};
}

Findings policy_keys(Facts const& facts)
{
    constexpr auto* k_code = "AUDIT-POLICY-KEYS";
    if (auto const* const problem = problem_of(facts.policies)) {
        return {not_told(k_code, "policies", *problem)};
    }
    if (auto const* const problem = problem_of(facts.queues)) {
        return {not_told(k_code, "queues", *problem)};
    }
    policy::Evaluator const evaluator(*value_of(facts.policies), policy::rules_of(facts.version));
    Findings findings;
    for (auto const& gap : policy::gaps_of(evaluator, *value_of(facts.queues), evaluator.policies())) {
        auto const keys = fmt::format("{}", fmt::join(gap.keys, ", "));
        if (!gap.whole && gap.policy.apply_to == "all" && keys == "alternate-exchange") {
            continue; // that is for the exchanges it matches
        }
        auto const where = fmt::format("{} of type {}", counted(gap.queues.size(), "queue"), gap.type);
        findings.push_back({k_code,
                            Severity::warning,
                            {policy_label(gap.policy)},
                            1,
                            gap.whole ? fmt::format("nothing of it applies at {}: they do not take {}", where, keys)
                                      : fmt::format("{} make nothing of {}", where, keys),
                            fmt::format("give these queues a policy of their own without these keys; rmqha policy "
                                        "explain {}",
                                        queue_words(gap.policy.vhost, gap.queues.front()))});
    }
    return findings;
}

} // namespace rmqha::audit
