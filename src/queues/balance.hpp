#pragma once

#include "health/snapshot.hpp"

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace rmqha::queues {

/// How leaders of replicated queues are spread over the running nodes.
struct Leaders {
    std::map<std::string, std::size_t> of_node; ///< every running node, also those that lead nothing
    std::size_t total = 0;

    /// Leaders that would move for all nodes to lead as many, give or take one.
    std::size_t moves() const;
    /// No node leads two more than its share: what RabbitMQ is content with.
    bool even() const;
    /// What each would lead then, those that lead most now getting what is over.
    std::map<std::string, std::size_t> balanced() const;
};

/// Quorum queues, streams and mirrored classic queues that are led by a running node. Pure.
Leaders leaders_of(std::vector<health::Queue const*> const& queues, std::set<std::string> const& running);

} // namespace rmqha::queues
