#pragma once

#include "health/report.hpp"

#include <string>

namespace rmqha::health {

/// What counts in a report, and what has gone, as Alertmanager's API takes it (v2, POST /api/v2/alerts): an alert for
/// each finding, named by its code, with the labels cluster, object and severity. It ends `lifetime` after the report
/// unless it is told again; what has gone ends at the report. Skipped findings are none. Pure.
std::string alerts_json(Report const& report, base::milliseconds lifetime);

/// What counted in `before` and does not any more in `report`: not what nobody could look for this time. Pure.
std::vector<GoneProblem> gone_since(std::vector<Finding> const& before, Report const& report);

} // namespace rmqha::health
