#pragma once

#include "base/clock.hpp"
#include "base/error.hpp"
#include "config/settings.hpp"
#include "output/console.hpp"

#include <functional>
#include <map>
#include <memory>

namespace CLI {
class App;
}
namespace rmqha::base {
class Stop;
}
namespace rmqha::config {
class Configuration;
}

namespace rmqha::cmd {

/// What every command gets: settings resolved from flags, environment and files, and the world it acts in.
class Context {
public:
    virtual ~Context() = default;

    /// Resolved on first use. Throws Error(usage or config).
    virtual config::Settings const& settings() = 0;
    /// What the settings come from, for the commands that manage contexts.
    virtual config::Configuration& configuration() = 0;
    /// User and password; reads the file, runs the command or asks on the terminal on first use. The command must end
    /// by the deadline(), when that was asked for before.
    virtual base::Credentials const& credentials() = 0;
    virtual output::Format format() const = 0;
    virtual bool dry_run() const = 0;
    /// True when --yes was given, or the user says yes to "question? [y/N]" on a terminal. Without a terminal and
    /// without --yes: throws Error(usage) that says to give --yes.
    virtual bool confirmed(std::string const& question) = 0;
    /// When the whole command must have answered: --deadline, else `default_time`, from its start. The time a person
    /// took to answer a question before does not count. milliseconds::max() means never. Depends on no context: see
    /// config::Configuration::deadline().
    virtual base::TimePoint deadline(base::milliseconds default_time) = 0;

    output::Console& console;
    base::Stop& stop;
    base::Clock& clock;

protected:
    Context(output::Console& c, base::Stop& s, base::Clock& k) : console(c), stop(s), clock(k) {}
};

/// What the process ends with: one of the table of exit codes or, for commands that answer to Nagios, one of its four.
struct ExitStatus {
    ExitStatus(base::ExitCode of_table) : code(static_cast<int>(of_table)) {} // implicit: most actions return one
    explicit ExitStatus(int other) : code(other) {}

    int code;
};

/// What a command does once everything is parsed; main runs it after parsing, never within.
using Action = std::function<ExitStatus(Context&)>;

/// How commands that promise a form and codes of their own tell that they failed, wrong usage and interruption
/// included. Called instead of writing an error to stderr; must not throw.
using Failed = std::function<ExitStatus(output::Console&, base::Error const&)>;
using FailedByCommand = std::map<CLI::App const*, Failed>;

/// One per subcommand: adds options to `app` and a callback that puts the action in `chosen`. Options are kept in a
/// shared_ptr'd struct so that environment and configuration can still fill in what no flag gave.
void add_connect(CLI::App& app, Action& chosen);
void add_publish(CLI::App& app, Action& chosen);
void add_consume(CLI::App& app, Action& chosen);
void add_policy(CLI::App& app, Action& chosen);
void add_queue(CLI::App& app, Action& chosen);
void add_monitor(CLI::App& app, Action& chosen, FailedByCommand& failed);
void add_cluster(CLI::App& app, Action& chosen);
void add_context(CLI::App& app, Action& chosen);
void add_completion(CLI::App& app, Action& chosen);

} // namespace rmqha::cmd
