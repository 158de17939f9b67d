#include "cmd/publish_input.hpp"

#include "cmd/options.hpp"

#include "base/encoding.hpp"
#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/utf8.hpp"
#include "messaging/envelope_source.hpp"
#include "messaging/header.hpp"
#include "messaging/template.hpp"

#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace rmqha::cmd {

namespace {

constexpr std::size_t k_largest_body = 512U << 20U; ///< RabbitMQ's own absolute limit

void add_property_options(CLI::App& sub, PublishInput& input)
{
    auto const add = [&](char const* name, std::string& target, char const* help) {
        sub.add_option(name, target, help)->type_name("TEXT")->group("Message properties");
    };
    sub.add_option("-H,--header", input.headers,
                   "A header, NAME=VALUE or NAME:TYPE=VALUE (string, int, double, bool, timestamp); repeat for more")
        ->type_name("HEADER")
        ->group("Message properties");
    sub.add_flag("--transient", input.transient, "Not persistent: lost when the node restarts")
        ->group("Message properties");
    add("--content-type", input.content_type, "MIME type of the body");
    add("--content-encoding", input.content_encoding, "Encoding of the body, such as gzip");
    add("--correlation-id", input.correlation_id, "Correlation id");
    add("--reply-to", input.reply_to, "Queue to reply to");
    add_duration(sub, "--expiration", input.expiration, "How long the message lives in a queue")
        ->group("Message properties");
    add_number(sub, "--priority", input.priority, {.low = 0, .high = 255}, "Priority")->group("Message properties");
    add_number(sub, "--timestamp", input.timestamp, {.low = 0}, "Seconds since 1970")->group("Message properties");
    add("--message-id", input.message_id, "Message id (default: one made up for each message)");
    add("--type", input.type, "Type name");
    add("--user-id", input.user_id, "User id; the broker checks it against the login");
    add("--app-id", input.app_id, "Application id");
}

std::optional<std::string> given(std::string const& text)
{
    return text.empty() ? std::nullopt : std::optional(text);
}

amqp::Properties properties_of(PublishInput const& input)
{
    amqp::Properties properties{.content_type = given(input.content_type),
                                .content_encoding = given(input.content_encoding),
                                .delivery_mode = input.transient ? std::uint8_t{1} : std::uint8_t{2},
                                .priority = input.priority,
                                .correlation_id = given(input.correlation_id),
                                .reply_to = given(input.reply_to),
                                .message_id = given(input.message_id),
                                .timestamp = input.timestamp,
                                .type = given(input.type),
                                .user_id = given(input.user_id),
                                .app_id = given(input.app_id)};
    if (input.expiration) {
        properties.expiration = std::to_string(input.expiration->count());
    }
    for (auto const& header : input.headers) {
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

messaging::RecordSourceOptions record_options(PublishInput const& input)
{
    // An envelope is longer than its body, by a third when that is base64.
    return {.delimiter = input.null ? '\0' : '\n', .limit = input.ndjson ? 2 * k_largest_body : k_largest_body};
}

} // namespace

std::unique_ptr<messaging::Source> make_source(PublishInput const& input, base::TimePoint deadline,
                                               base::Stop const& stop)
{
    if (input.count && !input.lines && !input.null && !input.ndjson) {
        throw base::Error(base::ExitCode::usage, "--count: the input is one message",
                          "Add --lines, -0 or --ndjson; --repeat sends the one message several times.");
    }
    messaging::KeyTemplate key(input.routing_key);
    messaging::Message message{.exchange = input.exchange,
                               .routing_key = key.has_fields() ? "" : key.render(""),
                               .properties = properties_of(input),
                               .body = {}};
    std::unique_ptr<messaging::Source> source;
    if (input.ndjson) {
        auto lines = messaging::make_record_source(open_input(input.file), {}, record_options(input));
        source = messaging::make_envelope_source(std::move(lines), std::move(message), std::move(key));
    } else if (input.lines || input.null) {
        source = messaging::make_record_source(open_input(input.file), std::move(message), record_options(input));
    } else {
        message.body = input.body ? *input.body
                                  : messaging::read_whole(open_input(input.file).get(),
                                                          {.limit = k_largest_body, .deadline = deadline}, stop);
        source = messaging::make_repeating_source(std::move(message), input.repeat.value_or(1));
    }
    if (!input.ndjson && key.has_fields()) {
        source = messaging::make_keyed_source(std::move(source), std::move(key));
    }
    return input.count ? messaging::make_limited_source(std::move(source), *input.count) : std::move(source);
}

std::map<std::string, std::string> target_of(PublishInput const& input, std::string const& vhost)
{
    auto const text = [](std::string const& bytes) {
        return base::is_utf8(bytes) ? bytes : "base64 " + base::to_base64(bytes);
    };
    return {{"vhost", text(vhost)},
            {"exchange", text(input.exchange)},
            {"routing key", text(input.routing_key)},
            {"kind of input", input.ndjson  ? "--ndjson"
                              : input.lines ? "--lines"
                              : input.null  ? "--null"
                                            : "one message"}};
}

void add_publish_input(CLI::App& sub, PublishInput& input)
{
    auto* const body =
        sub.add_option("body", input.body, "The message; without it, standard input or --file is the message")
            ->type_name("BODY");
    auto* const file = sub.add_option("-f,--file", input.file,
                                      "Read the message, or with --lines, -0 or --ndjson the messages, from here")
                           ->type_name("FILE");
    auto* const lines = sub.add_flag("-l,--lines", input.lines, "Each line of the input is a message");
    auto* const null =
        sub.add_flag("-0,--null", input.null, "Each record of the input that ends in a NUL byte is a message");
    auto* const ndjson = sub.add_flag("--ndjson", input.ndjson,
                                      "Each line of the input is a message as JSON, with body, routing_key, headers …");
    sub.add_option("-e,--exchange", input.exchange, "Exchange to publish to (default: the default exchange)")
        ->type_name("NAME");
    sub.add_option("-r,--routing-key", input.routing_key,
                   "Routing key; on the default exchange, the queue's name. {user.id} is a member of the message's "
                   "JSON, {1} its first word")
        ->type_name("KEY");
    auto* const count = add_number(sub, "-c,--count", input.count, {.low = 1},
                                   "With --lines, -0 or --ndjson: stop after so many messages");
    auto* const repeat = add_number(sub, "--repeat", input.repeat, {.low = 1}, "Send the one message so many times");
    body->excludes(file)->excludes(lines)->excludes(null)->excludes(ndjson);
    lines->excludes(null)->excludes(ndjson);
    null->excludes(ndjson);
    repeat->excludes(lines)->excludes(null)->excludes(ndjson)->excludes(count);
    add_property_options(sub, input);
}

} // namespace rmqha::cmd
