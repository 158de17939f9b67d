#include "cmd/command.hpp"
#include "cmd/connection.hpp"
#include "cmd/options.hpp"

#include "base/fd.hpp"
#include "base/units.hpp"
#include "messaging/header.hpp"
#include "messaging/publisher.hpp"
#include "output/json.hpp"

#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace rmqha::cmd {

namespace {

using messaging::Ledger;

constexpr std::size_t k_largest_body = 512U << 20U; ///< RabbitMQ's own absolute limit

struct Options {
    std::optional<std::string> body;
    std::string file;
    bool lines = false;
    bool null = false;
    std::string exchange;
    std::string routing_key;
    std::vector<std::string> headers;
    bool transient = false;
    bool no_mandatory = false;
    bool no_ids = false;
    bool no_confirm = false;
    std::optional<std::uint64_t> count;
    std::optional<std::uint64_t> repeat;
    std::string content_type, content_encoding, correlation_id, reply_to, message_id, type, user_id, app_id;
    std::optional<base::milliseconds> expiration;
    std::optional<std::uint8_t> priority;
    std::optional<std::uint64_t> timestamp;
    messaging::PublishOptions publish;
};

std::optional<std::string> given(std::string const& text)
{
    return text.empty() ? std::nullopt : std::optional(text);
}

amqp::Properties properties_of(Options const& options)
{
    amqp::Properties properties{.content_type = given(options.content_type),
                                .content_encoding = given(options.content_encoding),
                                .delivery_mode = options.transient ? std::uint8_t{1} : std::uint8_t{2},
                                .priority = options.priority,
                                .correlation_id = given(options.correlation_id),
                                .reply_to = given(options.reply_to),
                                .message_id = given(options.message_id),
                                .timestamp = options.timestamp,
                                .type = given(options.type),
                                .user_id = given(options.user_id),
                                .app_id = given(options.app_id)};
    if (options.expiration) {
        properties.expiration = std::to_string(options.expiration->count());
    }
    for (auto const& header : options.headers) {
        properties.headers.push_back(messaging::parse_header(header));
    }
    return properties;
}

base::Fd open_input(std::string const& file)
{
    base::Fd fd(file.empty() || file == "-" ? ::dup(STDIN_FILENO) : ::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) {
        throw base::Error(base::ExitCode::data,
                          fmt::format("cannot read \"{}\": {}", file.empty() ? "standard input" : file,
                                      std::generic_category().message(errno)));
    }
    return fd;
}

std::unique_ptr<messaging::Source> source_of(Options const& options, base::Stop const& stop)
{
    messaging::Message message{.exchange = options.exchange,
                               .routing_key = options.routing_key,
                               .properties = properties_of(options),
                               .body = {}};
    if (options.lines || options.null) {
        auto records = messaging::make_record_source(open_input(options.file), options.null ? '\0' : '\n',
                                                     std::move(message), k_largest_body);
        return options.count ? messaging::make_limited_source(std::move(records), *options.count) : std::move(records);
    }
    message.body =
        options.body ? *options.body : messaging::read_whole(open_input(options.file).get(), k_largest_body, stop);
    return messaging::make_repeating_source(std::move(message), options.repeat.value_or(1));
}

std::string summary(Ledger const& ledger)
{
    std::string text;
    auto const add = [&](std::uint64_t count, std::string_view what, bool always = false) {
        if (count > 0 || always) {
            text += fmt::format("{}{} {}", text.empty() ? "" : ", ", base::format_count(count), what);
        }
    };
    add(ledger.unconfirmed, "sent without confirms");
    add(ledger.confirmed, "confirmed", ledger.unconfirmed == 0);
    add(ledger.nacked, "nacked");
    add(ledger.returned, "returned");
    add(ledger.refused, "refused");
    add(ledger.unknown, "unknown");
    text += fmt::format(" of {} in {}", base::format_count(ledger.read), base::format_duration(ledger.elapsed));
    add(ledger.resent, "resent");
    add(ledger.maybe_duplicate, "perhaps duplicated");
    add(ledger.reconnects, ledger.reconnects == 1 ? "reconnect" : "reconnects");
    return text + "\n";
}

nlohmann::ordered_json to_json(Ledger const& ledger)
{
    auto const ms = [](base::Duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); };
    nlohmann::ordered_json result = {{"schema_version", 1},
                                     {"read", ledger.read},
                                     {"confirmed", ledger.confirmed},
                                     {"nacked", ledger.nacked},
                                     {"returned", ledger.returned},
                                     {"refused", ledger.refused},
                                     {"unknown", ledger.unknown},
                                     {"unconfirmed", ledger.unconfirmed},
                                     {"resent", ledger.resent},
                                     {"maybe_duplicate", ledger.maybe_duplicate},
                                     {"reconnects", ledger.reconnects},
                                     {"elapsed_ms", ms(ledger.elapsed)},
                                     {"blocked_ms", ms(ledger.blocked)},
                                     {"longest_silence_ms", ms(ledger.longest_silence)}};
    result["first_failure"] =
        ledger.first_failure.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(ledger.first_failure);
    return result;
}

std::string progress_line(Ledger const& ledger, std::optional<std::uint64_t> total, std::size_t in_flight,
                          std::string const& node)
{
    auto const done = ledger.confirmed + ledger.unconfirmed + ledger.failed();
    auto const seconds = std::max(std::chrono::duration<double>(ledger.elapsed).count(), 1e-3);
    auto const rate = static_cast<double>(done) / seconds;
    auto line = base::format_count(done);
    if (total && *total > 0) {
        line += fmt::format(" of {} ({}%)", base::format_count(*total), done * 100 / *total);
    }
    line +=
        fmt::format(", {}/s, {} under way, {}", base::format_count(static_cast<std::uint64_t>(rate)), in_flight, node);
    if (ledger.reconnects > 0) {
        line += fmt::format(", {} reconnect{}", ledger.reconnects, ledger.reconnects == 1 ? "" : "s");
    }
    if (total && *total > done && rate > 0) {
        auto const left = std::chrono::duration<double>(static_cast<double>(*total - done) / rate);
        line += fmt::format(", {} left", base::format_duration(std::chrono::duration_cast<base::Duration>(left)));
    }
    return line;
}

void show(Context& context, Ledger const& ledger)
{
    context.console.clear_progress();
    if (context.format() == output::Format::table) {
        context.console.answer(summary(ledger));
    } else {
        context.console.answer(output::to_text(to_json(ledger), context.format() == output::Format::json));
    }
}

base::ExitCode publish(Context& context, Options const& options)
{
    auto const& settings = context.settings();
    auto publishing = options.publish;
    publishing.confirms = !options.no_confirm;
    publishing.mandatory = !options.no_mandatory && !options.no_confirm;
    publishing.identify = !options.no_ids;
    publishing.blocked_timeout = settings.blocked_timeout;
    publishing.connection_attempts = settings.connection_attempts;
    publishing.retry_delay = settings.retry_delay;
    publishing.deadline = settings.deadline ? context.deadline(*settings.deadline) : base::k_never;

    auto const source = source_of(options, context.stop);
    auto connector = make_connector(context, "publish");
    auto& console = context.console;
    messaging::Publisher publisher(connector, publishing,
                                   {.progress =
                                        [&](Ledger const& ledger, std::size_t in_flight, std::string const& node) {
                                            console.progress(progress_line(ledger, source->total(), in_flight, node));
                                        },
                                    .failed = {},
                                    .note = [&](std::string const& text) { console.note(text); }},
                                   context.stop);
    try {
        publisher.run(*source);
    } catch (...) {
        show(context, publisher.ledger());
        throw;
    }
    auto const& ledger = publisher.ledger();
    show(context, ledger);
    if (ledger.failed() == 0) {
        return base::ExitCode::ok;
    }
    console.error(fmt::format("{} of {} messages did not make it; the first: {}", base::format_count(ledger.failed()),
                              base::format_count(ledger.read), ledger.first_failure),
                  "");
    return base::ExitCode::partial;
}

void add_property_options(CLI::App& sub, Options& options)
{
    auto const add = [&](char const* name, std::string& target, char const* help) {
        sub.add_option(name, target, help)->type_name("TEXT")->group("Message properties");
    };
    sub.add_option("-H,--header", options.headers,
                   "A header, NAME=VALUE or NAME:TYPE=VALUE (string, int, double, bool, timestamp); repeat for more")
        ->type_name("HEADER")
        ->group("Message properties");
    sub.add_flag("--transient", options.transient, "Not persistent: lost when the node restarts")
        ->group("Message properties");
    add("--content-type", options.content_type, "MIME type of the body");
    add("--content-encoding", options.content_encoding, "Encoding of the body, such as gzip");
    add("--correlation-id", options.correlation_id, "Correlation id");
    add("--reply-to", options.reply_to, "Queue to reply to");
    add_duration(sub, "--expiration", options.expiration, "How long the message lives in a queue")
        ->group("Message properties");
    add_number(sub, "--priority", options.priority, {.low = 0, .high = 255}, "Priority")->group("Message properties");
    add_number(sub, "--timestamp", options.timestamp, {.low = 0}, "Seconds since 1970")->group("Message properties");
    add("--message-id", options.message_id, "Message id (default: one made up for each message)");
    add("--type", options.type, "Type name");
    add("--user-id", options.user_id, "User id; the broker checks it against the login");
    add("--app-id", options.app_id, "Application id");
    sub.add_flag("--no-ids", options.no_ids, "No message-id and x-rmqha-seq header of our own")
        ->group("Message properties");
}

} // namespace

void add_publish(CLI::App& app, Action& chosen)
{
    auto const options = std::make_shared<Options>();
    auto* const sub = app.add_subcommand("publish", "Send messages and wait until the broker has confirmed each");
    auto* const body =
        sub->add_option("body", options->body, "The message; without it, standard input or --file is the message")
            ->type_name("BODY");
    auto* const file =
        sub->add_option("-f,--file", options->file, "Read the message, or with --lines the messages, from here")
            ->type_name("FILE");
    auto* const lines = sub->add_flag("-l,--lines", options->lines, "Each line of the input is a message");
    auto* const null =
        sub->add_flag("-0,--null", options->null, "Each record of the input that ends in a NUL byte is a message");
    sub->add_option("-e,--exchange", options->exchange, "Exchange to publish to (default: the default exchange)")
        ->type_name("NAME");
    sub->add_option("-r,--routing-key", options->routing_key, "Routing key; on the default exchange, the queue's name")
        ->type_name("KEY");
    auto* const count =
        add_number(*sub, "-c,--count", options->count, {.low = 1}, "With --lines or -0: stop after so many messages");
    auto* const repeat =
        add_number(*sub, "--repeat", options->repeat, {.low = 1}, "Send the one message so many times");
    add_number(*sub, "--window", options->publish.window, {.low = 1, .high = 1'000'000},
               "Messages under way without a confirm (default 1000)");
    add_number(
        *sub, "--rate", [options](std::int64_t n) { options->publish.rate = static_cast<double>(n); },
        {.low = 1, .high = 100'000'000}, "Messages per second (default: as fast as it goes)");
    sub->add_flag("--no-mandatory", options->no_mandatory,
                  "Let the broker drop what no queue takes, instead of returning it");
    sub->add_flag("--no-confirm", options->no_confirm, "Do not ask for confirms: nobody will know what was lost");
    add_duration(*sub, "--confirm-timeout", options->publish.confirm_timeout,
                 "Without a confirm for so long, try another node (default 20s)");
    add_duration(*sub, "--nack-timeout", options->publish.nack_timeout,
                 "How long to repeat a message that the broker refuses (default 10s)");
    body->excludes(file)->excludes(lines)->excludes(null);
    lines->excludes(null);
    repeat->excludes(lines)->excludes(null)->excludes(count);
    add_property_options(*sub, *options);
    set_examples(*sub, {{"rmqha publish -r jobs \"hello\"", "one message into the queue jobs"},
                        {"rmqha publish -r jobs --lines < jobs.txt", "a message for each line"},
                        {"rmqha publish -e events -r user.new -H tries:int=1 -f user.json",
                         "a file, with a header, to an exchange"}});
    sub->callback([&chosen, options] { chosen = [options](Context& context) { return publish(context, *options); }; });
}

} // namespace rmqha::cmd
