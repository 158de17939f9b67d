#include "messaging/stream_offset.hpp"

#include "base/error.hpp"
#include "base/units.hpp"

#include <fmt/format.h>

#include <limits>

namespace rmqha::messaging {

StreamOffset parse_stream_offset(std::string_view text, std::chrono::system_clock::time_point now)
{
    if (text == "first") {
        return StreamPlace::first;
    }
    if (text == "last") {
        return StreamPlace::last;
    }
    if (text == "next") {
        return StreamPlace::next;
    }
    if (auto const number = base::parse_integer(text, 0, std::numeric_limits<std::int64_t>::max())) {
        return static_cast<std::uint64_t>(*number);
    }
    if (auto const age = base::parse_duration(text)) {
        return std::chrono::floor<std::chrono::seconds>(now - *age);
    }
    if (auto const time = base::parse_time(text)) {
        return std::chrono::floor<std::chrono::seconds>(*time);
    }
    throw base::Error(base::ExitCode::usage, fmt::format("\"{}\" is no place in a stream", text),
                      "Write first, last, next, a message's offset such as 5000, an age such as 1h, or a time such as "
                      "2026-01-31T12:00:00Z.");
}

} // namespace rmqha::messaging
