#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>
#include <variant>

namespace rmqha::messaging {

/// Where reading a stream begins: RabbitMQ's x-stream-offset.
enum class StreamPlace {
    first, ///< the oldest message still there
    last,  ///< the last chunk that was written: some of the newest messages
    next,  ///< what comes from now on
};
/// Or a message's number; or, to the second, when the chunk that holds a message was written.
using StreamOffset = std::variant<StreamPlace, std::uint64_t, std::chrono::sys_seconds>;

/// Reads "first", "last", "next", a number, a duration before `now` ("1h"), or a time (base::parse_time). Throws
/// base::Error(usage).
StreamOffset parse_stream_offset(std::string_view text, std::chrono::system_clock::time_point now);

} // namespace rmqha::messaging
