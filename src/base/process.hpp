#pragma once

#include "base/clock.hpp"
#include "base/error.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace rmqha::base {

class Stop;

/// A program to run. The arguments are passed as they are: no shell ever sees them.
struct Command {
    std::vector<std::string> argv;        ///< argv[0] is searched in PATH
    std::vector<std::string> environment; ///< "NAME=value", added to (and replacing in) this process's own
    std::string input;                    ///< what the program reads from its standard input
    std::string folder;                   ///< working folder; empty: this process's own
    /// Variables of this process's own whose names begin so are not passed on; empty: all are.
    std::string hidden_variables;
    bool own_session = false; ///< has no terminal, so that it can ask nothing there
};

struct Finished {
    int status = 0;     ///< exit status, or 128 + signal
    std::string output; ///< its standard output
    std::string errors; ///< its standard error
};

/// Runs the command to its end and gathers what it printed (at most 64 MiB each; more is dropped). At the deadline or
/// on a stop the command's process group is killed and Error(timeout) or Interrupted is thrown; when it cannot be
/// started, Error(unavailable) names it and the reason. The command starts with no signal blocked. SIGPIPE must be
/// ignored, as SignalWatch sees to: a command may end before it has read its input.
Finished run(Command const& command, TimePoint deadline, Stop const& stop);

using RunResult = std::variant<Finished, Error>;

struct RunLimits {
    TimePoint deadline;
    std::size_t at_once = 1; ///< at least 1
};

/// Runs each as run() does, in their order, and returns for each what it printed or, in place of throwing it, the
/// Error; what could not be begun by the deadline has an Error(timeout) too. Throws Interrupted.
std::vector<RunResult> run_all(std::span<Command const> commands, RunLimits limits, Stop const& stop);

/// Starts a command that outlives this process: own session, no standard input, output appended to `log` (0600).
/// Returns its process id. Throws Error(unavailable).
int start_detached(Command const& command, std::string const& log);

/// Throws Error(usage) naming the program and the reason when it could not be run: not in PATH, not executable.
void require_program(std::string const& program);

/// Lets this process have so many files open at once, as far as its hard limit goes. Throws Error(unavailable) when
/// that is not far enough.
void allow_open_files(std::uint64_t count);

} // namespace rmqha::base
