#include "cmd/monitor_commands.hpp"

#include <CLI/CLI.hpp>

namespace rmqha::cmd {

void add_monitor(CLI::App& app, Action& chosen, FailedByCommand& failed)
{
    auto& monitor = *app.add_subcommand("monitor", "See how healthy the cluster is");
    monitor.require_subcommand(1);
    add_monitor_status(monitor, chosen);
    add_monitor_check(monitor, chosen, failed);
    add_monitor_watch(monitor, chosen);
    add_monitor_serve(monitor, chosen);
    add_monitor_views(monitor, chosen);
    add_monitor_audit(monitor, chosen);
    add_monitor_record(monitor, chosen);
    add_monitor_diff(monitor, chosen);
}

} // namespace rmqha::cmd
