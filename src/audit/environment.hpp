#pragma once

#include <cstdint>
#include <optional>
#include <string>

/// A cluster's configuration held against what keeps clusters available. Facts -> findings, rule by rule.
namespace rmqha::audit {

/// What a node's own tools tell of its configuration, and the management API does not.
struct Environment {
    std::string origin;                            ///< the file it was read from: names it in findings
    std::optional<std::string> partition_handling; ///< "ignore", "pause_minority", "autoheal", ...
    std::optional<double> memory_watermark;        ///< fraction of the machine's memory; none when absolute
    std::optional<std::uint64_t> heartbeat;        ///< seconds that the node suggests to clients, 0: none
};

/// Reads what `rabbitmqctl environment --formatter json` prints. Throws Error(data) naming `origin`.
Environment parse_environment(std::string const& text, std::string const& origin);

} // namespace rmqha::audit
