#pragma once

#include "amqp/connection.hpp"
#include "amqp/failure.hpp"
#include "cluster/node_score.hpp"
#include "cluster/node_state.hpp"
#include "config/settings.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace rmqha::cluster {

/// One node's answer to a try: a channel, or why not.
struct Attempt {
    config::Node node;
    std::unique_ptr<amqp::Channel> channel;
    std::optional<amqp::Server> server; ///< what it said of itself, when connected
    amqp::Timings timings;
    std::optional<amqp::Failure> failure;
    NodeScore score; ///< filled in by health_based
};

/// What happens to a connection, for whoever shows it.
struct ConnectionEvent {
    enum class Kind { connected, failed, lost, left, waiting, forgetful };
    Kind kind;
    std::string node; ///< label; empty for waiting and forgetful
    std::string text; ///< why this node, the failure's reason, how long the wait is, why the state file is of no use
};
using Observer = std::function<void(ConnectionEvent const&)>;

/// Connects to one node: the seam between choosing nodes and AMQP. Throws amqp::Failure, base::Interrupted.
using Dial = std::function<Attempt(config::Node const&, base::TimePoint deadline, base::Stop const&)>;
/// The real one. `command` goes into the connection's name: "rmqha publish on host (pid 123)".
Dial make_dial(config::Settings const& settings, base::Credentials const& credentials, std::string const& command);

/// What the management API knows of the nodes, by label; called beside the logins of health_based, may be empty.
using FiguresSource = std::function<std::map<std::string, NodeFigures>(base::TimePoint deadline, base::Stop const&)>;

/// Chooses a node by strategy and connects to it; goes on to the next when one cannot be had. Remembers failures and
/// rotation in the state file shared with other processes. Not thread-safe.
class Connector {
public:
    struct World {
        Dial dial;
        FiguresSource figures; ///< may be null
        NodeStateFile state;
        base::Clock& clock;
        base::Stop& stop;
        Observer observer; ///< may be null
    };
    Connector(config::Settings const& settings, World world);

    /// A connection to some node. Tries the nodes in the strategy's order, all of them up to `connection_attempts`
    /// times with growing, jittered pauses between the rounds. Throws base::Error naming every node and its reason once
    /// all rounds failed or `deadline` came; at once for what fails alike on every node (credentials, vhost).
    Attempt connect(base::TimePoint deadline);

    /// Tells that a connection made by connect() was lost, so that others learn of it.
    void lost(config::Node const& node, amqp::Failure const& failure);

    /// Tells that another node is wanted, though this one is well: as long as it is of no use (a stream has no member
    /// there). connect() takes those left only when no other can be had, until all of them were left.
    void leave(config::Node const& node, amqp::Failure const& failure);

    /// All nodes at once, each within `connection_timeout`; in the settings' order. Never throws Failure.
    std::vector<Attempt> connect_all(base::TimePoint deadline);

    std::vector<Candidate> candidates();

private:
    bool available(SharedState const& state, config::Node const& node) const;
    std::vector<std::size_t> order();
    std::optional<Attempt> connect_by_order(base::TimePoint deadline, std::vector<Attempt>& failed);
    std::optional<Attempt> connect_to_healthiest(base::TimePoint deadline, std::vector<Attempt>& failed);
    std::optional<Attempt> connect_to_best_of(std::vector<Candidate> const& group, base::TimePoint deadline,
                                              std::vector<Attempt>& failed);
    Attempt try_node(config::Node const& node, base::TimePoint deadline, base::Stop const& stop);
    void record(Attempt const& attempt);
    void update_state(std::function<void(SharedState&)> const& change);
    void tell(ConnectionEvent::Kind kind, std::string const& node, std::string const& text) const;

    config::Settings const m_settings;
    World m_world;
    std::mt19937_64 m_random;
    std::set<std::string> m_left; ///< labels
    bool m_told_forgetful = false;
};

/// "cannot reach any of 3 nodes: a:5672 connection refused, b:5672 ..." with the exit code they share, else
/// ExitCode::unavailable; one node alone: "cannot connect to a:5672: connection refused".
base::Error error_of_failures(std::vector<Attempt> const& failed);

} // namespace rmqha::cluster
