#pragma once

#include "health/report.hpp"

#include <string>

namespace rmqha::cmd {

/// The report of `monitor check` as JSON text, schema_version 1. Pure.
std::string check_json(health::Report const& report);

} // namespace rmqha::cmd
