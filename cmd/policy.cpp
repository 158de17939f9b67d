#include "cmd/policy_commands.hpp"

#include <CLI/CLI.hpp>

namespace rmqha::cmd {

void add_policy(CLI::App& app, Action& chosen)
{
    auto* const policy = app.add_subcommand("policy", "See, plan and change policies");
    policy->require_subcommand(1);
    add_policy_show(*policy, chosen);
    add_policy_apply(*policy, chosen);
    add_policy_export(*policy, chosen);
    add_policy_explain(*policy, chosen);
    add_policy_set(*policy, chosen);
    add_policy_set_ha(*policy, chosen);
}

} // namespace rmqha::cmd
