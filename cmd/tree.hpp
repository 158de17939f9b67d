#pragma once

#include "base/error.hpp"
#include "config/configuration.hpp"

#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
class ParseError;
} // namespace CLI

namespace rmqha::cmd {

// The option tree as a whole: what CLI11 leaves open about it.

/// Headings of the options that every command has and that are not config::options().
inline constexpr auto* k_output_group = "Output";
inline constexpr auto* k_changes_group = "Changes";
/// The table of configuration files that holds those of the first heading.
inline constexpr auto* k_output_table = "output";
/// The hidden command behind completion.
inline constexpr auto* k_completion_helper = "__complete";
/// And behind that, the one that asks the cluster for names.
inline constexpr auto* k_names_helper = "__names";

/// The metavariable of an argument that takes another program's command line, which stands behind "--" only.
inline constexpr auto* k_command_line = "-- COMMAND";

/// "queue.declare" for the subcommand declare of queue; empty for the program itself.
std::string path_of(CLI::App const& app);
/// The name in configuration files: "idle_timeout" for --idle-timeout.
std::string key_of(CLI::Option const& option);
/// The app's options, those in unnamed groups too, that can be set from outside: no arguments, no --help.
std::vector<CLI::Option*> settable_options(CLI::App& app);
/// The commands given, outermost first: queue, declare. The last one's parent chain is the same list.
std::vector<CLI::App*> chosen_commands(CLI::App& root);

/// Every command's options, for the configuration reader to know its keys by.
config::Vocabulary vocabulary_of(CLI::App& root);

/// One value per occurrence (so that "--node a publish" leaves the command alone) and the last one counts where one is
/// wanted, in every option of the tree.
void normalise(CLI::App& root);

/// Parses; a required option is not missed here yet, as environment and files may still give it. Throws what CLI11
/// throws, and Error(usage) from options that read their value and for a command line without "--" before it.
void parse(CLI::App& root, int argc, char const* const* argv);

/// Gives the options that no flag gave, those of the chosen commands and of all commands, what environment and files
/// say for them, unless that would exclude an option given. A command's own option that is called like one of all
/// commands (--format) takes what was typed for the latter before the command, but not what environment and files say
/// for it. Throws Error: usage or config, naming the place; and when a required option is still missing.
void fill_in(CLI::App& root, config::Configuration& configuration);

/// What is wrong with the words typed, in our words: never repeats the value of an option it does not know.
base::Error usage_error(CLI::App& root, CLI::ParseError const& error);

/// True when the words typed begin with a command there is not, so that --help could not mean it.
bool names_unknown_command(CLI::App& root);

} // namespace rmqha::cmd
