#pragma once

#include "health/report.hpp"

#include <optional>
#include <string>
#include <vector>

namespace rmqha::health {

/// What a Nagios plugin prints (monitoring-plugins.org, development guidelines): one line of at most 80 characters,
/// then "|" and the performance data; below it each finding with what to do next, at most 25 of them. What no plugin
/// may print (control characters, a "|" of its own, bytes that are not UTF-8) is replaced. Ends with a line end. Pure.
std::string nagios_text(Report const& report);

/// One figure of the performance data.
struct Perfdatum {
    std::string label;
    std::optional<double> value; ///< nothing: not known, written U
    std::string unit{};          ///< "", "%", "s", "B"
    std::string warning{};       ///< a range as Nagios writes them, "80:" being below 80
    std::string critical{};
    std::optional<double> min{};
    std::optional<double> max{};
};

/// 'label'=value[UOM];warn;crit;min;max, without what is not known at the end; quoted where the label needs it.
std::string to_text(Perfdatum const& datum);

/// The figures of the chosen checks. Pure.
std::vector<Perfdatum> perfdata_of(Report const& report);

} // namespace rmqha::health
