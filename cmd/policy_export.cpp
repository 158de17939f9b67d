#include "cmd/options.hpp"
#include "cmd/policy_commands.hpp"

#include "output/json.hpp"
#include "policy/export.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace rmqha::cmd {

namespace {

using base::ExitCode;

ExitCode write_out(Context& context, bool all_vhosts)
{
    Management api(context, k_policy_time);
    auto const& vhost = context.settings().vhost;
    policy::Exported exported{.policies = get_policies(api, all_vhosts ? std::nullopt : std::optional(vhost)),
                              .vhosts = {vhost}};
    if (all_vhosts) {
        exported.vhosts.clear();
        for (auto const& one : api.get(management::path::k_vhosts, management::read_vhosts, "vhosts")) {
            exported.vhosts.push_back(one.name);
        }
    }
    auto const format = context.format();
    context.console.answer(
        format == output::Format::table
            ? policy::to_toml(std::move(exported))
            : output::to_text(policy::to_definitions(std::move(exported)), format == output::Format::json));
    return ExitCode::ok;
}

} // namespace

void add_policy_export(CLI::App& policy, Action& chosen)
{
    auto const all_vhosts = std::make_shared<bool>(false);
    auto* const exporting = policy.add_subcommand("export", "Policies as a file that apply takes");
    exporting->add_flag("--all-vhosts", *all_vhosts, "Of every vhost that the user may see");
    set_examples(*exporting, {{"rmqha policy export --all-vhosts > policies.toml", "to keep under version control"},
                              {"rmqha policy export --format json", "as RabbitMQ imports definitions"}});
    exporting->callback(
        [&chosen, all_vhosts] { chosen = [all_vhosts](Context& c) { return write_out(c, *all_vhosts); }; });
}

} // namespace rmqha::cmd
