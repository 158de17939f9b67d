#include "cmd/options.hpp"
#include "cmd/policy_commands.hpp"
#include "cmd/policy_page.hpp"

#include "base/spelling.hpp"
#include "output/json.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace rmqha::cmd {

namespace {

using base::ExitCode;
using policy::Policy;
using policy::PolicyKind;

struct Options {
    std::string name;
    bool all_vhosts = false;
    bool operators = false;
};

/// By vhost, kind, falling priority: the order in which the broker looks at them.
void sort(std::vector<Policy>& policies)
{
    std::ranges::sort(policies, [](Policy const& a, Policy const& b) {
        return std::tuple(std::string_view(a.vhost), a.kind, -a.priority, std::string_view(a.name)) <
               std::tuple(std::string_view(b.vhost), b.kind, -b.priority, std::string_view(b.name));
    });
}

std::vector<Policy> wanted_policies(Context& context, Options const& options)
{
    Management api(context, k_policy_time);
    auto policies = get_policies(api, options.all_vhosts ? std::nullopt : std::optional(context.settings().vhost));
    if (options.operators) {
        std::erase_if(policies, [](Policy const& one) { return one.kind == PolicyKind::policy; });
    }
    sort(policies);
    return policies;
}

void answer_json(Context& context, std::vector<Policy> const& policies)
{
    if (context.format() == output::Format::ndjson) {
        for (auto const& one : policies) {
            context.console.answer(output::to_text(policy_json(one), false));
        }
        return;
    }
    nlohmann::ordered_json json{{"schema_version", 1}, {"policies", nlohmann::ordered_json::array()}};
    for (auto const& one : policies) {
        json["policies"].push_back(policy_json(one));
    }
    context.console.answer(output::to_text(json));
}

ExitCode list(Context& context, Options const& options)
{
    auto const policies = wanted_policies(context, options);
    auto& console = context.console;
    if (context.format() != output::Format::table) {
        answer_json(context, policies);
    } else if (policies.empty()) {
        console.note(options.all_vhosts ? "there are no policies, or none this user may see"
                                        : fmt::format("vhost \"{}\" has no policies, or none this user may see",
                                                      context.settings().vhost));
    } else {
        console.answer(policies_page(policies, {.width = console.width(), .color = console.color()}));
    }
    return ExitCode::ok;
}

ExitCode show(Context& context, Options const& options)
{
    auto policies = wanted_policies(context, options);
    std::vector<std::string> names;
    for (auto const& one : policies) {
        names.push_back(one.name);
    }
    std::erase_if(policies, [&](Policy const& one) { return one.name != options.name; });
    if (policies.empty()) {
        throw base::Error(ExitCode::no,
                          fmt::format("{} \"{}\" in vhost \"{}\": there is none of that name",
                                      options.operators ? "operator policy" : "policy", options.name,
                                      context.settings().vhost),
                          "See `rmqha policy list --all-vhosts`." + base::did_you_mean(options.name, names));
    }
    if (context.format() != output::Format::table) {
        answer_json(context, policies);
        return ExitCode::ok;
    }
    for (auto const& one : policies) {
        context.console.answer(policy_page(one));
    }
    return ExitCode::ok;
}

} // namespace

void add_policy_show(CLI::App& policy, Action& chosen)
{
    auto const options = std::make_shared<Options>();
    auto* const listing = policy.add_subcommand("list", "Policies and operator policies of a vhost");
    listing->add_flag("--all-vhosts", options->all_vhosts, "Of every vhost that the user may see");
    listing->add_flag("--operator", options->operators, "Operator policies only");
    set_examples(*listing, {{"rmqha policy list", "those of vhost / (another with --vhost)"},
                            {"rmqha policy list --all-vhosts --format ndjson", "all, one JSON object per line"}});
    listing->callback([&chosen, options] { chosen = [options](Context& context) { return list(context, *options); }; });

    auto* const showing = policy.add_subcommand("show", "Everything of one policy");
    showing->add_option("name", options->name, "Name of the policy")->required()->type_name("NAME");
    showing->add_flag("--operator", options->operators, "The operator policy only, not the policy of that name");
    set_examples(*showing, {{"rmqha policy show ha", "pattern, priority and every key of policy ha"}});
    showing->callback([&chosen, options] { chosen = [options](Context& context) { return show(context, *options); }; });
}

} // namespace rmqha::cmd
