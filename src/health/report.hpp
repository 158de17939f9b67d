#pragma once

#include "health/check_state.hpp"
#include "health/checks.hpp"

#include <optional>
#include <string>
#include <vector>

namespace rmqha::health {

/// How findings about the check itself, not the cluster, call their object.
inline constexpr char const* k_check_itself = "rmqha";

/// Everything `monitor check` has to tell; all its forms are made of the same value.
struct Report {
    std::string context; ///< names the cluster in metrics: the context, else the first node's address
    std::vector<Check> checks;
    Rules rules;
    std::chrono::system_clock::time_point time{};
    base::Duration took{};

    std::optional<Snapshot> snapshot; ///< nothing when there was no cluster to ask: a finding says why
    std::optional<Score> score;       ///< only when a check is about it
    std::vector<Finding> findings;    ///< what counts, the worst first
    std::vector<Finding> begun;       ///< of these, what did not count before; all of them when nothing is known of that
    std::vector<PendingProblem> pending;
    std::vector<GoneProblem> gone;
    int runs_wanted = 1;            ///< a problem counts when it was seen so often in a row
    std::vector<std::string> notes; ///< about the check itself

    Severity state() const { return state_of(findings); }
    /// The cluster's own name, else the context.
    std::string const& label() const
    {
        return snapshot && !snapshot->cluster_name.empty() ? snapshot->cluster_name : context;
    }
};

/// What the checks make of a cluster that could be asked, of the time its snapshot was taken; `context` and `snapshot`
/// are left to the caller. Pure.
Report make_report(Snapshot const& snapshot, std::vector<Check> checks, Rules const& rules);

/// What a Nagios plugin exits with: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
int nagios_code(Severity severity);

} // namespace rmqha::health
