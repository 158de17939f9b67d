#pragma once

#include "base/clock.hpp"
#include "base/connection_options.hpp"
#include "base/process.hpp"
#include "base/stop.hpp"
#include "config/node.hpp"
#include "http/transport.hpp"
#include "provision/local.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace rmqha::test {

/// Polls until `holds` is true; false when it is not by then.
bool wait_until(base::milliseconds patience, std::function<bool()> const& holds);

/// `prefix`-XXXXXXXX, different each time: for queues, exchanges, clusters.
std::string unique_name(std::string const& prefix);

/// Runs the rmqha under test to its end, within 5 minutes, in the state folder of the live tests.
base::Finished run_rmqha(std::vector<std::string> const& arguments, std::vector<std::string> const& environment = {});

/// The path of the rmqha under test.
std::string rmqha_binary();

/// A cluster on this machine; if no other is named, the one under test, which a ctest fixture started and
/// RMQHA_TEST_CLUSTER names. Nodes are numbered from 1. What another test left broken is made whole at first, and what rmqha remembers of its
/// nodes is forgotten. When
/// it goes away it makes whole what was broken through it: paused nodes go on, dead ones are started, and it waits
/// until all serve, also when the test has failed. Not thread-safe.
class LiveCluster {
public:
    LiveCluster();
    explicit LiveCluster(std::string const& name);
    LiveCluster(LiveCluster const&) = delete;
    LiveCluster& operator=(LiveCluster const&) = delete;
    ~LiveCluster();

    std::string const& name() const { return m_cluster.name; }
    /// "3.10.8"
    std::string const& version() const { return m_cluster.server.version; }
    provision::Server const& server() const { return m_cluster.server; }
    std::vector<config::Node> const& nodes() const { return m_nodes; }
    config::Node const& node(int number) const { return m_nodes.at(static_cast<std::size_t>(number) - 1); }
    base::Credentials const& credentials() const { return m_credentials; }
    /// "http://127.0.0.1:PORT", to which a path is added.
    std::string management_url(int number) const;

    void kill(int number);
    void pause(int number);
    void resume(int number);
    /// Stops the node in order if it runs, starts it, and waits until it serves and sees all others.
    void restart(int number);
    /// Makes the cluster whole now: what the destructor does.
    void restore();

    /// One request to a node's management API; a status of 0 when there was no answer within 10 s.
    http::Response manage(int number, std::string const& method, std::string const& path, std::string const& body = {});
    /// Deletes over the management API; throws when it is still there after a minute.
    void remove(std::string const& path);
    /// Runs one of the broker's tools against the node; its output. Throws when the tool fails.
    std::string tool(int number, std::vector<std::string> const& argv);

private:
    template <typename Act>
    void act(Act const& action);

    base::SystemClock m_clock;
    base::Stop m_stop;
    std::unique_ptr<http::Transport> m_transport;
    provision::LocalCluster m_cluster;
    std::vector<config::Node> m_nodes;
    base::Credentials m_credentials;
    bool m_disturbed = false;
};

/// A node cut off from its peers, though not from its clients: neither side accepts the other's cookie. Healed by a
/// restart, at the latest when it goes away.
class Isolated {
public:
    Isolated(LiveCluster& cluster, int number);
    Isolated(Isolated const&) = delete;
    Isolated& operator=(Isolated const&) = delete;
    ~Isolated();

    /// Lets the sides see each other again, and that they were apart.
    void reconnect();
    void heal();
    /// Its cluster is of no more use: spares the restarts.
    void leave() { m_healed = true; }

private:
    LiveCluster& m_cluster;
    int m_number;
    bool m_healed = false;
};

/// A vhost of the cluster's own for one test, removed with all its queues at the end. Its user may do everything in it.
class TemporaryVhost {
public:
    explicit TemporaryVhost(LiveCluster& cluster);
    TemporaryVhost(TemporaryVhost const&) = delete;
    TemporaryVhost& operator=(TemporaryVhost const&) = delete;
    ~TemporaryVhost();

    std::string const& name() const { return m_name; }

private:
    LiveCluster& m_cluster;
    std::string m_name;
};

/// Removes a queue of vhost "/" at the end, if the test made it.
class TemporaryQueue {
public:
    TemporaryQueue(LiveCluster& cluster, std::string const& prefix);
    TemporaryQueue(TemporaryQueue const&) = delete;
    TemporaryQueue& operator=(TemporaryQueue const&) = delete;
    ~TemporaryQueue();

    std::string const& name() const { return m_name; }

private:
    LiveCluster& m_cluster;
    std::string m_name;
};

} // namespace rmqha::test
