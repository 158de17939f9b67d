#include "policy/explanation.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rmqha::policy {
namespace {

Policy const* find_named(Evaluator const& evaluator, PolicyQueue const& queue, std::string const& name, PolicyKind kind)
{
    auto const& all = evaluator.policies();
    auto const found = std::ranges::find_if(
        all, [&](Policy const& one) { return one.vhost == queue.vhost && one.name == name && one.kind == kind; });
    return found == all.end() ? nullptr : &*found;
}

std::optional<std::string> value_in(PolicyDefinition const* definition, std::string const& key)
{
    if (definition == nullptr) {
        return std::nullopt;
    }
    auto const found = definition->find(key);
    return found == definition->end() ? std::nullopt : std::optional(found->second);
}

bool agrees(PolicyQueue const& told, Effective const& ours)
{
    return (!told.policy || *told.policy == ours.policy) &&
           (!told.operator_policy || *told.operator_policy == ours.operator_policy) &&
           (!told.effective || *told.effective == ours.definition);
}

} // namespace

Explanation explanation_of(Evaluator const& evaluator, PolicyQueue const& queue)
{
    Explanation explanation;
    explanation.queue = queue;
    explanation.effective = evaluator.effective(queue);
    explanation.broker_agrees = agrees(queue, explanation.effective);
    for (auto const kind : {PolicyKind::policy, PolicyKind::operator_policy}) {
        auto verdicts = evaluator.verdicts(queue, kind);
        std::move(verdicts.begin(), verdicts.end(), std::back_inserter(explanation.verdicts));
    }
    auto const& effective = explanation.effective;
    auto const* const ours = find_named(evaluator, queue, effective.policy, PolicyKind::policy);
    auto const* const operators = find_named(evaluator, queue, effective.operator_policy, PolicyKind::operator_policy);
    auto const unused = unused_keys(effective.definition, queue.type);
    for (auto const& [key, value] : effective.definition) {
        explanation.keys.push_back(
            {.key = key,
             .value = value,
             .of_policy = value_in(ours != nullptr ? &ours->definition : nullptr, key),
             .of_operator_policy = value_in(operators != nullptr ? &operators->definition : nullptr, key),
             .of_queue = value_in(&queue.arguments, "x-" + key),
             .unused = unused.contains(key)});
    }
    return explanation;
}

std::string reason_of(Verdict const& verdict, Explanation const& explanation)
{
    auto const& policy = *verdict.policy;
    auto const& type = explanation.queue.type;
    auto const& told = policy.kind == PolicyKind::policy ? explanation.queue.policy : explanation.queue.operator_policy;
    switch (verdict.fate) {
    case Fate::wins:
        return "matches, and has the highest priority";
    case Fate::tied:
        return fmt::format("shares the highest priority, {}: the broker takes any of them{}", policy.priority,
                           told == policy.name ? ", now this one" : "");
    case Fate::outranked: {
        for (auto const& other : explanation.verdicts) {
            if (other.policy->kind == policy.kind && (other.fate == Fate::wins || other.fate == Fate::tied)) {
                return fmt::format("\"{}\" has priority {}, this one {}", other.policy->name, other.policy->priority,
                                   policy.priority);
            }
        }
        return "another has a higher priority";
    }
    case Fate::refused:
        return fmt::format("a {} queue does not take {}, so nothing of it applies", type,
                           fmt::join(verdict.refused_keys, ", "));
    case Fate::other_type:
        return fmt::format("applies to {}, and this is a {} queue", policy.apply_to, type);
    case Fate::no_match:
        return fmt::format("its pattern \"{}\" does not match", policy.pattern);
    case Fate::unreadable:
        break;
    }
    return fmt::format("its pattern \"{}\" is none that rmqha understands", policy.pattern);
}

std::string note_of(KeyOrigin const& origin, std::string const& queue_type)
{
    std::vector<std::string> notes;
    if (origin.of_policy && origin.of_operator_policy && *origin.of_policy != *origin.of_operator_policy) {
        notes.push_back(
            fmt::format("the policy says {}, the operator policy {}", *origin.of_policy, *origin.of_operator_policy));
    }
    if (origin.of_queue) {
        // Source: rabbit_amqqueue_process.erl and rabbit_quorum_queue.erl; streams decide key by key.
        auto const* const key = find_key(origin.key);
        bool const lower = key != nullptr && key->merge == Merge::lower;
        auto const rule = queue_type == "stream" ? "" : lower ? ", and the lower counts" : ", which counts instead";
        notes.push_back(fmt::format("the queue itself was declared with {}{}", *origin.of_queue, rule));
    }
    if (origin.unused) {
        notes.push_back(fmt::format("a {} queue makes nothing of it", queue_type));
    }
    return fmt::format("{}", fmt::join(notes, "; "));
}

} // namespace rmqha::policy
