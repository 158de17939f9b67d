#pragma once

#include "cluster/node_score.hpp"
#include "health/snapshot.hpp"

#include <vector>

namespace rmqha::health {

/// Each node's own score, in the snapshot's order: the one `health_based` selection goes by. Pure.
std::vector<cluster::NodeScore> node_scores_of(Snapshot const& snapshot);

} // namespace rmqha::health
