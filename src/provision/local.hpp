#pragma once

#include "base/clock.hpp"
#include "provision/local_cluster.hpp"
#include "provision/server.hpp"

#include <functional>
#include <optional>
#include <span>

namespace rmqha::http {
class Transport;
}
namespace rmqha::base {
class Stop;
struct Finished;
} // namespace rmqha::base

/// Real clusters on this machine, for trying and testing. Every function throws base::Error when it cannot do what it
/// is asked, and Interrupted on a stop.
namespace rmqha::provision {

enum class BootState { starting, serving, joined, ended };
std::string_view to_string(BootState state);

struct BootProgress {
    std::string node;
    BootState state = BootState::starting;
    int sees = -1; ///< running nodes by its own account; -1: it does not say yet
};

/// The world a function acts in, and who is told how it goes.
struct World {
    base::Clock& clock;
    base::Stop const& stop;
    http::Transport& transport;
    std::function<void(std::vector<BootProgress> const&)> progress = [](auto const&) {}; ///< several times a second
    std::function<void(std::string const&)> warn = [](auto const&) {};
};

struct UpOptions {
    std::string name = "local";
    int nodes = 3;                    ///< 1 to 9
    std::uint16_t base_port = 0;      ///< 0: found free
    std::vector<std::string> plugins; ///< besides management and prometheus
    bool tls = false;                 ///< TLS listeners next to the others, for the context to use
    std::string more_settings;        ///< lines for the end of every node's rabbitmq.conf
    ServerChoice server;
    base::milliseconds patience = std::chrono::minutes(3); ///< for all nodes to serve
};

/// Starts a cluster and returns when every node accepts AMQP and sees all others running. When it fails, or is stopped,
/// nothing of it is left; when this process is killed meanwhile, take_down clears the rest.
LocalCluster bring_up(UpOptions const& options, World const& world);

/// Stops every process of the cluster and removes its folder. False when there was no such cluster.
bool take_down(std::string const& name, World const& world);

/// Acts on one node: SIGKILL for it and its helpers, SIGSTOP, SIGCONT. Returns when it is dead, or stands still. What
/// is already so is no error for pause and resume of a living node; a node that has no process is one (code
/// unavailable).
void kill_node(LocalCluster const& cluster, LocalNode const& node, World const& world);
void pause_node(LocalCluster const& cluster, LocalNode const& node, World const& world);
void resume_node(LocalCluster const& cluster, LocalNode const& node);

struct RestartOptions {
    bool wait = true; ///< until they serve and see every node that has a process
    base::milliseconds patience = std::chrono::minutes(3);
};
/// Stops those of the nodes that run, in order, and starts all of them together: the node that was up last must be
/// among those that run, else the others wait for it.
void restart_nodes(LocalCluster& cluster, std::vector<LocalNode*> const& nodes, RestartOptions const& options,
                   World const& world);

/// Waits until every node serves and sees all others running; for each of them must have a process. Throws as bring_up.
void await_cluster(LocalCluster const& cluster, base::milliseconds patience, World const& world);

enum class NodeState {
    running, ///< its process lives
    paused,  ///< its process is stopped by SIGSTOP
    stopped, ///< never started, or stopped on purpose
    dead,    ///< its process is gone
};
std::string_view to_string(NodeState state);

struct NodeStatus {
    LocalNode node; ///< pid as it is now
    NodeState state = NodeState::stopped;
    bool serves = false; ///< answers AMQP within a second
    base::milliseconds uptime{0};
};

struct ClusterStatus {
    LocalCluster cluster;
    std::vector<NodeStatus> nodes;

    bool whole() const; ///< every node runs and serves
};
ClusterStatus status_of(LocalCluster const& cluster, World const& world);

/// Runs one of the broker's own tools (rabbitmqctl, rabbitmq-diagnostics, …) against a node. Throws Error(usage) naming
/// the nearest tool.
base::Finished run_tool(LocalCluster const& cluster, LocalNode const& node, std::span<std::string const> argv,
                        base::TimePoint deadline, base::Stop const& stop);

} // namespace rmqha::provision
