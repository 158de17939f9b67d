#include "cmd/policy_page.hpp"

#include "policy/export.hpp"

#include <nlohmann/json.hpp>

namespace rmqha::cmd {

namespace {

using nlohmann::ordered_json;

ordered_json or_null(std::string const& text)
{
    return text.empty() ? ordered_json() : ordered_json(text);
}

char const* action_name(policy::ChangeKind kind)
{
    switch (kind) {
    case policy::ChangeKind::make:
        return "make";
    case policy::ChangeKind::change:
        return "change";
    case policy::ChangeKind::remove:
        break;
    }
    return "delete";
}

} // namespace

ordered_json definition_json(policy::PolicyDefinition const& definition)
{
    auto json = ordered_json::object();
    for (auto const& [key, value] : definition) {
        json[key] = ordered_json::parse(value);
    }
    return json;
}

ordered_json policy_json(policy::Policy const& one)
{
    ordered_json json{{"vhost", one.vhost},
                      {"name", one.name},
                      {"kind", one.kind == policy::PolicyKind::policy ? "policy" : "operator_policy"},
                      {"pattern", one.pattern},
                      {"apply_to", one.apply_to}};
    json["priority"] = policy::number_json(one.priority);
    json["definition"] = definition_json(one.definition);
    return json;
}

ordered_json effective_json(policy::Effective const& effective)
{
    return {{"policy", or_null(effective.policy)},
            {"operator_policy", or_null(effective.operator_policy)},
            {"tied", effective.tied},
            {"operator_tied", effective.operator_tied},
            {"definition", definition_json(effective.definition)}};
}

ordered_json plan_json(policy::Plan const& plan)
{
    ordered_json json{{"changes", ordered_json::array()},
                      {"queues", ordered_json::array()},
                      {"without_effect", ordered_json::array()}};
    for (auto const& change : plan.changes) {
        bool const removed = change.kind == policy::ChangeKind::remove;
        bool const made = change.kind == policy::ChangeKind::make;
        json["changes"].push_back({{"action", action_name(change.kind)},
                                   {"before", made ? ordered_json() : policy_json(change.before)},
                                   {"after", removed ? ordered_json() : policy_json(change.after)}});
    }
    for (auto const& [queue, before, after] : plan.queues) {
        json["queues"].push_back({{"vhost", queue.vhost},
                                  {"name", queue.name},
                                  {"type", queue.type},
                                  {"before", effective_json(before)},
                                  {"after", effective_json(after)}});
    }
    for (auto const& gap : plan.gaps) {
        json["without_effect"].push_back({{"vhost", gap.policy.vhost},
                                          {"policy", gap.policy.name},
                                          {"type", gap.type},
                                          {"keys", gap.keys},
                                          {"whole_policy", gap.whole},
                                          {"queues", gap.queues}});
    }
    return json;
}

} // namespace rmqha::cmd
