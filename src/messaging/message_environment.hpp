#pragma once

#include "amqp/message.hpp"

#include <string>
#include <vector>

namespace rmqha::messaging {

/// What every variable of message_environment() begins with.
inline constexpr auto* k_message_prefix = "MESSAGE_";

/// A message without its body as environment variables, "NAME=value": MESSAGE_QUEUE, MESSAGE_EXCHANGE,
/// MESSAGE_ROUTING_KEY, MESSAGE_REDELIVERED, the properties it has (MESSAGE_ID, MESSAGE_CONTENT_TYPE, ...) and its
/// headers as MESSAGE_HEADER_NAME: the name in upper case, what is neither letter nor digit as "_". Of headers that
/// come to the same name the first counts. Arrays and tables are written as JSON. Left out is what an environment
/// cannot hold: a value with a NUL byte, and one of more than 128 KiB less the name (MAX_ARG_STRLEN of Linux).
std::vector<std::string> message_environment(std::string const& queue, amqp::Delivery const& delivery);

} // namespace rmqha::messaging
