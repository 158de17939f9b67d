#include "cmd/options.hpp"
#include "cmd/policy_commands.hpp"
#include "cmd/policy_page.hpp"

#include "output/json.hpp"
#include "policy/explanation.hpp"
#include "policy/lint.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rmqha::cmd {

namespace {

using base::ExitCode;

struct Options {
    std::string queue;
    bool all_vhosts = false;
};

policy::PolicyQueue get_queue(Management& api, std::string const& vhost, std::string const& name)
{
    auto const path =
        fmt::format("/api/queues/{}/{}", management::percent_encoded(vhost), management::percent_encoded(name));
    auto const subject = fmt::format("queue \"{}\" in vhost \"{}\"", name, vhost);
    auto queue = api.value(management::read_policy_queue(api.get(path)), subject);
    if (!queue) {
        throw base::Error(ExitCode::no, subject + ": there is none of that name",
                          "Name its vhost with --vhost. A broker before RabbitMQ 4 also denies a queue whose node is "
                          "down; see `rmqha monitor status`.");
    }
    return *queue;
}

ExitCode explain(Context& context, Options const& options)
{
    Management api(context, k_policy_time);
    auto const& vhost = context.settings().vhost;
    auto const queue = get_queue(api, vhost, options.queue);
    policy::Evaluator const evaluator(get_policies(api, vhost), get_rules(api));
    auto const explanation = policy::explanation_of(evaluator, queue);
    auto& console = context.console;
    if (context.format() == output::Format::table) {
        console.answer(explanation_page(explanation, {.width = console.width(), .color = console.color()}));
    } else {
        console.answer(output::to_text(explanation_json(explanation), context.format() == output::Format::json));
    }
    return ExitCode::ok;
}

ExitCode lint(Context& context, Options const& options)
{
    Management api(context, k_policy_time);
    auto const vhost = options.all_vhosts ? std::nullopt : std::optional(context.settings().vhost);
    policy::Evaluator const evaluator(get_policies(api, vhost), get_rules(api));
    auto const findings = policy::lint(evaluator, get_queues(api, vhost));
    auto& console = context.console;
    switch (context.format()) {
    case output::Format::table:
        console.answer(lint_page(findings));
        break;
    case output::Format::json:
        console.answer(output::to_text({{"schema_version", 1}, {"findings", lint_json(findings)}}));
        break;
    case output::Format::ndjson:
        for (auto const& finding : lint_json(findings)) {
            console.answer(output::to_text(finding, false));
        }
        break;
    }
    return findings.empty() ? ExitCode::ok : ExitCode::no;
}

} // namespace

void add_policy_explain(CLI::App& policy, Action& chosen)
{
    auto const options = std::make_shared<Options>();
    auto* const explaining = policy.add_subcommand("explain", "What is in force at a queue, and why");
    explaining->add_option("queue", options->queue, "Name of the queue")->required()->type_name("QUEUE");
    set_examples(*explaining, {{"rmqha policy explain orders", "every key with its origin; winner, losers and why"}});
    explaining->callback(
        [&chosen, options] { chosen = [options](Context& context) { return explain(context, *options); }; });

    auto* const linting = policy.add_subcommand("lint", "What about the policies is likely not meant");
    linting->add_flag("--all-vhosts", options->all_vhosts, "Of every vhost that the user may see");
    set_examples(*linting, {{"rmqha policy lint --all-vhosts", "exits 1 when there is something to tell"}});
    linting->callback([&chosen, options] { chosen = [options](Context& context) { return lint(context, *options); }; });
}

} // namespace rmqha::cmd
