#pragma once

#include "provision/local_cluster.hpp"

#include <string>
#include <vector>

namespace rmqha::test {

/// A cluster of the test's own, of one node unless `options` say otherwise: what is done to it disturbs nobody.
/// Starting a node takes seconds. Taken down at the end whatever happens. Fails the test when it does not start.
class OwnCluster {
public:
    /// `options`: further ones of `cluster up`.
    explicit OwnCluster(provision::Server const& server, std::vector<std::string> const& options = {});
    OwnCluster(OwnCluster const&) = delete;
    OwnCluster& operator=(OwnCluster const&) = delete;
    ~OwnCluster();

    std::string const& name() const { return m_name; } ///< of the cluster, and of its context
    provision::LocalCluster const& cluster() const { return m_cluster; }
    provision::NodePorts const& ports() const { return m_cluster.nodes.front().ports; }

    /// Runs one of the broker's tools against the first node; fails the test when the tool fails.
    void tool(std::vector<std::string> const& argv) const;
    /// Stops the first node in order and starts it.
    void restart() const;

private:
    std::string m_name;
    provision::LocalCluster m_cluster;
};

} // namespace rmqha::test
