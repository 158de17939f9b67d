#pragma once

#include "provision/local_cluster.hpp"

#include <string>
#include <vector>

namespace rmqha::test {

/// A node of the test's own, of the version under test: what is done to it disturbs nobody. Starting it takes seconds.
/// Taken down at the end whatever happens. Fails the test when it does not start.
class OwnNode {
public:
    /// `options`: further ones of `cluster up`.
    explicit OwnNode(provision::Server const& server, std::vector<std::string> const& options = {});
    OwnNode(OwnNode const&) = delete;
    OwnNode& operator=(OwnNode const&) = delete;
    ~OwnNode();

    std::string const& name() const { return m_name; } ///< of its cluster, and of the context
    provision::LocalCluster const& cluster() const { return m_cluster; }
    provision::NodePorts const& ports() const { return m_cluster.nodes.front().ports; }

    /// Runs one of the broker's tools against it; fails the test when the tool fails.
    void tool(std::vector<std::string> const& argv) const;
    /// Stops it in order and starts it.
    void restart() const;

private:
    std::string m_name;
    provision::LocalCluster m_cluster;
};

} // namespace rmqha::test
