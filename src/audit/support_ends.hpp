#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace rmqha::audit {

/// What is known of the community support of a version's series.
struct Support {
    std::string series; ///< "3.10"; empty for a version that is none
    /// Its last day; nothing for a series that is newer than our table, or had no end set when that was made.
    std::optional<std::chrono::sys_days> ends;
};

/// By the version a node says, "3.10.8". All before 3.8 have ended with it at the latest. Source: endoflife.date and
/// the release notes of 3.10, read in 2026.
Support support_of(std::string_view version);

} // namespace rmqha::audit
