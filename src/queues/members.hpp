#pragma once

#include "health/snapshot.hpp"
#include "management/types.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace rmqha::queues {

/// One copy of a queue.
struct Copy {
    std::string node;
    std::string role;  ///< "leader", "member", "mirror", "only copy"
    std::string state; ///< "online", "offline": its node runs without it; "node down", "synchronised", "unsynchronised"
    std::string raft;  ///< of quorum queues, where the broker tells
    std::optional<std::uint64_t> lag; ///< entries of the log it has yet to apply

    bool good() const { return state == "online" || state == "synchronised"; }
};

/// The leader first, then by name. `raft` may be empty. Pure.
std::vector<Copy> copies(health::Queue const& queue, std::set<std::string> const& running,
                         std::vector<management::RaftMember> const& raft);

} // namespace rmqha::queues
