#pragma once

#include "health/findings.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace rmqha::health {

/// What a finding of this code costs at most. The only table of points. A node that is down or silent costs nothing
/// here: availability has counted it already.
int points_of(std::string_view code);

/// How the score came about, so that anybody can add it up again:
///
///     availability = 100 * (weight of nodes that are up) / (weight of all nodes)
///     score        = availability - the points of each cause, not below 0; with a critical finding at most 79
///
/// A cause costs as much as its most expensive finding.
struct Score {
    struct Deduction {
        std::string cause;
        std::string code; ///< the most expensive finding of this cause
        int points = 0;
        std::size_t findings = 0; ///< how many share the cause
    };
    int weight_up = 0;
    int weight_all = 0;
    double availability = 0;           ///< percent
    std::vector<Deduction> deductions; ///< the most expensive first
    bool capped = false;               ///< the 79 of a critical finding made the difference
    bool partial = false;              ///< something could not be asked: the truth may be worse
    int value = 0;                     ///< 0 to 100, rounded down
    Severity state = Severity::ok;     ///< the worst finding; a finding that was only skipped leaves it OK
};

inline constexpr int k_most_with_critical = 79; ///< so that 80 or more never hides a critical finding

/// Pure. The findings are all of `snapshot`'s.
Score score_of(Snapshot const& snapshot, std::vector<Finding> const& findings);

} // namespace rmqha::health
