#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rmqha::base {

/// Reads "250ms", "3s", "5m", "2h", "1d", also with a fraction ("1.5s"). A bare number is refused, as are signs,
/// blanks and anything above 1000 days. Nothing when it is not a duration.
std::optional<milliseconds> parse_duration(std::string_view text);

/// Reads a size in bytes: "512", "64KiB", "10MB", "1GiB" (KiB, MiB, GiB, TiB count by 1024; kB, KB, MB, GB, TB by
/// 1000; a bare number is bytes). Nothing when it is not a size or exceeds 2^63.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// Reads a whole decimal number within [low, high], nothing else around it.
std::optional<std::int64_t> parse_integer(std::string_view text, std::int64_t low, std::int64_t high);

/// "0.4ms", "12ms", "3.2s", "5m10s", "2h3m", "4d2h": two significant parts, for people.
std::string format_duration(Duration duration);

/// "512 B", "64.0 KiB", "1.5 GiB": powers of 1024, for people.
std::string format_size(std::uint64_t bytes);

/// 1234567 as "1,234,567", for people.
std::string format_count(std::uint64_t count);

/// Reads RFC 3339: "2026-01-31T12:00:00Z", with a fraction of the second, an offset from UTC instead of Z ("+01:00"),
/// or the date alone, which is its beginning in UTC. Nothing when it is not such a time between 1970 and 9999.
std::optional<std::chrono::system_clock::time_point> parse_time(std::string_view text);

/// RFC 3339 in UTC with milliseconds: "2026-01-31T12:00:00.123Z".
std::string format_time(std::chrono::system_clock::time_point time);

} // namespace rmqha::base
