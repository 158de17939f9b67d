#include "cmd/command.hpp"
#include "cmd/help.hpp"
#include "cmd/shared.hpp"
#include "cmd/tree.hpp"

#include "base/error.hpp"
#include "base/stop.hpp"
#include "base/version.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <csignal>
#include <new>
#include <optional>

namespace {

using namespace rmqha;
using base::ExitCode;

void build(CLI::App& root, cmd::SharedOptions& options, cmd::Action& chosen, cmd::FailedByCommand& failed)
{
    cmd::use_help_layout(root);
    root.set_help_flag("-h,--help", "this help; behind a command, that command's");
    root.set_version_flag("--version", fmt::format("rmqha {}", base::version()), "the version");
    root.get_option("--version")->configurable(false);
    root.require_subcommand(1);
    root.fallthrough();
    cmd::add_shared_options(root, options);
    cmd::add_connect(root, chosen);
    cmd::add_publish(root, chosen);
    cmd::add_consume(root, chosen);
    cmd::add_policy(root, chosen);
    cmd::add_queue(root, chosen);
    cmd::add_monitor(root, chosen, failed);
    cmd::add_cluster(root, chosen);
    cmd::add_context(root, chosen);
    cmd::add_completion(root, chosen);
    // Last, as subcommands inherit it.
    root.footer("Durations are written 250ms, 3s, 5m; sizes 64KiB, 10MB. Every option can also be\n"
                "set by a variable (RMQHA_VHOST, RMQHA_PUBLISH_WINDOW) and in the configuration\n"
                "file; a flag beats the environment, the environment the file. See rmqha(1).\n");
    cmd::normalise(root);
}

/// The exception in flight in words.
base::Error failure()
{
    try {
        throw;
    } catch (base::Error const& error) {
        return error;
    } catch (base::Interrupted const& interrupted) {
        return {interrupted.signal == SIGTERM ? ExitCode::terminated : ExitCode::interrupted, "interrupted"};
    } catch (std::bad_alloc const&) {
        return {ExitCode::internal, "out of memory"};
    } catch (std::exception const& error) {
        return {ExitCode::internal, fmt::format("unexpected: {}", error.what()),
                "This is a mistake in rmqha; please report it with what you typed."};
    }
}

/// Tells of the exception in flight: on stderr, unless the command has its own way; what to end with.
cmd::ExitStatus explain(output::Console& console, cmd::Failed const* own_way)
{
    auto const error = failure();
    if (own_way != nullptr) {
        return (*own_way)(console, error);
    }
    if (error.code() == ExitCode::interrupted || error.code() == ExitCode::terminated) {
        console.clear_progress(); // who stopped it knows
    } else {
        console.error(error.what(), error.hint());
    }
    return error.code();
}

cmd::Failed const* own_way_of(CLI::App& root, cmd::FailedByCommand const& failed)
{
    auto const chain = cmd::chosen_commands(root);
    auto const found = chain.empty() ? failed.end() : failed.find(chain.back());
    return found == failed.end() ? nullptr : &found->second;
}

cmd::ExitStatus act(output::Console& console, cmd::Context& context, cmd::Action const& action,
                    cmd::Failed const* own_way)
{
    cmd::ExitStatus status = ExitCode::ok;
    try {
        status = action(context);
    } catch (...) {
        // What was answered so far stays an answer.
        status = explain(console, own_way);
    }
    try {
        console.flush();
    } catch (...) {
        return explain(console, own_way);
    }
    return status;
}

/// Everything up to the action: --help and --version answer themselves, wrong usage ends here.
cmd::ExitStatus run(int argc, char** argv, base::Stop& stop)
{
    CLI::App root("Connect to RabbitMQ clusters, publish, consume, and watch over their high availability.", "rmqha");
    cmd::SharedOptions options;
    cmd::Action action;
    cmd::FailedByCommand failed;
    std::optional<output::Console> console;
    try {
        std::optional<std::string> text;
        build(root, options, action, failed);
        try {
            cmd::parse(root, argc, argv);
        } catch (CLI::CallForHelp const& help) {
            if (cmd::names_unknown_command(root)) {
                throw cmd::usage_error(root, help);
            }
            text = root.help();
        } catch (CLI::CallForVersion const& version) {
            text = std::string(version.what()) + "\n";
        } catch (CLI::ParseError const& error) {
            throw cmd::usage_error(root, error);
        }
        if (text) {
            output::Console plain;
            plain.answer(*text);
            plain.flush();
            return ExitCode::ok;
        }
        auto configuration = cmd::make_configuration(root, options);
        if (!root.got_subcommand(cmd::k_completion_helper)) { // completion should not depend on a file without mistakes
            cmd::fill_in(root, configuration);
            cmd::check_dry_run(root, options);
        }
        base::SystemClock clock;
        console.emplace(options.console, output::Console::Streams{}, &stop);
        auto const context = cmd::make_context({*console, stop, clock}, options, configuration);
        return act(*console, *context, action, own_way_of(root, failed));
    } catch (...) {
        output::Console plain(options.console);
        return explain(plain, own_way_of(root, failed));
    }
}

} // namespace

int main(int argc, char** argv)
{
    try {
        base::Stop stop;
        base::SignalWatch const watch(stop); // before any other thread
        return run(argc, argv, stop).code;
    } catch (std::exception const& error) {
        output::Console().error(error.what(), "");
        return static_cast<int>(ExitCode::internal);
    }
}
