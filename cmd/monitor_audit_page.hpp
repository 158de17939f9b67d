#pragma once

#include "audit/rules.hpp"

#include <string>
#include <vector>

namespace rmqha::cmd {

/// Everything `monitor audit` has to tell; text and JSON are made of the same value.
struct Audit {
    std::string context;
    std::string cluster;
    std::chrono::system_clock::time_point time{};
    base::Duration took{};
    std::vector<audit::Rule> rules; ///< those that were looked at
    std::vector<audit::Finding> findings;
    std::vector<std::string> left_out; ///< codes given with --skip
};

struct AuditPageOptions {
    int width = 80; ///< columns
    bool color = false;
};

/// Findings with what to do next, then how many rules came out how. Pure.
std::string audit_page(Audit const& audit, AuditPageOptions const& options);

/// The same as JSON text, schema_version 1. Pure.
std::string audit_json(Audit const& audit);

/// A line of JSON for each finding. Pure.
std::string audit_ndjson(Audit const& audit);

} // namespace rmqha::cmd
