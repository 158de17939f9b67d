#include "base/units.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace rmqha::base {

namespace {

struct Unit {
    std::string_view name;
    double factor;
};

constexpr std::array k_time_units{Unit{"ms", 1}, Unit{"s", 1e3}, Unit{"m", 60e3}, Unit{"h", 3600e3},
                                  Unit{"d", 86400e3}};
constexpr std::array k_size_units{Unit{"", 1},
                                  Unit{"B", 1},
                                  Unit{"kB", 1e3},
                                  Unit{"KB", 1e3},
                                  Unit{"MB", 1e6},
                                  Unit{"GB", 1e9},
                                  Unit{"TB", 1e12},
                                  Unit{"KiB", 1024.0},
                                  Unit{"MiB", 1048576.0},
                                  Unit{"GiB", 1073741824.0},
                                  Unit{"TiB", 1099511627776.0}};

template <std::size_t N>
std::optional<double> parse_with_unit(std::string_view text, std::array<Unit, N> const& units)
{
    auto const digits = text.find_first_not_of("0123456789.");
    auto const number = text.substr(0, digits);
    auto const name = digits == std::string_view::npos ? std::string_view{} : text.substr(digits);
    double value = 0;
    auto const [end, error] =
        std::from_chars(number.data(), number.data() + number.size(), value, std::chars_format::fixed);
    if (number.empty() || error != std::errc{} || end != number.data() + number.size()) {
        return std::nullopt;
    }
    for (auto const& unit : units) {
        if (unit.name == name) {
            return value * unit.factor;
        }
    }
    return std::nullopt;
}

} // namespace

std::optional<milliseconds> parse_duration(std::string_view text)
{
    auto const value = parse_with_unit(text, k_time_units);
    constexpr double k_thousand_days = 1000 * 86400e3;
    if (!value || *value > k_thousand_days) {
        return std::nullopt;
    }
    return milliseconds(std::llround(*value));
}

std::optional<std::uint64_t> parse_size(std::string_view text)
{
    auto const value = parse_with_unit(text, k_size_units);
    constexpr double k_most = 9.2e18;
    if (!value || *value > k_most) {
        return std::nullopt;
    }
    return static_cast<std::uint64_t>(std::llround(*value));
}

std::optional<std::int64_t> parse_integer(std::string_view text, std::int64_t low, std::int64_t high)
{
    std::int64_t value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size() || value < low || value > high) {
        return std::nullopt;
    }
    return value;
}

std::string format_duration(Duration duration)
{
    using namespace std::chrono;
    if (duration < Duration::zero()) {
        return "-" + format_duration(-duration);
    }
    auto const ms = duration_cast<std::chrono::duration<double, std::milli>>(duration).count();
    if (ms < 9.95) {
        return fmt::format("{:.1f}ms", ms);
    }
    if (ms < 999.5) {
        return fmt::format("{:.0f}ms", ms);
    }
    if (ms < 59'950) {
        return fmt::format("{:.1f}s", ms / 1000);
    }
    auto const total = std::llround(ms / 1000);
    auto const two = [](long long high, char const* high_unit, long long low, char const* low_unit) {
        return low == 0 ? fmt::format("{}{}", high, high_unit)
                        : fmt::format("{}{}{}{}", high, high_unit, low, low_unit);
    };
    if (total < 3600) {
        return two(total / 60, "m", total % 60, "s");
    }
    if (total < 86400) {
        return two(total / 3600, "h", total % 3600 / 60, "m");
    }
    return two(total / 86400, "d", total % 86400 / 3600, "h");
}

std::string format_size(std::uint64_t bytes)
{
    constexpr std::array k_names{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (bytes < 1024) {
        return fmt::format("{} B", bytes);
    }
    auto value = static_cast<double>(bytes) / 1024;
    std::size_t name = 0;
    while (value >= 1023.95 && name + 1 < k_names.size()) {
        value /= 1024;
        ++name;
    }
    return fmt::format("{:.1f} {}", value, k_names.at(name));
}

std::string format_count(std::uint64_t count)
{
    auto text = std::to_string(count);
    for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3) {
        text.insert(static_cast<std::size_t>(at), ",");
    }
    return text;
}

std::optional<std::chrono::system_clock::time_point> parse_time(std::string_view text)
{
    using namespace std::chrono;
    auto const take = [&text](std::size_t digits, std::int64_t high) -> std::optional<std::int64_t> {
        auto const part = text.substr(0, digits);
        auto const all_digits = part.find_first_not_of("0123456789") == std::string_view::npos;
        text.remove_prefix(part.size());
        return part.size() == digits && all_digits ? parse_integer(part, 0, high) : std::nullopt;
    };
    auto const skip = [&text](std::string_view any_of) -> char {
        if (text.empty() || any_of.find(text.front()) == std::string_view::npos) {
            return '\0';
        }
        char const found = text.front();
        text.remove_prefix(1);
        return found;
    };
    auto const years = take(4, 9999);
    auto const months = skip("-") != '\0' ? take(2, 12) : std::nullopt;
    auto const days_of_month = skip("-") != '\0' ? take(2, 31) : std::nullopt;
    if (!years || !months || !days_of_month) {
        return std::nullopt;
    }
    year_month_day const date(year(static_cast<int>(*years)), month(static_cast<unsigned>(*months)),
                              day(static_cast<unsigned>(*days_of_month)));
    if (!date.ok() || *years < 1970) {
        return std::nullopt;
    }
    system_clock::time_point time = sys_days(date);
    if (text.empty()) {
        return time;
    }
    auto const hour = skip("Tt ") != '\0' ? take(2, 23) : std::nullopt;
    auto const minute = skip(":") != '\0' ? take(2, 59) : std::nullopt;
    auto const second = skip(":") != '\0' ? take(2, 60) : std::nullopt; // 60: a leap second
    if (!hour || !minute || !second) {
        return std::nullopt;
    }
    time += hours(*hour) + minutes(*minute) + seconds(*second);
    if (skip(".") != '\0') {
        auto const length = std::min(text.find_first_not_of("0123456789"), text.size());
        auto const digits = text.substr(0, std::min<std::size_t>(length, 3));
        auto const fraction = parse_integer(digits, 0, 999);
        if (!fraction) {
            return std::nullopt;
        }
        constexpr std::array k_scale{1000, 100, 10, 1};
        time += milliseconds(*fraction * k_scale.at(digits.size()));
        text.remove_prefix(length);
    }
    char const zone = skip("Zz+-");
    if (zone == '+' || zone == '-') {
        auto const zone_hours = take(2, 23);
        auto const zone_minutes = skip(":") != '\0' ? take(2, 59) : std::nullopt;
        if (!zone_hours || !zone_minutes) {
            return std::nullopt;
        }
        auto const ahead = hours(*zone_hours) + minutes(*zone_minutes);
        time += zone == '+' ? -ahead : ahead;
    }
    return zone != '\0' && text.empty() ? std::optional(time) : std::nullopt;
}

std::string format_time(std::chrono::system_clock::time_point time)
{
    auto const whole = std::chrono::floor<milliseconds>(time);
    auto const ms = (whole.time_since_epoch() % std::chrono::seconds(1)).count();
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(whole)), ms);
}

} // namespace rmqha::base
