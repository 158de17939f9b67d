#pragma once

#include "config/node.hpp"

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace rmqha::cluster {

/// A node that may be connected to.
struct Candidate {
    config::Node node;
    int health = 100;      ///< 0 to 100, see node_score(); used by health_based alone
    bool available = true; ///< false while quarantined: tried only after all that are available
};

/// What the rotating strategies remember from one selection to the next.
struct Rotation {
    std::uint64_t next = 0;             ///< round_robin: position in the node list
    std::map<std::string, int> weights; ///< weighted_round_robin: each node's current weight, by label
};

/// The order in which to try the candidates: indexes into `candidates`, every one exactly once. Advances `rotation`
/// for the strategies that rotate.
/// - in_order: as listed.
/// - round_robin: each selection starts one node further.
/// - weighted_round_robin: smooth, as nginx does it: each node's current weight grows by its weight, the largest is
///   chosen and pays the sum of all. Over a sum's worth of selections each node comes first exactly `weight` times,
///   spread as evenly as whole numbers allow. The others follow by their current weights.
/// - random: every order equally likely.
/// - health_based: healthiest first, equals in random order.
std::vector<std::size_t> selection_order(std::vector<Candidate> const& candidates, config::Strategy strategy,
                                         Rotation& rotation, std::mt19937_64& random);

} // namespace rmqha::cluster
