#pragma once

#include "support/brokers.hpp"

#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace rmqha::test {

enum class FaultKind {
    kill,              ///< SIGKILL; started again
    pause,             ///< SIGSTOP, SIGCONT: the node is silent, but not for so long that the others give it up
    stop_app,          ///< RabbitMQ stops in order within its node; started again
    memory_alarm,      ///< publishers are blocked, all over the cluster; cleared
    close_connections, ///< the server closes every connection there is
};
std::string_view to_string(FaultKind kind);

struct Fault {
    FaultKind kind;
    int node;                 ///< number, from 1
    base::milliseconds lasts; ///< at least, where it can last
};

/// `count` faults on nodes 1 to 3: each kind once, in random order, before any comes again.
std::vector<Fault> random_faults(std::size_t count, std::mt19937& random);

/// How those who are disturbed fare.
struct Bystander {
    /// Waits so long at most until everybody has made progress; false: not so.
    std::function<bool(base::milliseconds patience)> goes_on;
    std::function<unsigned()> blocks; ///< how often anybody has been told to stop publishing
    std::function<unsigned()> losses; ///< how often anybody has lost a connection
};

/// Does it, keeps it up for as long as it lasts, mends it, and waits until the cluster is whole. Returns what did not
/// come true of what was to be expected, in words; empty when all did.
std::string commit(Fault const& fault, LiveCluster& cluster, Bystander const& bystander);

} // namespace rmqha::test
