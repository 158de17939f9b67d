#pragma once

#include "health/report.hpp"

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace rmqha::cmd {

class Context;

/// Who besides the caller is told what counts.
struct AlertOptions {
    std::vector<std::string> alertmanagers; ///< base URLs; user:password@ in one is used, and never printed
    std::string cacert;                     ///< for https; empty: the system's authorities
    base::milliseconds lifetime = std::chrono::minutes(5);
};

/// Adds them under a heading of their own. `options` must live as long as the app.
void add_alert_options(CLI::App& app, AlertOptions& options);

/// Throws Error(usage) for what is no URL.
void check(AlertOptions const& options);

/// How long telling may take; nothing without anybody to tell.
base::milliseconds time_for(AlertOptions const& options);

/// Tells every Alertmanager what counts in the report and what has gone. Returns an UNKNOWN finding about rmqha itself
/// for each that did not take it by the deadline. Throws Interrupted.
std::vector<health::Finding> tell(Context& context, AlertOptions const& options, health::Report const& report,
                                  base::TimePoint deadline);

} // namespace rmqha::cmd
