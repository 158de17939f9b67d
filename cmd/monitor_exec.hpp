#pragma once

#include "health/report.hpp"

#include <string>
#include <vector>

namespace rmqha::cmd {

class Context;

/// Runs every command (a line for the shell) for every notice of the report, which it reads from its standard input;
/// eight at a time. Returns an UNKNOWN finding about rmqha itself for each command that failed, or did not end by the
/// deadline. Throws Interrupted.
std::vector<health::Finding> run_hooks(Context& context, std::vector<std::string> const& commands,
                                       health::Report const& report, base::TimePoint deadline);

} // namespace rmqha::cmd
