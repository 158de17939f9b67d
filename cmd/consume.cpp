#include "cmd/command.hpp"
#include "cmd/connection.hpp"
#include "cmd/options.hpp"

#include "base/units.hpp"
#include "messaging/consumer.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace rmqha::cmd {

namespace {

struct Options {
    messaging::ConsumeOptions consume;
    bool null = false;
    bool no_separator = false;
};

std::string summary(messaging::ConsumeSummary const& summary)
{
    auto text = fmt::format("{} received, {} acknowledged in {}", base::format_count(summary.received),
                            base::format_count(summary.acknowledged), base::format_duration(summary.elapsed));
    auto const add = [&](std::uint64_t count, std::string_view what) {
        if (count > 0) {
            text += fmt::format(", {} {}", base::format_count(count), what);
        }
    };
    add(summary.redelivered, "redelivered");
    add(summary.cancelled, "subscriptions ended by the broker");
    add(summary.reconnects, summary.reconnects == 1 ? "reconnect" : "reconnects");
    return text;
}

base::ExitCode consume(Context& context, Options const& options)
{
    auto const& settings = context.settings();
    auto consuming = options.consume;
    consuming.connection_attempts = settings.connection_attempts;
    consuming.retry_delay = settings.retry_delay;
    consuming.deadline = settings.deadline ? context.deadline(*settings.deadline) : base::k_never;
    auto connector = make_connector(context, "consume");
    auto& console = context.console;
    std::string separator(options.no_separator ? 0 : 1, options.null ? '\0' : '\n');
    messaging::Consumer consumer(
        connector, consuming, [&](std::string const& text) { console.note(text); }, context.stop);
    messaging::Sink const sink{
        .take = [&](amqp::Delivery const& delivery) { console.answer(delivery.body + separator); },
        .flush =
            [&] {
                console.flush();
                return !console.closed();
            }};
    try {
        consumer.run(sink);
    } catch (...) {
        console.note(summary(consumer.summary()));
        throw;
    }
    console.note(summary(consumer.summary()));
    bool const short_of_count = consuming.count && consumer.summary().received < *consuming.count && !console.closed();
    return short_of_count ? base::ExitCode::no : base::ExitCode::ok;
}

} // namespace

void add_consume(CLI::App& app, Action& chosen)
{
    auto const options = std::make_shared<Options>();
    auto* const sub =
        app.add_subcommand("consume", "Receive messages from a queue; each is acknowledged once it is written out");
    sub->add_option("queue", options->consume.queue, "The queue")->required()->type_name("QUEUE");
    add_number(*sub, "-c,--count", options->consume.count, {.low = 1},
               "End after so many messages; exit 1 if --idle-timeout comes first");
    add_duration(*sub, "--idle-timeout", options->consume.idle_timeout,
                 "End when no message came for so long (default: wait for ever)");
    add_number(*sub, "--prefetch", options->consume.prefetch, {.low = 1, .high = 65535},
               "Messages the broker sends ahead of acknowledgements (default 200)");
    sub->add_flag("--auto-ack", options->consume.auto_ack,
                  "Let the broker forget a message once sent: what is under way when a connection breaks is lost");
    auto* const null = sub->add_flag("-0,--null", options->null, "End each body with a NUL byte instead of a newline");
    sub->add_flag("--no-separator", options->no_separator, "Write the bodies with nothing between")->excludes(null);
    set_examples(*sub, {{"rmqha consume jobs", "print every message as it comes"},
                        {"rmqha consume jobs -c 1 --idle-timeout 5s", "one message, or exit code 1"},
                        {"rmqha consume jobs --idle-timeout 2s > drained.txt", "drain a queue into a file"}});
    sub->callback([&chosen, options] { chosen = [options](Context& context) { return consume(context, *options); }; });
}

} // namespace rmqha::cmd
