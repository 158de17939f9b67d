#pragma once

#include "base/clock.hpp"
#include "management/types.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

/// What is known of a cluster at one moment. Values only: findings and score are functions of a Snapshot.
namespace rmqha::health {

/// How asking a node one way (AMQP login, management API, Prometheus) went.
struct Asked {
    enum class Outcome {
        not_asked,
        answered,
        denied,    ///< it answers, but refuses this user
        refused,   ///< nothing listens, or the connection was closed on us
        silent,    ///< it took the connection, then time ran out
        timed_out, ///< no connection in time: packets vanish
        failed,    ///< anything else: unknown host, TLS, not the protocol, an error of the broker
    };
    Outcome outcome = Outcome::not_asked;
    std::string reason; ///< empty when answered
    base::Duration took{};

    bool answered() const noexcept { return outcome == Outcome::answered; }
};

/// One message sent through a node and taken back.
struct EndToEnd {
    Asked asked;                ///< `took`: from publishing it to having it back
    base::Duration confirmed{}; ///< from publishing it to its confirm
};

enum class NodeState {
    running,
    draining,    ///< in maintenance mode
    unreachable, ///< it runs, but this host cannot log in over AMQP
    silent,      ///< takes connections and says nothing: stopped, or overloaded beyond use
    down,        ///< peers say it does not run, or nobody answers for it
};

/// What a node says of its peers.
struct View {
    std::set<std::string> running; ///< itself too
    std::string source;            ///< "management" or "metrics"
};

struct Node {
    std::string address; ///< host:port as configured; empty for a member nobody configured
    std::string name;    ///< Erlang name; empty when nobody told
    int weight = 1;
    Asked amqp;
    Asked management;
    Asked metrics;
    NodeState state = NodeState::down;
    std::string why; ///< what `state` rests on, when it is not running

    std::string version;
    std::string cluster_name; ///< as this node calls it; empty when it is only the default made of the node's own name
    std::string cluster_id;
    std::optional<View> view;
    std::optional<std::vector<std::string>> partitions; ///< nodes it says it is partitioned from

    std::string figures_source;                ///< where the figures below come from; empty when there are none
    std::optional<std::uint64_t> memory_used;  ///< bytes
    std::optional<std::uint64_t> memory_limit; ///< bytes: the high watermark
    std::optional<std::uint64_t> disk_free;    ///< bytes
    std::optional<std::uint64_t> disk_limit;   ///< bytes
    std::optional<std::uint64_t> fds_used;
    std::optional<std::uint64_t> fds_total;
    std::optional<std::uint64_t> sockets_used;
    std::optional<std::uint64_t> sockets_total; ///< 0 where the broker counts none
    std::optional<base::milliseconds> uptime;
    std::optional<std::uint64_t> connections;
    std::optional<management::MessageCounters> counters; ///< as it told itself, just now
    std::optional<bool> memory_alarm;
    std::optional<bool> disk_alarm;
    std::optional<std::vector<std::string>> stopped_vhosts; ///< that do not run on it
    std::optional<management::Listening> listening;         ///< on the AMQP port of its address
    std::optional<EndToEnd> end_to_end;       ///< nothing when nobody asked for it; of a node not let in, how that went
    std::optional<int> amqp_certificate_days; ///< whole days until it expires, negative after; nothing without TLS
    std::optional<int> management_certificate_days;

    bool up() const noexcept { return state != NodeState::silent && state != NodeState::down; }
    /// How to call it: its Erlang name, else its address.
    std::string const& label() const noexcept { return name.empty() ? address : name; }
};

struct Queue : management::Queue {
    std::optional<int> wanted_replicas; ///< leader included: what its policy or arguments ask for
    std::map<std::string, std::uint64_t>
        lags{}; ///< by node: log entries its member is behind the leader, where asked and told
};

/// Something that could not be learnt, or that this broker does not tell.
struct Gap {
    std::string code; ///< of the finding that could not be looked for
    std::string object;
    std::string reason;
    std::string remedy;
    bool skipped = false;            ///< the broker does not have it, as opposed to: could not be asked
    std::vector<std::string> also{}; ///< codes of further findings that could not be looked for, for the same reason
};

struct Snapshot {
    std::chrono::system_clock::time_point taken{};
    base::Duration took{};
    std::string cluster_name;
    std::vector<Node> nodes;                  ///< the configured ones in their order, then other members
    std::set<std::string> running;            ///< Erlang names of all nodes that run
    std::optional<std::vector<Queue>> queues; ///< nothing when no node told
    std::string queues_source;                ///< who told, or why nobody did
    std::string depths_source;                ///< who told messages and consumers, or why nobody did
    std::optional<std::vector<std::string>>
        disabled_flags; ///< stable feature flags that are off; nothing when not told
    /// As the first node has them that told; operator policies only when they were asked for.
    std::optional<std::vector<management::Policy>> policies;
    std::vector<Gap> gaps;
};

} // namespace rmqha::health
