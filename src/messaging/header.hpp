#pragma once

#include "amqp/message.hpp"

#include <string>
#include <string_view>

namespace rmqha::messaging {

/// Reads NAME=VALUE (a string) or NAME:TYPE=VALUE with TYPE one of string, int, double, bool, timestamp (seconds since
/// 1970). Throws base::Error(usage) quoting the text, its fault and what is allowed.
amqp::Field parse_header(std::string_view text);

} // namespace rmqha::messaging
