#pragma once

#include "messaging/publisher.hpp"

#include <string>

namespace rmqha::cmd {

// How `publish` tells of its ledger. All pure.

/// One line: "1,000 confirmed of 1,000 in 120ms, 3 resent".
std::string summary(messaging::Ledger const& ledger);

/// The same as JSON, schema_version 1.
std::string ledger_json(messaging::Ledger const& ledger, bool indented);

} // namespace rmqha::cmd
