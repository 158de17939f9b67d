#pragma once

#include "base/clock.hpp"
#include "provision/local_cluster.hpp"

namespace rmqha::http {
class Transport;
}
namespace rmqha::base {
class Stop;
}

namespace rmqha::provision {

/// Whether each node answers an AMQP protocol header with the first bytes of connection.start: an open port alone
/// proves nothing, a paused broker has one too. All nodes are asked at once; false for what has not answered by
/// `deadline`. Throws Interrupted.
std::vector<bool> amqp_answers(std::vector<LocalNode> const& nodes, base::TimePoint deadline, base::Stop const& stop);

/// How many nodes each node says are running, by its management API; -1 where it did not say so by `deadline`.
/// Throws Interrupted.
std::vector<int> running_seen_by(LocalCluster const& cluster, http::Transport& transport, base::TimePoint deadline,
                                 base::Stop const& stop);

/// The count in an answer to GET /api/nodes; -1 when it is not such an answer. Pure.
int running_in(std::string const& body);

} // namespace rmqha::provision
