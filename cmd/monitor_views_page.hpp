#pragma once

#include "cmd/monitor_page.hpp"

#include <string>

namespace rmqha::cmd {

// What each node believes about the others. `status` carries only the findings that are about views.

/// VIEWS-DISAGREE and PARTITION.
bool is_about_views(health::Finding const& finding);

bool views_disagree(Status const& status);
/// Every member that runs has told its view.
bool views_complete(Status const& status);

/// A row for each node that tells, a column for each it tells of; below it what is wrong and what to do. Pure.
std::string views_page(Status const& status, PageOptions const& options);

/// The same as JSON text, schema_version 1. Pure.
std::string views_json(Status const& status, bool indented);

} // namespace rmqha::cmd
