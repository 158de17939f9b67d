#pragma once

#include "messaging/publisher.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace rmqha::cmd {

// How `publish` tells of its ledger. All pure.

/// One line: "1,000 confirmed of 1,000 in 120ms, 3 resent".
std::string summary(messaging::Ledger const& ledger);

/// The same as JSON, schema_version 1.
std::string ledger_json(messaging::Ledger const& ledger, bool indented);

/// For a terminal: done and total, rate, window, node, reconnects, time left.
std::string progress_line(messaging::Ledger const& ledger, std::optional<std::uint64_t> total, std::size_t in_flight,
                          std::string const& node);

} // namespace rmqha::cmd
