#pragma once

#include "cmd/command.hpp"

namespace rmqha::cmd {

// What `monitor` is made of, one per subcommand, as command.hpp has it for the whole.
void add_monitor_status(CLI::App& monitor, Action& chosen);
/// Whatever happens, `monitor check` ends with 0, 1, 2 or 3.
void add_monitor_check(CLI::App& monitor, Action& chosen, FailedByCommand& failed);
void add_monitor_serve(CLI::App& monitor, Action& chosen);
void add_monitor_watch(CLI::App& monitor, Action& chosen);
void add_monitor_views(CLI::App& monitor, Action& chosen);
void add_monitor_audit(CLI::App& monitor, Action& chosen);
void add_monitor_record(CLI::App& monitor, Action& chosen);
void add_monitor_diff(CLI::App& monitor, Action& chosen);

} // namespace rmqha::cmd
