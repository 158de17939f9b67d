#pragma once

// Internal to src/cluster.

#include "cluster/connector.hpp"

namespace rmqha::cluster {

/// Dials all candidates at once and returns every outcome, in their order, at `deadline` at the latest.
std::vector<Attempt> try_all(std::vector<Candidate> const& candidates, Dial const& dial, base::TimePoint deadline,
                             base::Stop const& stop);

/// The same, but once a node has answered the others have only a moment more (50 ms, or three times what the first
/// took): a silent node must not hold up the rest. Who was still trying has neither channel nor failure. Scored.
std::vector<Attempt> race(std::vector<Candidate> const& candidates, Dial const& dial, FiguresSource const& figures,
                          base::TimePoint deadline, base::Stop const& stop);

/// Fills in the scores from login times and what the management API knows.
void score(std::vector<Attempt>& attempts, std::map<std::string, NodeFigures> const& figures);

} // namespace rmqha::cluster
