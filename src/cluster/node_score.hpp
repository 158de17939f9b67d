#pragma once

#include "base/clock.hpp"

#include <optional>
#include <string>
#include <vector>

namespace rmqha::cluster {

/// What is known of a node's condition; what is not known costs no points.
struct NodeFigures {
    bool up = true;        ///< answers AMQP
    bool draining = false; ///< in maintenance mode
    bool quarantined = false;
    std::optional<double> memory_used;      ///< share of the high watermark, 0 to 1 and above
    std::optional<double> disk_margin;      ///< free space over the free limit; 1 is the alarm
    std::optional<double> descriptors_used; ///< share of the limit, 0 to 1
    bool memory_alarm = false;
    bool disk_alarm = false;
    std::optional<base::Duration> latency; ///< of an AMQP login
};

struct Deduction {
    std::string reason; ///< "memory 92% of the watermark"
    int points = 0;
};

/// A node's score for health_based selection: 0 when down, draining or quarantined, else 100 less the deductions, not
/// below 1. Recomputable from `deductions`.
struct NodeScore {
    int score = 100;
    std::vector<Deduction> deductions;
};

/// Pressure costs points from half of a limit on, in proportion: memory up to 30 at the watermark, descriptors up to 20
/// at the limit, disk up to 20 as free space nears its limit from twice of it; an alarm 30 each; latency 1 point per
/// tenth above the best node's, from 20 ms above it on, up to 20 (so that noise between near nodes costs nothing).
NodeScore node_score(NodeFigures const& node, std::optional<base::Duration> best_latency);

} // namespace rmqha::cluster
