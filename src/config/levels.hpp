#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rmqha::config {

/// From where on a figure is worth a warning, and from where on it is critical; without the second it never is.
struct Levels {
    std::int64_t warning = 0;
    std::optional<std::int64_t> critical{};

    bool operator==(Levels const&) const = default;
};

/// What both levels of a figure may be, ends included.
struct LevelRange {
    std::int64_t low = 0;
    std::int64_t high = 0;
    bool falling = false; ///< the lower a figure, the worse: both levels are reached from above
};
inline constexpr LevelRange k_percent_levels{1, 100};
inline constexpr LevelRange k_count_levels{0, INT64_MAX};
inline constexpr LevelRange k_days_left_levels{0, 3650, true};

/// Reads "85" (a warning from 85 on) or "85,95" (critical from 95 on); "30,7" where figures fall. Nothing when it is
/// neither, out of range, or critical before it is a warning.
std::optional<Levels> parse_levels(std::string_view text, LevelRange range);

/// "a whole number from 1 to 100, or two of them such as 85,95, the second not below the first", for messages.
std::string levels_wanted(LevelRange range);

} // namespace rmqha::config
