#pragma once

namespace CLI {
class App;
}

namespace rmqha::cmd {

/// Lays out the --help of `app` and all its subcommands for 80 columns: what it does, usage, commands, arguments,
/// options under their headings, then the footer (see set_examples). Call it before subcommands are added.
void use_help_layout(CLI::App& app);

} // namespace rmqha::cmd
