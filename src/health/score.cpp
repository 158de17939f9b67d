#include "health/score.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace rmqha::health {

int points_of(std::string_view code)
{
    static constexpr std::array<std::pair<std::string_view, int>, 26> k_points{{
        {"NODE-DOWN", 0},
        {"NODE-SILENT", 0},
        {"NODE-UNREACHABLE", 10},
        {"NODE-MAINTENANCE", 5},
        {"VIEWS-DISAGREE", 20},
        {"PARTITION", 30},
        {"ALARM-MEMORY", 30},
        {"ALARM-DISK", 30},
        {"MEMORY-HIGH", 5},
        {"DISK-LOW", 5},
        {"FDS-HIGH", 5},
        {"QUEUE-DOWN", 20},
        {"QUEUE-CRITICAL", 5},
        {"QUEUE-UNDER-REPLICATED", 3},
        {"MIRROR-UNSYNCED", 5},
        {"QUEUE-BACKLOG", 3},
        {"QUEUE-NO-CONSUMER", 2},
        {"VERSIONS-MIXED", 3},
        {"LEADERS-SKEWED", 2},
        {"LISTENER-MISSING", 15},
        {"VHOST-DOWN", 20},
        {"SOCKETS-HIGH", 5},
        {"CERTIFICATE-EXPIRES", 5},
        {"FEATURE-FLAGS-OFF", 2},
        {"REPLICA-LAGGING", 3},
        {"END-TO-END", 15},
    }};
    auto const* found =
        std::find_if(k_points.begin(), k_points.end(), [&](auto const& entry) { return entry.first == code; });
    return found == k_points.end() ? 0 : found->second;
}

Score score_of(Snapshot const& snapshot, std::vector<Finding> const& findings)
{
    Score score;
    for (Node const& node : snapshot.nodes) {
        score.weight_all += node.weight;
        score.weight_up += node.up() ? node.weight : 0;
    }
    score.availability = score.weight_all > 0 ? 100.0 * score.weight_up / score.weight_all : 0;

    for (Finding const& finding : findings) {
        if (finding.severity == Severity::unknown) {
            score.partial = true;
        }
        if (finding.severity != Severity::skipped) {
            score.state = std::max(score.state, finding.severity);
        }
        if (finding.severity < Severity::warning) {
            continue;
        }
        auto same = std::find_if(score.deductions.begin(), score.deductions.end(),
                                 [&](auto const& deduction) { return deduction.cause == finding.cause; });
        if (same == score.deductions.end()) {
            same = score.deductions.insert(same, {finding.cause, finding.code, points_of(finding.code), 0});
        }
        ++same->findings;
        if (points_of(finding.code) > same->points) {
            same->code = finding.code;
            same->points = points_of(finding.code);
        }
    }
    std::stable_sort(score.deductions.begin(), score.deductions.end(),
                     [](auto const& a, auto const& b) { return a.points > b.points; });

    double left = score.availability;
    for (auto const& deduction : score.deductions) {
        left -= deduction.points;
    }
    score.value = std::max(0, static_cast<int>(std::floor(left + 1e-9)));
    if (score.state == Severity::critical && score.value > k_most_with_critical) {
        score.value = k_most_with_critical;
        score.capped = true;
    }
    return score;
}

} // namespace rmqha::health
