#pragma once

#include "health/report.hpp"

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace rmqha::output {
class Console;
}

namespace rmqha::cmd {

class Context;

/// Who besides the caller is told what counts.
struct AlertOptions {
    std::vector<std::string> alertmanagers; ///< base URLs; user:password@ in one is used, and never printed
    std::string cacert;                     ///< for https; empty: the system's authorities
    std::string token_file;                 ///< holds what it wants to see; empty: nothing
    base::milliseconds lifetime = std::chrono::minutes(5);
    std::vector<std::string> commands;                          ///< for the shell: see run_hooks()
    base::milliseconds commands_time = std::chrono::seconds(2); ///< for all of them together
};

/// Adds them under a heading of their own. `options` must live as long as the app.
void add_alert_options(CLI::App& app, AlertOptions& options);

/// Throws Error(usage) for what cannot be. Warns of a token that others may read.
void check(AlertOptions const& options, output::Console& console);

/// How long telling may take; nothing without anybody to tell.
base::milliseconds time_for(AlertOptions const& options);

/// Tells every Alertmanager what counts in the report and what has gone, and runs the commands for what has begun and
/// what has gone. Returns an UNKNOWN finding about rmqha itself for each that failed, or did not end by the deadline.
/// Throws Interrupted.
std::vector<health::Finding> tell(Context& context, AlertOptions const& options, health::Report const& report,
                                  base::TimePoint deadline);

} // namespace rmqha::cmd
