#include "cmd/policy_page.hpp"

#include "output/table.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace rmqha::cmd {

namespace {

using output::Align;
using output::Style;
using policy::Fate;
using policy::PolicyKind;

char const* fate_name(Fate fate)
{
    switch (fate) {
    case Fate::wins:
        return "in force";
    case Fate::tied:
        return "tied";
    case Fate::outranked:
        return "outranked";
    case Fate::refused:
        return "not applied";
    case Fate::other_type:
        return "other type";
    case Fate::no_match:
        return "no match";
    case Fate::unreadable:
        break;
    }
    return "unreadable";
}

Style style_of(Fate fate)
{
    switch (fate) {
    case Fate::wins:
        return Style::good;
    case Fate::tied:
    case Fate::refused:
    case Fate::unreadable:
        return Style::warning;
    default:
        return Style::faint;
    }
}

char const* origin_name(policy::KeyOrigin const& key)
{
    if (key.of_policy && key.of_operator_policy) {
        return *key.of_policy == key.value ? "policy" : "operator policy";
    }
    return key.of_policy ? "policy" : "operator policy";
}

char const* kind_name(PolicyKind kind)
{
    return kind == PolicyKind::policy ? "policy" : "operator";
}

std::string keys_table(policy::Explanation const& explanation, PolicyLayout const& layout)
{
    output::Table table({{"KEY"}, {"VALUE", Align::left, true}, {"FROM"}, {"NOTE"}});
    for (auto const& key : explanation.keys) {
        table.add({key.key, plain_value(key.value), origin_name(key), policy::note_of(key, explanation.queue.type)});
    }
    return table.render(layout.width, layout.color);
}

std::string verdicts_table(policy::Explanation const& explanation, PolicyLayout const& layout)
{
    output::Table table({{"POLICY", Align::left, true}, {"KIND"}, {"PRIORITY", Align::right}, {"FATE"}, {"WHY"}});
    for (auto const& verdict : explanation.verdicts) {
        table.add({verdict.policy->name,
                   kind_name(verdict.policy->kind),
                   priority_text(verdict.policy->priority),
                   {fate_name(verdict.fate), style_of(verdict.fate)},
                   policy::reason_of(verdict, explanation)});
    }
    return table.render(layout.width, layout.color);
}

} // namespace

std::string explanation_page(policy::Explanation const& explanation, PolicyLayout const& layout)
{
    auto const& queue = explanation.queue;
    auto page = fmt::format("{} queue \"{}\" in vhost \"{}\"\n", queue.type, output::escaped(queue.name),
                            output::escaped(queue.vhost));
    if (!explanation.broker_agrees) {
        page += fmt::format("note: the broker still tells policy \"{}\" and operator policy \"{}\"; its answers are up "
                            "to 10s old\n",
                            output::escaped(queue.policy.value_or("")),
                            output::escaped(queue.operator_policy.value_or("")));
    }
    page += explanation.keys.empty() ? "no policy is in force\n" : "\n" + keys_table(explanation, layout);
    return explanation.verdicts.empty() ? page : page + "\n" + verdicts_table(explanation, layout);
}

nlohmann::ordered_json explanation_json(policy::Explanation const& explanation)
{
    using nlohmann::ordered_json;
    auto const& queue = explanation.queue;
    auto const value = [](std::optional<std::string> const& text) {
        return text ? ordered_json::parse(*text) : ordered_json();
    };
    ordered_json json{{"schema_version", 1},
                      {"vhost", queue.vhost},
                      {"name", queue.name},
                      {"type", queue.type},
                      {"effective", effective_json(explanation.effective)},
                      {"broker_agrees", explanation.broker_agrees},
                      {"keys", ordered_json::array()},
                      {"policies", ordered_json::array()}};
    for (auto const& key : explanation.keys) {
        json["keys"].push_back({{"key", key.key},
                                {"value", value(key.value)},
                                {"policy", value(key.of_policy)},
                                {"operator_policy", value(key.of_operator_policy)},
                                {"queue_argument", value(key.of_queue)},
                                {"unused", key.unused}});
    }
    for (auto const& verdict : explanation.verdicts) {
        auto one = policy_json(*verdict.policy);
        std::string fate = fate_name(verdict.fate);
        std::ranges::replace(fate, ' ', '_');
        one["fate"] = fate;
        one["why"] = policy::reason_of(verdict, explanation);
        json["policies"].push_back(std::move(one));
    }
    return json;
}

std::string lint_page(std::vector<policy::LintFinding> const& findings)
{
    if (findings.empty()) {
        return "nothing to tell\n";
    }
    std::string page;
    for (auto const& finding : findings) {
        page += fmt::format("{}  {} \"{}\" in vhost \"{}\"\n  {}\n  {}\n", finding.code,
                            finding.kind == PolicyKind::policy ? "policy" : "operator policy",
                            output::escaped(finding.policy), output::escaped(finding.vhost),
                            output::escaped(finding.text), finding.remedy);
    }
    return page;
}

nlohmann::ordered_json lint_json(std::vector<policy::LintFinding> const& findings)
{
    auto json = nlohmann::ordered_json::array();
    for (auto const& finding : findings) {
        json.push_back({{"code", finding.code},
                        {"vhost", finding.vhost},
                        {"policy", finding.policy},
                        {"kind", finding.kind == PolicyKind::policy ? "policy" : "operator_policy"},
                        {"text", finding.text},
                        {"remedy", finding.remedy}});
    }
    return json;
}

} // namespace rmqha::cmd
