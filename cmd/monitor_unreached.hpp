#pragma once

#include "base/error.hpp"
#include "health/checks.hpp"

#include <optional>
#include <vector>

namespace rmqha::cmd {

// What is told when there is no cluster to tell of.

/// Why there is not: nobody answered (unavailable), nobody in time (timeout), or nobody lets this user in (denied).
/// Nothing when somebody answered. Pure.
std::optional<base::Error> why_not_reached(health::Snapshot const& snapshot);

/// Throws it: the error that ends a command.
void fail_unless_reached(health::Snapshot const& snapshot);

/// A finding of that: a fault of the service, says Nagios' guideline. Concerns all these checks.
health::Finding unreachable(base::Error const& error, health::Severity severity,
                            std::vector<health::Check> const& checks);

/// That there is nothing to tell for a reason of the check's own. Concerns all these checks.
health::Finding not_checked(base::Error const& error, std::vector<health::Check> const& checks);

} // namespace rmqha::cmd
