#pragma once

#include "http/transport.hpp"
#include "management/types.hpp"

#include <string>
#include <variant>
#include <vector>

/// Answers read: pure functions of what came over HTTP, so that many requests can go out in one perform. None throws;
/// what is wrong comes back as a Problem.
namespace rmqha::management {

/// Why there is no answer of the kind asked for.
struct Problem {
    enum class Kind {
        unreachable,   ///< no HTTP answer: refused, unknown host, connection lost
        silent,        ///< connected or not, nothing came in time
        credentials,   ///< user or password refused (401 not_authorized)
        permission,    ///< known user that lacks a tag or permission (401 not_authorised)
        not_supported, ///< this broker does not have it (404)
        failed,        ///< the broker answered with an error
        unreadable,    ///< an answer that is not what the API promises
    };
    Kind kind = Kind::failed;
    std::string reason; ///< lower case, no final stop: "refused", "user lacks the tag monitoring", ...
};

template <typename Value>
using Answer = std::variant<Value, Problem>;

template <typename Value>
Value const* value_of(Answer<Value> const& answer)
{
    return std::get_if<Value>(&answer);
}
template <typename Value>
Problem const* problem_of(Answer<Value> const& answer)
{
    return std::get_if<Problem>(&answer);
}

Answer<Whoami> read_whoami(http::Result const& result);
Answer<Overview> read_overview(http::Result const& result);
Answer<std::vector<Node>> read_nodes(http::Result const& result);
/// Reads health/checks/alarms, where 503 is the answer "there are some". Complete for the whole cluster, and at once.
Answer<std::vector<Alarm>> read_alarms(http::Result const& result);
/// Reads health/checks/virtual-hosts, where 503 is the answer "these do not run on this node". At once.
Answer<std::vector<std::string>> read_stopped_vhosts(http::Result const& result);
/// Reads health/checks/port-listener, where 503 is the answer "no".
Answer<Listening> read_listening(http::Result const& result);
/// The names of what is listed, in the broker's order, whether it came as a list or as a page of one.
Answer<std::vector<std::string>> read_names(http::Result const& result);
Answer<std::vector<Vhost>> read_vhosts(http::Result const& result);
Answer<std::vector<Policy>> read_policies(http::Result const& result, PolicyKind kind = PolicyKind::policy);
/// One policy by its name; nothing when there is none, or no such vhost.
Answer<std::optional<Policy>> read_policy(http::Result const& result, PolicyKind kind);
/// Reads /api/queues in any of its forms. A key that comes twice in one object is taken once (brokers send the live
/// value and a stale one in no reliable order), a queue that is listed twice is listed once, with the first's leader.
Answer<std::vector<Queue>> read_queues(http::Result const& result);

/// Reads a quorum queue's .../status (RabbitMQ 3.13.7 and later; an error while a member's node is down).
Answer<std::vector<RaftMember>> read_raft(http::Result const& result);
/// One queue by its name, as read_queues() has it; not_supported when there is none, or no such vhost.
Answer<Queue> read_queue(http::Result const& result);

/// Reads /api/queues as policies see it, with or without statistics; each queue once.
Answer<std::vector<PolicyQueue>> read_policy_queues(http::Result const& result);
/// One queue by its name; nothing when there is none, or no such vhost.
Answer<std::optional<PolicyQueue>> read_policy_queue(http::Result const& result);

Answer<std::vector<FeatureFlag>> read_feature_flags(http::Result const& result);

/// Reads /api/deprecated-features, which brokers before 3.13 do not have: whether classic queues can be mirrored.
Answer<bool> read_mirroring(http::Result const& result);

/// Reads the answer to a PUT or DELETE: whether it made something new (201), else it was there already.
Answer<bool> read_written(http::Result const& result);

/// Reads Prometheus text: /metrics of a node.
Answer<Metrics> read_metrics(http::Result const& result);
/// Reads Prometheus text: /metrics/detailed with the families of path::k_queue_depths.
Answer<QueueDepths> read_queue_depths(http::Result const& result);
/// Reads Prometheus text: /metrics/detailed with the family of path::k_raft_indexes (up to 5 s old on RabbitMQ 3.x).
Answer<RaftLogs> read_raft_logs(http::Result const& result);

} // namespace rmqha::management
