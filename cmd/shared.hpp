#pragma once

#include "cmd/command.hpp"

#include "config/configuration.hpp"

#include <memory>
#include <string>

namespace CLI {
class App;
}

namespace rmqha::cmd {

/// What every command takes besides config::options().
struct SharedOptions {
    output::Format format = output::Format::table;
    output::Console::Options console;
    bool dry_run = false;
    bool yes = false;
    std::string context;
    std::string config;
};

/// Adds the options that stand before or after every command: the connection's, --context, --config, output, changes.
void add_shared_options(CLI::App& root, SharedOptions& options);

/// Throws Error(usage) when --dry-run was asked of a command that would change something all the same.
void check_dry_run(CLI::App& root, SharedOptions const& options);

/// What flags, environment and files say, once `root` has been parsed. Reads nothing yet.
config::Configuration make_configuration(CLI::App& root, SharedOptions const& options);

/// The program around a command.
struct World {
    output::Console& console;
    base::Stop& stop;
    base::Clock& clock;
};
std::unique_ptr<Context> make_context(World const& world, SharedOptions const& options,
                                      config::Configuration& configuration);

} // namespace rmqha::cmd
