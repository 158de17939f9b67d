#pragma once

#include "provision/local.hpp"

namespace rmqha::provision {

/// Starts the cluster's port mapper unless it runs, and waits until it listens. Saves its process id.
/// Throws Error(unavailable).
void start_epmd(LocalCluster& cluster, World const& world);

/// Starts a node's process and saves its id; does not wait for it.
void start_node(LocalCluster& cluster, LocalNode& node);

/// Waits until each of `nodes` answers AMQP and sees every node of the cluster that has a process running. Throws
/// Error: unavailable when one's process ends, timeout at `deadline`; world.warn has then told the end of its log.
void await_nodes(LocalCluster const& cluster, std::vector<LocalNode> const& nodes, base::TimePoint deadline,
                 World const& world);

/// The last `count` lines of a text, each on its own. Pure.
std::vector<std::string> last_lines(std::string const& text, std::size_t count);

} // namespace rmqha::provision
