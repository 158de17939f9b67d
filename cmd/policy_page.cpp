#include "cmd/policy_page.hpp"

#include "output/table.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace rmqha::cmd {

namespace {

using output::Style;
using policy::ChangeKind;
using policy::Policy;
using policy::PolicyDefinition;

char const* kind_name(policy::PolicyKind kind)
{
    return kind == policy::PolicyKind::policy ? "policy" : "operator policy";
}

std::string or_none(std::string const& text)
{
    return text.empty() ? "none" : text;
}

/// "max-length 10 -> 20" for each key that differs.
std::vector<std::string> differences(PolicyDefinition const& before, PolicyDefinition const& after)
{
    std::set<std::string> names;
    for (auto const* const side : {&before, &after}) {
        for (auto const& [name, value] : *side) {
            names.insert(name);
        }
    }
    std::vector<std::string> found;
    for (auto const& name : names) {
        auto const was = before.find(name);
        auto const is = after.find(name);
        if (was == before.end()) {
            found.push_back(fmt::format("+{} {}", name, plain_value(is->second)));
        } else if (is == after.end()) {
            found.push_back(fmt::format("-{} {}", name, plain_value(was->second)));
        } else if (was->second != is->second) {
            found.push_back(fmt::format("{} {} -> {}", name, plain_value(was->second), plain_value(is->second)));
        }
    }
    return found;
}

std::string change_line(policy::Change const& change)
{
    auto const& one = policy::subject(change);
    auto const name = fmt::format("{} \"{}\" in vhost \"{}\"", kind_name(one.kind), output::escaped(one.name),
                                  output::escaped(one.vhost));
    if (change.kind == ChangeKind::remove) {
        return fmt::format("delete {}\n", name);
    }
    if (change.kind == ChangeKind::make) {
        return fmt::format("make   {}: pattern \"{}\", apply to {}, priority {}, {}\n", name,
                           output::escaped(one.pattern), one.apply_to, priority_text(one.priority),
                           output::escaped(line_of(one.definition)));
    }
    auto const& [kind, before, after] = change;
    auto parts = differences(before.definition, after.definition);
    if (before.pattern != after.pattern) {
        parts.push_back(fmt::format("pattern \"{}\" -> \"{}\"", before.pattern, after.pattern));
    }
    if (before.apply_to != after.apply_to) {
        parts.push_back(fmt::format("apply to {} -> {}", before.apply_to, after.apply_to));
    }
    if (before.priority != after.priority) {
        parts.push_back(
            fmt::format("priority {} -> {}", priority_text(before.priority), priority_text(after.priority)));
    }
    return fmt::format("change {}: {}\n", name, output::escaped(fmt::format("{}", fmt::join(parts, ", "))));
}

std::string winners(policy::Effective const& effective)
{
    auto text = or_none(effective.policy);
    if (!effective.tied.empty()) {
        text = fmt::format("one of {}", fmt::join(effective.tied, ", "));
    }
    if (!effective.operator_policy.empty()) {
        text += " and " + (effective.operator_tied.empty()
                               ? effective.operator_policy
                               : fmt::format("one of {}", fmt::join(effective.operator_tied, ", ")));
    }
    return text;
}

std::string queues_table(std::vector<policy::QueueChange> const& changes, PolicyLayout const& layout)
{
    output::Table table({{"VHOST", output::Align::left, true},
                         {"QUEUE", output::Align::left, true},
                         {"TYPE"},
                         {"POLICY", output::Align::left, true},
                         {"WHAT CHANGES", output::Align::left, true}});
    for (auto const& [queue, before, after] : changes) {
        auto const was = winners(before);
        auto const is = winners(after);
        auto const keys = differences(before.definition, after.definition);
        table.add({queue.vhost,
                   queue.name,
                   queue.type,
                   {was == is ? was : fmt::format("{} -> {}", was, is)},
                   {keys.empty() ? "nothing but the name" : fmt::format("{}", fmt::join(keys, ", "))}});
    }
    return table.render(layout.width, layout.color);
}

std::string gap_line(policy::Gap const& gap)
{
    auto const& queues = gap.queues;
    auto const where = queues.size() == 1 ? fmt::format("{} queue \"{}\"", gap.type, output::escaped(queues.front()))
                                          : fmt::format("{} {} queues", queues.size(), gap.type);
    auto const name = fmt::format("{} \"{}\"", kind_name(gap.policy.kind), output::escaped(gap.policy.name));
    auto const keys = fmt::format("{}", fmt::join(gap.keys, ", "));
    return gap.whole ? fmt::format("note: nothing of {} applies to {}, which {} not take {}\n", name, where,
                                   queues.size() == 1 ? "does" : "do", keys)
                     : fmt::format("note: {} of {} is of no use to {}\n", keys, name, where);
}

} // namespace

std::string plain_value(std::string const& json)
{
    auto const value = nlohmann::json::parse(json, nullptr, false);
    return value.is_string() ? value.get<std::string>() : json;
}

std::string line_of(PolicyDefinition const& definition)
{
    std::vector<std::string> parts;
    for (auto const& [key, value] : definition) {
        parts.push_back(key + " " + plain_value(value));
    }
    return parts.empty() ? "nothing" : fmt::format("{}", fmt::join(parts, ", "));
}

std::string priority_text(double priority)
{
    return fmt::format("{}", priority);
}

std::string policies_page(std::vector<Policy> const& policies, PolicyLayout const& layout)
{
    output::Table table({{"VHOST", output::Align::left, true},
                         {"NAME", output::Align::left, true},
                         {"KIND"},
                         {"PRIORITY", output::Align::right},
                         {"APPLY TO"},
                         {"PATTERN", output::Align::left, true},
                         {"DEFINITION", output::Align::left, true}});
    for (auto const& one : policies) {
        table.add({one.vhost,
                   one.name,
                   {one.kind == policy::PolicyKind::policy ? "policy" : "operator"},
                   priority_text(one.priority),
                   one.apply_to,
                   one.pattern,
                   line_of(one.definition)});
    }
    return table.render(layout.width, layout.color);
}

std::string policy_page(Policy const& one)
{
    auto page = fmt::format("{} \"{}\"\n", kind_name(one.kind), output::escaped(one.name));
    auto const add = [&page](std::string const& name, std::string const& value) {
        page += fmt::format("  {:<10}{}\n", name, output::escaped(value));
    };
    add("vhost", one.vhost);
    add("pattern", one.pattern);
    add("apply to", one.apply_to);
    add("priority", priority_text(one.priority));
    for (auto const& [key, value] : one.definition) {
        page += fmt::format("    {} = {}\n", output::escaped(key), output::escaped(plain_value(value)));
    }
    return page;
}

std::string plan_page(policy::Plan const& plan, PolicyLayout const& layout)
{
    if (plan.empty()) {
        return "nothing to change\n";
    }
    std::string page;
    for (auto const& change : plan.changes) {
        page += change_line(change);
    }
    for (auto const& gap : plan.gaps) {
        page += gap_line(gap);
    }
    if (plan.queues.empty()) {
        return page + "no queue changes\n";
    }
    page += fmt::format("{} queue{}:\n\n", plan.queues.size(), plan.queues.size() == 1 ? " changes" : "s change");
    return page + queues_table(plan.queues, layout);
}

} // namespace rmqha::cmd
