#include "cmd/monitor_commands.hpp"
#include "cmd/monitor_snapshot.hpp"
#include "cmd/monitor_unreached.hpp"
#include "cmd/monitor_views_page.hpp"
#include "cmd/options.hpp"

#include <CLI/CLI.hpp>

#include <vector>

namespace rmqha::cmd {
namespace {

base::ExitCode views(Context& context)
{
    Status status;
    status.snapshot = take_snapshot(context, {.queues = false});
    fail_unless_reached(status.snapshot);
    status.context = context.settings().context;
    status.findings = health::findings_of(status.snapshot, {.thresholds = context.settings().thresholds});
    std::erase_if(status.findings, [](health::Finding const& finding) { return !is_about_views(finding); });

    auto& console = context.console;
    console.answer(context.format() == output::Format::table
                       ? views_page(status, {.width = console.width(), .color = console.color()})
                       : views_json(status, context.format() == output::Format::json));
    if (views_disagree(status)) {
        return base::ExitCode::no;
    }
    return views_complete(status) ? base::ExitCode::ok : base::ExitCode::partial;
}

} // namespace

void add_monitor_views(CLI::App& monitor, Action& chosen)
{
    auto* const command = monitor.add_subcommand("views", "What each node believes about the others, side by side");
    set_examples(*command, {{"rmqha monitor views", "exits 0 when all agree, 1 when not, 3 when some did not tell"}});
    command->callback([&chosen] { chosen = views; });
}

} // namespace rmqha::cmd
