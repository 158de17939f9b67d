#pragma once

#include "cmd/command.hpp"

#include "messaging/command_handler.hpp"
#include "messaging/consumer.hpp"
#include "messaging/sink.hpp"

#include <string>

namespace rmqha::cmd {

/// How consume writes messages.
struct DeliveryLayout {
    std::string format; ///< body, ndjson, or a template; empty: as --format of all commands says
    std::string separator = "\n";
};

/// Writes messages as `layout` says, never waiting for the reader. Throws Error(usage) for a template that cannot be.
messaging::Sink make_delivery_sink(Context& context, DeliveryLayout const& layout);

/// Writes what commands write, the same way; tells of failures on stderr.
messaging::CommandHandler::Output make_command_output(output::Console& console);

/// What was received and what became of it, in one line.
std::string consume_summary(messaging::ConsumeSummary const& summary,
                            messaging::CommandHandler::Summary const& commands);

} // namespace rmqha::cmd
