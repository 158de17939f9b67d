#pragma once

#include "health/answers.hpp"

namespace rmqha::health {

/// Fills in the queues of `snapshot`, whose nodes are known already: where they live, how deep they are, how many
/// copies they should have in a cluster of `members` nodes, and who told. Pure.
void add_queues(Snapshot& snapshot, Answers const& answers, int members);

} // namespace rmqha::health
