#pragma once

#include "cluster/connector.hpp"
#include "support/brokers.hpp"

namespace rmqha::test {

struct LiveConnectorOptions {
    config::Strategy strategy = config::Strategy::health_based;
    int connection_attempts = 30; ///< rounds over all nodes; 0: never give up
    bool figures = false;         ///< health_based asks the management API too, as the program does
    cluster::Observer observer = {};
    std::vector<int> nodes = {}; ///< by number, in this order; empty: all
};

/// A connector to the cluster under test with patience for its accidents. `clock` and `stop` must outlive it.
cluster::Connector make_live_connector(LiveCluster const& cluster, base::Clock& clock, base::Stop& stop,
                                       LiveConnectorOptions options = {});

} // namespace rmqha::test
