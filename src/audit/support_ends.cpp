#include "audit/support_ends.hpp"

#include "base/units.hpp"

#include <fmt/core.h>

#include <array>

namespace rmqha::audit {
namespace {

using namespace std::chrono;

struct Series {
    std::int64_t major;
    std::int64_t minor;
    year_month_day ends;
};

constexpr std::array k_series{
    Series{3, 8, 2022y / July / 31},      Series{3, 9, 2023y / January / 31},   Series{3, 10, 2023y / July / 31},
    Series{3, 11, 2023y / December / 31}, Series{3, 12, 2024y / February / 21}, Series{3, 13, 2024y / September / 17},
    Series{4, 0, 2025y / April / 15},     Series{4, 1, 2026y / January / 30},
};

} // namespace

Support support_of(std::string_view version)
{
    auto const dot = version.find('.');
    if (dot == std::string_view::npos) {
        return {};
    }
    auto const end = std::min(version.find_first_not_of("0123456789", dot + 1), version.size());
    auto const major = base::parse_integer(version.substr(0, dot), 0, 1000);
    auto const minor = base::parse_integer(version.substr(dot + 1, end - dot - 1), 0, 1000);
    if (!major || !minor) {
        return {};
    }
    Support support{fmt::format("{}.{}", *major, *minor), {}};
    if (*major < k_series.front().major || (*major == k_series.front().major && *minor < k_series.front().minor)) {
        support.ends = sys_days(k_series.front().ends);
    }
    for (auto const& series : k_series) {
        if (series.major == *major && series.minor == *minor) {
            support.ends = sys_days(series.ends);
        }
    }
    return support;
}

} // namespace rmqha::audit
