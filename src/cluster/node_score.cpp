#include "cluster/node_score.hpp"

#include "base/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace rmqha::cluster {

namespace {

/// Logins to equal nodes differ by this much on a busy machine.
constexpr auto k_noise = std::chrono::milliseconds(20);

/// 0 points up to `from`, `most` at `to` and beyond, in proportion between.
int proportional(double value, double from, double to, int most)
{
    auto const share = std::clamp((value - from) / (to - from), 0.0, 1.0);
    return static_cast<int>(std::lround(share * most));
}

} // namespace

NodeScore node_score(NodeFigures const& node, std::optional<base::Duration> best_latency)
{
    if (!node.up || node.draining || node.quarantined) {
        auto const* const reason = !node.up ? "down" : node.draining ? "draining" : "quarantined";
        return {.score = 0, .deductions = {{reason, 100}}};
    }
    NodeScore result;
    auto const deduct = [&](int points, std::string reason) {
        if (points > 0) {
            result.deductions.push_back({std::move(reason), points});
        }
    };
    if (node.memory_used) {
        deduct(proportional(*node.memory_used, 0.5, 1.0, 30),
               fmt::format("memory {:.0f}% of the watermark", *node.memory_used * 100));
    }
    if (node.disk_margin) {
        deduct(proportional(-*node.disk_margin, -2.0, -1.0, 20),
               fmt::format("free disk {:.1f} times its limit", *node.disk_margin));
    }
    if (node.descriptors_used) {
        deduct(proportional(*node.descriptors_used, 0.5, 1.0, 20),
               fmt::format("file descriptors {:.0f}% used", *node.descriptors_used * 100));
    }
    deduct(node.memory_alarm ? 30 : 0, "memory alarm");
    deduct(node.disk_alarm ? 30 : 0, "disk alarm");
    if (node.latency && best_latency && *node.latency > *best_latency + k_noise) {
        using Seconds = std::chrono::duration<double>;
        auto const best = std::max(Seconds(*best_latency).count(), 1e-3);
        auto const ratio = Seconds(*node.latency).count() / best;
        deduct(proportional(ratio, 1.0, 3.0, 20),
               fmt::format("login takes {}, the best node's {}", base::format_duration(*node.latency),
                           base::format_duration(*best_latency)));
    }
    for (auto const& deduction : result.deductions) {
        result.score -= deduction.points;
    }
    result.score = std::max(result.score, 1);
    return result;
}

} // namespace rmqha::cluster
