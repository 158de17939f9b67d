#include "policy/lint.hpp"

#include "base/error.hpp"
#include "policy/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace rmqha::policy {
namespace {

/// What is seen of one policy over all queues.
struct Sight {
    std::size_t won = 0;
    std::size_t outranked = 0;
    std::size_t refused = 0;
    std::set<std::string> outranked_by{};
    std::map<std::vector<std::string>, std::size_t> ties{}; ///< names, and at how many queues
};

std::string queues_text(std::size_t count)
{
    return fmt::format("{} queue{}", count, count == 1 ? "" : "s");
}

void see(std::vector<Verdict> const& verdicts, std::map<Policy const*, Sight>& sights)
{
    std::vector<std::string> tied;
    std::string winner;
    for (auto const& verdict : verdicts) {
        if (verdict.fate == Fate::tied) {
            tied.push_back(verdict.policy->name);
        }
        if (winner.empty() && (verdict.fate == Fate::wins || verdict.fate == Fate::tied)) {
            winner = verdict.policy->name;
        }
    }
    for (auto const& verdict : verdicts) {
        auto& sight = sights[verdict.policy];
        switch (verdict.fate) {
        case Fate::tied:
            if (verdict.policy->name == tied.front()) {
                ++sight.ties[tied];
            }
            [[fallthrough]];
        case Fate::wins:
            ++sight.won;
            break;
        case Fate::outranked:
            ++sight.outranked;
            sight.outranked_by.insert(winner);
            break;
        case Fate::refused:
            ++sight.refused;
            break;
        case Fate::other_type:
        case Fate::no_match:
        case Fate::unreadable:
            break;
        }
    }
}

class Linter {
public:
    std::vector<LintFinding> findings;

    void add(Policy const& policy, char const* code, std::string text, std::string remedy)
    {
        findings.push_back({.code = code,
                            .vhost = policy.vhost,
                            .policy = policy.name,
                            .kind = policy.kind,
                            .text = std::move(text),
                            .remedy = std::move(remedy)});
    }

    void judge(Policy const& policy, Sight const& sight)
    {
        for (auto const& [names, count] : sight.ties) {
            add(policy, "POLICY-TIE",
                fmt::format("{} have the same priority, {}, at {}; which one is in force is chance",
                            fmt::join(names, ", "), policy.priority, queues_text(count)),
                "Give each a priority of its own.");
        }
        bool const for_exchanges = policy.apply_to == "all" || policy.apply_to == "exchanges";
        if (sight.won > 0) {
            return;
        }
        if (sight.outranked > 0) {
            add(policy, "POLICY-SHADOWED",
                fmt::format("in force at none of the {} it is for; outranked by {}", queues_text(sight.outranked),
                            fmt::join(sight.outranked_by, ", ")),
                "Delete it, or give it a higher priority.");
        } else if (sight.refused == 0 && !for_exchanges) {
            add(policy, "POLICY-NO-QUEUE", fmt::format("no queue of the vhost matches \"{}\" now", policy.pattern),
                "Check its pattern, or delete it.");
        }
    }

    void judge(Gap const& gap)
    {
        auto const keys = fmt::format("{}", fmt::join(gap.keys, ", "));
        if (gap.whole) {
            add(gap.policy, "POLICY-NOT-APPLIED",
                fmt::format("nothing of it applies at {} of type {}: that type does not take {}",
                            queues_text(gap.queues.size()), gap.type, keys),
                "Make a policy of its own for these queues, without these keys.");
        } else if (!(gap.policy.apply_to == "all" && keys == "alternate-exchange")) {
            add(gap.policy, "POLICY-KEY-UNUSED",
                fmt::format("at {} of type {} there is no use for {}", queues_text(gap.queues.size()), gap.type, keys),
                "Take these keys out, or narrow the pattern.");
        }
    }
};

} // namespace

std::vector<LintFinding> lint(Evaluator const& evaluator, std::vector<PolicyQueue> const& queues)
{
    std::map<Policy const*, Sight> sights;
    for (auto const& queue : queues) {
        for (auto const kind : {PolicyKind::policy, PolicyKind::operator_policy}) {
            see(evaluator.verdicts(queue, kind), sights);
        }
    }
    Linter linter;
    for (auto const& policy : evaluator.policies()) {
        try {
            Pattern const readable(policy.pattern);
            linter.judge(policy, sights[&policy]);
        } catch (base::Error const& error) {
            linter.add(policy, "POLICY-PATTERN", error.what(), "Write its pattern in a plainer way.");
        }
        auto const problems = problems_of(policy.definition, {.kind = policy.kind, .allow_unknown = true});
        if (!problems.empty()) {
            linter.add(policy, "POLICY-INVALID", fmt::format("{}", fmt::join(problems, "; ")),
                       "Set it anew with `rmqha policy set`.");
        }
    }
    for (auto const& gap : gaps_of(evaluator, queues, evaluator.policies())) {
        linter.judge(gap);
    }
    std::ranges::stable_sort(linter.findings, [](auto const& a, auto const& b) {
        return std::tie(a.vhost, a.policy, a.kind, a.code) < std::tie(b.vhost, b.policy, b.kind, b.code);
    });
    return linter.findings;
}

} // namespace rmqha::policy
