#pragma once

#include "base/connection_options.hpp"
#include "config/node.hpp"
#include "http/transport.hpp"

#include <string>
#include <string_view>

namespace rmqha::management {

/// How to get in, the same for every node.
struct Access {
    base::Credentials credentials;
    base::TlsOptions tls;
    base::milliseconds connect_timeout{3000};
};

/// `text` fit for one segment of a path or a query value: everything but letters, digits and "-._~" as %XX.
std::string percent_encoded(std::string_view text);

/// GET of `path` ("/api/whoami") at the node's management port, over HTTPS when TLS is on.
http::Request get(config::Node const& node, Access const& access, std::string const& path);

/// The same with another method, and a body unless that is empty.
struct Write {
    std::string method; ///< "PUT", "DELETE", "POST"
    std::string path;
    std::string body{}; ///< JSON
};
http::Request write(config::Node const& node, Access const& access, Write const& wanted);

/// GET of `path` at the node's Prometheus port, without credentials, which it does not ask for. Over HTTPS when TLS is
/// on; but the plugin's own two ports are what they are: 15692 always plain HTTP, 15691 always HTTPS.
http::Request get_metrics(config::Node const& node, Access const& access, std::string const& path);

/// Paths by what they cost. With a peer that hangs, a healthy node answers the first group at once, while the others
/// take 1 to 60 s (measured on 3.10.8 and 4.0.5).
namespace path {
inline constexpr char const* k_whoami = "/api/whoami";
inline constexpr char const* k_alarms = "/api/health/checks/alarms";
inline constexpr char const* k_stopped_vhosts = "/api/health/checks/virtual-hosts";
/// Followed by a port. At once on RabbitMQ 3.10; on 4.0, with a peer that hangs, after 10 s.
inline constexpr char const* k_port_listener = "/api/health/checks/port-listener/";
inline constexpr char const* k_policies = "/api/policies";
inline constexpr char const* k_operator_policies = "/api/operator-policies";
inline constexpr char const* k_deprecated_features = "/api/deprecated-features";
inline constexpr char const* k_metrics = "/metrics";
inline constexpr char const* k_raft_indexes = "/metrics/detailed?family=ra_metrics";
inline constexpr char const* k_queue_depths =
    "/metrics/detailed?family=queue_coarse_metrics&family=queue_consumer_count";

inline constexpr char const* k_overview = "/api/overview?disable_stats=true";
/// Where queues live, without statistics: the one form that neither loses queues nor tells one twice.
inline constexpr char const* k_queues = "/api/queues?disable_stats=true";

inline constexpr char const* k_nodes =
    "/api/nodes?columns=name,running,being_drained,partitions,mem_used,mem_limit,mem_alarm,disk_free,disk_free_limit,"
    "disk_free_alarm,fd_used,fd_total,sockets_used,sockets_total,uptime";
inline constexpr char const* k_vhosts = "/api/vhosts";
/// Of administrators only up to RabbitMQ 3.10 (of any management user on 4.0).
inline constexpr char const* k_feature_flags = "/api/feature-flags?columns=name,state,stability";
/// The only form of the overview with listeners on RabbitMQ 3.10.
inline constexpr char const* k_listeners = "/api/overview?columns=listeners";
inline constexpr char const* k_web_contexts = "/api/nodes?columns=name,contexts";
inline constexpr char const* k_users = "/api/users";
inline constexpr char const* k_connections =
    "/api/"
    "connections?columns=name,node,user,protocol,timeout,client_properties.product,client_properties.connection_name";
inline constexpr char const* k_channels = "/api/channels?columns=name,global_prefetch_count";
inline constexpr char const* k_consumers =
    "/api/consumers?columns=queue.name,queue.vhost,prefetch_count,channel_details.name,channel_details.user";
/// What only statistics tell; for brokers whose Prometheus endpoint does not answer.
inline constexpr char const* k_queue_statistics =
    "/api/queues?columns=vhost,name,messages,messages_ready,messages_unacknowledged,consumers,policy";
/// Which policies queues have; up to 10 s behind what is in force.
inline constexpr char const* k_policy_queues =
    "/api/queues?columns=vhost,name,type,arguments,policy,operator_policy,effective_policy_definition";
} // namespace path

} // namespace rmqha::management
