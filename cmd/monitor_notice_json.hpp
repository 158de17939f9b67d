#pragma once

#include "health/report.hpp"

#include <string>
#include <vector>

namespace rmqha::cmd {

/// A JSON document, in one line, for each finding that has begun and for each that has gone. Pure.
std::vector<std::string> notices_of(health::Report const& report);

} // namespace rmqha::cmd
