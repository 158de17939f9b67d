#pragma once

#include "health/snapshot.hpp"

#include <set>
#include <string>
#include <vector>

namespace rmqha::queues {

/// One change of a quorum queue's members.
struct RepairStep {
    enum class Kind { add, remove };
    Kind kind = Kind::add;
    std::string node;
};

/// What makes a quorum queue whole, or why nothing is done about it.
struct Repair {
    std::vector<RepairStep> steps; ///< in this order, each after the one before has taken effect
    std::string refusal;           ///< empty: the steps can be taken
    std::string remedy;            ///< of the refusal
    std::size_t short_of = 0;      ///< members that cannot be added, as no running node is left for them
};

struct RepairWorld {
    std::set<std::string> running; ///< nodes that run
    std::set<std::string> members; ///< all nodes of the cluster, running or not
    std::size_t target = 3;        ///< members wanted, running or not
};

/// First adds what is missing on running nodes, so that there is no moment with fewer copies; then removes members on
/// nodes that are no longer in the cluster. A member on a node that is only down stays: it comes back with its data.
/// Without a leader and a majority online nothing can be changed. Pure.
Repair repair_of(health::Queue const& queue, RepairWorld const& world);

} // namespace rmqha::queues
