#include "config/levels.hpp"

#include "base/units.hpp"

#include <fmt/format.h>

namespace rmqha::config {

std::optional<Levels> parse_levels(std::string_view text, LevelRange range)
{
    auto const comma = text.find(',');
    auto const warning = base::parse_integer(text.substr(0, comma), range.low, range.high);
    if (!warning) {
        return std::nullopt;
    }
    Levels levels{*warning};
    if (comma != std::string_view::npos) {
        auto const low = range.falling ? range.low : *warning;
        auto const high = range.falling ? *warning : range.high;
        levels.critical = base::parse_integer(text.substr(comma + 1), low, high);
        if (!levels.critical) {
            return std::nullopt;
        }
    }
    return levels;
}

std::string levels_wanted(LevelRange range)
{
    bool const open = range.high == INT64_MAX;
    auto const* const example = range.falling ? "30,7" : open ? "1000,5000" : "85,95";
    return fmt::format("a whole number {}, or two such as {}, the second not {} the first",
                       open ? fmt::format("of at least {}", range.low)
                            : fmt::format("from {} to {}", range.low, range.high),
                       example, range.falling ? "above" : "below");
}

} // namespace rmqha::config
