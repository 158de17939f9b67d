#include "cmd/consume_output.hpp"

#include "base/spelling.hpp"
#include "base/units.hpp"
#include "messaging/envelope.hpp"
#include "messaging/template.hpp"

#include <fmt/format.h>

#include <array>
#include <memory>

namespace rmqha::cmd {

namespace {

std::array<std::string, 2> const k_formats{"body", "ndjson"};

using Write = std::function<void(amqp::Delivery const&)>;

Write ndjson_writer(output::Console& console)
{
    return [&console](amqp::Delivery const& delivery) {
        console.keep_back(messaging::write_envelope({.exchange = delivery.exchange,
                                                     .routing_key = delivery.routing_key,
                                                     .properties = delivery.properties,
                                                     .body = delivery.body,
                                                     .redelivered = delivery.redelivered}));
        console.keep_back("\n");
    };
}

Write body_writer(output::Console& console, std::string const& separator)
{
    return [&console, separator](amqp::Delivery const& delivery) {
        console.keep_back(delivery.body);
        console.keep_back(separator);
    };
}

Write template_writer(output::Console& console, DeliveryLayout const& layout)
{
    if (!messaging::Template(layout.format, {.escapes = true}).has_fields()) {
        throw base::Error(
            base::ExitCode::usage,
            fmt::format("--format: \"{}\" is no format, and no template as it has no field", layout.format),
            fmt::format("It takes body, ndjson, or text with fields: '{{routing_key}}: {{body}}'.{}",
                        base::did_you_mean(layout.format, k_formats)));
    }
    auto const lines = std::make_shared<messaging::DeliveryTemplate>(layout.format);
    return [&console, lines, separator = layout.separator](amqp::Delivery const& delivery) {
        std::string text;
        lines->render(delivery, text);
        console.keep_back(text += separator);
    };
}

bool wants_ndjson(Context const& context, DeliveryLayout const& layout)
{
    return layout.format.empty() ? context.format() != output::Format::table
                                 : layout.format == "ndjson" || layout.format == "json";
}

Write writer(Context& context, DeliveryLayout const& layout)
{
    if (wants_ndjson(context, layout)) {
        if (layout.separator != "\n") {
            throw base::Error(base::ExitCode::usage,
                              "--null and --no-separator: NDJSON is one message a line, whatever is in it",
                              "Leave them out, or write the bodies with --format body.");
        }
        return ndjson_writer(context.console);
    }
    bool const bodies = layout.format.empty() || layout.format == "body" || layout.format == "table";
    return bodies ? body_writer(context.console, layout.separator) : template_writer(context.console, layout);
}

bool flush(output::Console& console)
{
    console.flush_some();
    return !console.closed();
}

pollfd room(output::Console const& console)
{
    return {.fd = console.answer_fd(), .events = POLLOUT, .revents = 0};
}

} // namespace

messaging::Sink make_delivery_sink(Context& context, DeliveryLayout const& layout)
{
    auto& console = context.console;
    return {.take = writer(context, layout),
            .flush = [&console] { return flush(console); },
            .unwritten = [&console] { return console.kept_back(); },
            .room = [&console] { return room(console); }};
}

messaging::CommandHandler::Output make_command_output(output::Console& console)
{
    return {.write = [&console](std::string_view text) { console.keep_back(text); },
            .flush = [&console] { return flush(console); },
            .unwritten = [&console] { return console.kept_back(); },
            .room = [&console] { return room(console); },
            .failed = [&console](std::string const& text) { console.warn(text); }};
}

std::string consume_summary(messaging::ConsumeSummary const& summary,
                            messaging::CommandHandler::Summary const& commands)
{
    auto text = fmt::format("{} received, {} acknowledged in {}", base::format_count(summary.received),
                            base::format_count(summary.acknowledged), base::format_duration(summary.elapsed));
    auto const add = [&](std::uint64_t count, std::string_view what) {
        if (count > 0) {
            text += fmt::format(", {} {}", base::format_count(count), what);
        }
    };
    add(commands.failed, commands.failed == 1 ? "command failed" : "commands failed");
    add(summary.requeued, "put back");
    add(summary.rejected, "rejected");
    add(commands.orphaned, "done but to come again, as the connection was lost meanwhile");
    add(summary.redelivered, "redelivered");
    add(summary.cancelled, "subscriptions ended by the broker");
    if (summary.next_offset) {
        text += fmt::format(", next is offset {}", *summary.next_offset);
    }
    add(summary.reconnects, summary.reconnects == 1 ? "reconnect" : "reconnects");
    return text;
}

} // namespace rmqha::cmd
