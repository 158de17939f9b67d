#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// What the management API and the Prometheus endpoint answer, without JSON. An absent, null or odd value is an empty
/// optional or string: brokers of different versions, and nodes just starting, leave out different things.
namespace rmqha::management {

struct Whoami {
    std::string name;
    std::vector<std::string> tags;
};

struct Listener {
    std::string node;
    std::string protocol; ///< "amqp", "amqp/ssl", "http", "clustering", ...
    std::uint16_t port = 0;
    std::string address{}; ///< "127.0.0.1", "::": all of the node's
};

struct Overview {
    std::string node; ///< Erlang name of the node that answered
    std::string version;
    std::string cluster_name; ///< "<node>@<host name>" of the asked node unless one was set
    std::vector<Listener> listeners;
};

/// One entry of /api/nodes: what the asked node says of this one.
struct Node {
    std::string name;
    bool running = false;
    std::optional<bool> being_drained; ///< not told before RabbitMQ 3.13
    std::optional<std::vector<std::string>> partitions;
    std::optional<std::uint64_t> memory_used;  ///< bytes
    std::optional<std::uint64_t> memory_limit; ///< bytes: the high watermark
    std::optional<bool> memory_alarm;          ///< up to 5 s old
    std::optional<std::uint64_t> disk_free;    ///< bytes
    std::optional<std::uint64_t> disk_limit;   ///< bytes
    std::optional<bool> disk_alarm;            ///< up to 5 s old
    std::optional<std::uint64_t> fds_used;
    std::optional<std::uint64_t> fds_total;
    std::optional<std::uint64_t> sockets_used;
    std::optional<std::uint64_t> sockets_total; ///< 0 from RabbitMQ 4.0 on: not counted any more
    std::optional<base::milliseconds> uptime;
};

/// Whether a node listens on a port, and if not, on which it does.
struct Listening {
    bool listening = true;
    std::vector<std::uint16_t> ports; ///< of all protocols; empty when it does listen
};

struct Alarm {
    std::string node;
    std::string resource; ///< "memory" or "disk space"
};

struct Vhost {
    std::string name;
    std::map<std::string, std::string> states; ///< by node name: "running", "stopped", "nodedown"
};

enum class PolicyKind { policy, operator_policy };

/// Keys with their values as compact JSON text: "max-length" -> "100", "overflow" -> "\"reject-publish\"".
using PolicyDefinition = std::map<std::string, std::string>;

struct Policy {
    std::string vhost;
    std::string name;
    std::optional<std::string> ha_mode; ///< "all", "exactly", "nodes"; up to RabbitMQ 3.13
    std::optional<int> copies;          ///< what ha-mode exactly or nodes, or target-group-size asks for
    PolicyKind kind = PolicyKind::policy;
    std::string pattern;
    std::string apply_to = "all";
    double priority = 0; ///< brokers take fractions and negative ones too
    PolicyDefinition definition;
};

/// A queue as policies see it, and what the broker says of those in force.
struct PolicyQueue {
    std::string vhost;
    std::string name;
    std::string type;           ///< "classic", "quorum", "stream"
    PolicyDefinition arguments; ///< those it was declared with: "x-max-length" -> "100"
    bool exclusive = false;     ///< lives no longer than one connection
    /// Names, empty for none; nothing when not told, as with a queue just declared.
    std::optional<std::string> policy;
    std::optional<std::string> operator_policy;
    std::optional<PolicyDefinition> effective; ///< what is in force of both together
};

struct Queue {
    std::string vhost;
    std::string name;
    std::string type;   ///< "classic", "quorum", "stream"
    std::string state;  ///< may lie, may be missing: never judge by it alone
    std::string leader; ///< where it lives: the broker's `leader`, else its `node`
    std::string policy;
    bool durable = true;
    bool exclusive = false;
    std::vector<std::string> members; ///< of quorum queues and streams, running or not
    std::vector<std::string> online;
    std::optional<std::vector<std::string>> mirrors; ///< of mirrored classic queues
    std::vector<std::string> synchronised_mirrors;
    std::optional<std::uint64_t> synchronised_messages; ///< that went to its mirrors, while it synchronises them
    std::optional<int> group_size;         ///< argument x-quorum-initial-group-size or x-initial-cluster-size
    std::optional<std::uint64_t> messages; ///< ready and unacknowledged
    std::optional<std::uint64_t> messages_ready;
    std::optional<std::uint64_t> consumers;
};

/// A member of a quorum queue, as it says itself.
struct RaftMember {
    std::string node;
    std::string state;                         ///< "leader", "follower", "candidate", "noproc", "timeout", ...
    std::string membership;                    ///< "voter", "promotable": not yet caught up; empty up to RabbitMQ 3.12
    std::optional<std::uint64_t> last_applied; ///< index in the log
    std::optional<std::uint64_t> commit_index; ///< the leader's is what the others shall reach
};

/// Messages and consumers of one queue, as the node that leads it counts them.
struct QueueDepth {
    std::uint64_t messages = 0; ///< ready and unacknowledged
    std::uint64_t messages_ready = 0;
    std::optional<std::uint64_t> consumers;
};
using QueueDepths = std::map<std::pair<std::string, std::string>, QueueDepth>; ///< by vhost and name

/// How far a node's own member of a quorum queue is in the queue's log.
struct RaftIndexes {
    std::uint64_t applied = 0;   ///< the last entry this member has applied
    std::uint64_t committed = 0; ///< the last one it knows to be safe: the leader's is what the others shall reach
};
using RaftLogs = std::map<std::pair<std::string, std::string>, RaftIndexes>; ///< by vhost and name

/// A feature that the whole cluster has, or has not yet.
struct FeatureFlag {
    std::string name;
    std::string state;     ///< "enabled", "disabled", "unavailable", ...
    std::string stability; ///< "stable", "required", "experimental"
};

/// Messages that went through a node since it started, over all protocols.
struct MessageCounters {
    std::uint64_t published = 0;    ///< taken from publishers
    std::uint64_t delivered = 0;    ///< handed to consumers, or fetched
    std::uint64_t acknowledged = 0; ///< by consumers
};

/// What a node's Prometheus endpoint says of the node itself. Answers at once even while a peer hangs.
struct Metrics {
    std::string node;
    std::string version;
    std::string cluster_name;
    std::string cluster_id;             ///< the permanent one: equal on all nodes of a cluster
    std::vector<std::string> connected; ///< peers with an Erlang connection; one that hangs stays in for a minute
    std::optional<bool> memory_alarm;
    std::optional<bool> disk_alarm;
    std::optional<std::uint64_t> memory_used; ///< bytes
    std::optional<std::uint64_t> memory_limit;
    std::optional<std::uint64_t> disk_free; ///< bytes
    std::optional<std::uint64_t> disk_limit;
    std::optional<std::uint64_t> fds_used;
    std::optional<std::uint64_t> fds_total;
    std::optional<std::uint64_t> sockets_used; ///< up to RabbitMQ 3.x
    std::optional<std::uint64_t> sockets_total;
    std::optional<base::milliseconds> uptime;
    std::optional<std::uint64_t> connections;
    std::optional<std::uint64_t> queues;     ///< that live on this node, of all vhosts
    std::optional<MessageCounters> counters; ///< not told before RabbitMQ 3.9
};

} // namespace rmqha::management
