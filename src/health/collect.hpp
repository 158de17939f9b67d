#pragma once

#include "amqp/connection.hpp"
#include "health/answers.hpp"
#include "http/transport.hpp"
#include "management/request.hpp"

#include <functional>
#include <string>
#include <vector>

namespace rmqha::health {

/// Logs in to a node over AMQP and out again, until the deadline. Called from one thread per node at once.
using LogIn = std::function<Login(config::Node const&, base::TimePoint)>;

struct LogInOptions {
    amqp::OpenOptions open;
    base::TlsOptions tls;
    bool end_to_end = false; ///< send a message through the node too, see run_end_to_end
};
/// The real one. `stop` must outlive it.
LogIn amqp_login(LogInOptions const& options, base::Stop const& stop);

struct CollectOptions {
    std::vector<config::Node> nodes;
    management::Access access;
    LogIn log_in;
    base::TimePoint deadline;
    bool queues = true;             ///< ask for queues too
    bool replica_lag = false;       ///< and how far the members of quorum queues are
    bool operator_policies = false; ///< ask for these too
};

/// Asks every node everything at once, then, with the time left, one of those that answered for the queues of the whole
/// cluster. Nodes get half of the time: with a peer that hangs, healthy nodes keep most questions waiting for up to a
/// minute, and that must leave time for the queues. Ends by the deadline; what was not answered by then is a Problem of
/// its own. Throws Interrupted, and Error(config) for unusable certificates.
Answers collect(CollectOptions const& options, http::Transport& transport, base::Stop const& stop);

} // namespace rmqha::health
