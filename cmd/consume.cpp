#include "cmd/command.hpp"
#include "cmd/connection.hpp"
#include "cmd/consume_output.hpp"
#include "cmd/options.hpp"
#include "cmd/tree.hpp"

#include "base/process.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace rmqha::cmd {

namespace {

using messaging::OnFailure;

constexpr base::milliseconds k_peek_idle_time{1'000};

struct Options {
    messaging::ConsumeOptions consume;
    std::optional<std::uint16_t> prefetch;
    std::string format;
    bool null = false;
    bool no_separator = false;
    bool peek = false;
    std::optional<std::int64_t> priority;
    std::string offset;
    messaging::CommandOptions command;
};

std::uint16_t prefetch_of(Options const& options)
{
    constexpr std::size_t k_per_command = 2; // one at work and one ready; others get their share of the queue
    auto const usual = options.command.argv.empty()
                           ? messaging::ConsumeOptions{}.prefetch
                           : static_cast<std::uint16_t>(k_per_command * options.command.parallel);
    return options.peek ? std::uint16_t{0} : options.prefetch.value_or(usual);
}

messaging::StreamOffset parse_offset(std::string const& text, std::chrono::system_clock::time_point now)
{
    try {
        return messaging::parse_stream_offset(text, now);
    } catch (base::Error const& error) {
        throw base::Error(error.code(), fmt::format("--offset: {}", error.what()), error.hint());
    }
}

messaging::ConsumeOptions consuming(Context& context, Options const& options)
{
    auto const& settings = context.settings();
    auto result = options.consume;
    result.prefetch = prefetch_of(options);
    result.connection_attempts = settings.connection_attempts;
    result.retry_delay = settings.retry_delay;
    result.deadline = settings.deadline ? context.deadline(*settings.deadline) : base::k_never;
    if (options.peek && !result.idle_timeout) {
        result.idle_timeout = k_peek_idle_time;
    }
    if (!options.offset.empty()) {
        result.offset = parse_offset(options.offset, context.clock.wall());
    }
    if (options.priority) {
        result.arguments.push_back({"x-priority", {*options.priority}});
    }
    return result;
}

std::string separator(Options const& options)
{
    return options.no_separator ? std::string{} : std::string(1, options.null ? '\0' : '\n');
}

base::ExitCode receive(Context& context, messaging::ConsumeOptions const& options, messaging::Handler& handler,
                       messaging::CommandHandler::Summary const& commands)
{
    auto& console = context.console;
    auto connector = make_connector(context, "consume");
    messaging::Consumer consumer(
        connector, options, [&](std::string const& text) { console.note(text); }, context.stop);
    try {
        consumer.run(handler);
    } catch (...) {
        console.note(consume_summary(consumer.summary(), commands));
        throw;
    }
    auto const& summary = consumer.summary();
    console.note(consume_summary(summary, commands));
    if (summary.rejected > 0) {
        return base::ExitCode::partial;
    }
    bool const short_of_count = options.count && summary.received - summary.requeued < *options.count;
    return short_of_count && !console.closed() ? base::ExitCode::no : base::ExitCode::ok;
}

base::ExitCode run_commands(Context& context, Options const& options)
{
    constexpr std::uint64_t k_each = 3; // descriptors of a running command
    constexpr std::uint64_t k_others = 64;
    auto commands = options.command;
    commands.queue = options.consume.queue;
    commands.retry_delay = context.settings().retry_delay;
    base::require_program(commands.argv.front());
    base::allow_open_files(k_each * commands.parallel + k_others);
    messaging::CommandHandler handler(commands, make_command_output(context.console));
    return receive(context, consuming(context, options), handler, handler.summary());
}

base::ExitCode write_out(Context& context, Options const& options)
{
    messaging::SinkHandler handler(
        make_delivery_sink(context, {.format = options.format, .separator = separator(options)}),
        options.peek ? messaging::Outcome::keep : messaging::Outcome::acknowledge);
    return receive(context, consuming(context, options), handler, {});
}

base::ExitCode consume(Context& context, Options const& options)
{
    return options.command.argv.empty() ? write_out(context, options) : run_commands(context, options);
}

void add_output_options(CLI::App& sub, Options& options, CLI::Option& command)
{
    sub.add_option("--format", options.format,
                   "How a message is written: its body (default), ndjson (with all it carries, one line each), or a "
                   "template with fields such as {body}, {routing_key}, {headers.NAME}")
        ->type_name("body|ndjson|TEMPLATE")
        ->excludes(&command);
    auto* const null = sub.add_flag("-0,--null", options.null, "End each message with a NUL byte instead of a newline")
                           ->excludes(&command);
    sub.add_flag("--no-separator", options.no_separator, "Write the messages with nothing between")
        ->excludes(null)
        ->excludes(&command);
}

void add_command_options(CLI::App& sub, Options& options, CLI::Option& command)
{
    add_choice<OnFailure>(
        sub, "--on-failure", options.command.on_failure,
        {{"stop", OnFailure::stop}, {"requeue", OnFailure::requeue}, {"reject", OnFailure::reject}},
        "When COMMAND fails: stop and leave the message in the queue (default), put it back and try again after a "
        "growing pause, or have it dead-lettered or dropped")
        ->needs(&command);
    add_number(sub, "--parallel", options.command.parallel, {.low = 1, .high = 1000},
               "COMMANDs at once, 1 to 1000 (default 1)")
        ->needs(&command);
    add_duration(sub, "--command-timeout", options.command.timeout,
                 "Kill a COMMAND that takes longer; it has failed (default: none)")
        ->needs(&command);
}

void add_receiving_options(CLI::App& sub, Options& options, CLI::Option& command)
{
    add_number(sub, "-c,--count", options.consume.count, {.low = 1},
               "End after so many messages; exit 1 if --idle-timeout comes first");
    add_duration(sub, "--idle-timeout", options.consume.idle_timeout,
                 "End when no message came for so long (default: wait for ever; with --peek 1s)");
    auto* const prefetch = add_number(sub, "--prefetch", options.prefetch, {.low = 1, .high = 65535},
                                      "Messages the broker sends ahead of acknowledgements (default 200; with COMMAND "
                                      "twice --parallel)");
    auto* const peek = sub.add_flag("--peek", options.peek, "Show what is in the queue and put all of it back")
                           ->excludes(prefetch)
                           ->excludes(&command);
    sub.add_option("--offset", options.offset,
                   "Where in a stream to begin: first, last, next (default), an offset, an age such as 1h, or a time; "
                   "over another node it goes on behind what is done")
        ->type_name("OFFSET")
        ->excludes(peek);
    sub.add_flag("--auto-ack", options.consume.auto_ack,
                 "Let the broker forget a message once sent: what is under way when a connection breaks is lost")
        ->excludes(peek)
        ->excludes(&command);
    sub.add_flag("--exclusive", options.consume.exclusive, "Be the queue's only consumer, or fail");
    add_number(sub, "--consumer-priority", options.priority, {.low = -1'000'000, .high = 1'000'000},
               "The broker prefers consumers of higher priority (default 0)");
}

} // namespace

void add_consume(CLI::App& app, Action& chosen)
{
    auto const options = std::make_shared<Options>();
    auto* const sub = app.add_subcommand(
        "consume",
        "Receive messages from a queue; each is acknowledged once it is written out, or a command has done its "
        "work on it");
    sub->add_option("queue", options->consume.queue, "The queue")->required()->type_name("QUEUE");
    auto* const command =
        sub->add_option("command", options->command.argv,
                        "Run COMMAND with its arguments for each message, the body on its standard input")
            ->type_name(k_command_line);
    add_receiving_options(*sub, *options, *command);
    add_output_options(*sub, *options, *command);
    add_command_options(*sub, *options, *command);
    set_examples(*sub,
                 {{"rmqha consume jobs", "print every message as it comes"},
                  {"rmqha consume jobs -c 1 --idle-timeout 5s", "one message, or exit code 1"},
                  {"rmqha consume jobs --peek --format ndjson", "what is in the queue, which keeps it"},
                  {"rmqha consume events --offset 1h --format ndjson", "a stream, from an hour ago on"},
                  {"rmqha consume jobs --idle-timeout 2s > drained.txt", "drain a queue into a file"},
                  {"rmqha consume jobs --parallel 4 --on-failure requeue -- ./work", "a worker for each message"}});
    sub->callback([&chosen, options] { chosen = [options](Context& context) { return consume(context, *options); }; });
}

} // namespace rmqha::cmd
