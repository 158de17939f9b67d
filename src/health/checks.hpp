#pragma once

#include "health/score.hpp"

#include <set>
#include <string>
#include <vector>

namespace rmqha::health {

/// A topic one can be content or discontent with: the findings it is about.
struct Check {
    std::string name; ///< "nodes", "queues", ...; or a finding's code
    std::vector<std::string> codes;
    bool named = false;      ///< asked for by name, not just one of all
    bool on_request = false; ///< it changes something on the broker: not one of all
};

/// All topics, the most important first. Every code there is belongs to at least one.
std::vector<Check> const& checks();

/// Those named, topics and codes alike, each once; all topics but those on request when none is named. Throws
/// Error(usage) naming the nearest known word.
std::vector<Check> chosen_checks(std::vector<std::string> const& names);

std::set<std::string> codes_of(std::vector<Check> const& chosen);

/// Whether one of these checks must know about queues.
bool needs_queues(std::vector<Check> const& chosen);

/// Whether `finding` is about one of `codes`, or says that nobody could look for one of them.
bool concerns(Finding const& finding, std::set<std::string> const& codes);

/// The code under which a score below cluster_health_min is found.
inline constexpr char const* k_score_low = "SCORE-LOW";

/// What the chosen checks make of a cluster's findings: those that concern them, a score too low, and as UNKNOWN what
/// they should have said and nobody could look for, such as the memory of a node that is silent. A check that was
/// named and of which this broker can tell nothing at all is UNKNOWN too, never OK. Pure.
std::vector<Finding> findings_for(std::vector<Check> const& chosen, Snapshot const& snapshot, Score const& score,
                                  std::vector<Finding> const& all, int score_min);

/// One check's state: the worst of the findings that concern it; what was skipped leaves it OK.
Severity state_of(Check const& check, std::vector<Finding> const& findings);
/// The worst of all.
Severity state_of(std::vector<Finding> const& findings);

} // namespace rmqha::health
