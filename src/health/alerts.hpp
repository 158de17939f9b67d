#pragma once

#include "health/report.hpp"

#include <string>
#include <vector>

namespace rmqha::health {

/// What counts in a report, and what has gone, as Alertmanager's API takes it (v2, POST /api/v2/alerts): an alert for
/// each finding, named by its code, with the labels cluster, object and severity. It ends `lifetime` after the report
/// unless it is told again; what has gone ends at the report. Skipped findings are none. Pure.
std::string alerts_json(Report const& report, base::milliseconds lifetime);

/// Says in the report what has begun and what has gone since `counted`, what counted up to now, and brings that up to
/// date. What nobody could look for this time has not gone, and while no node was `reached` nothing has. Pure.
void compare(std::vector<Finding>& counted, Report& report, bool reached);

/// Whether anybody is told of it: skipped findings are none.
bool counts(Finding const& finding);

} // namespace rmqha::health
