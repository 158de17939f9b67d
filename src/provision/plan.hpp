#pragma once

#include "base/process.hpp"
#include "provision/local_cluster.hpp"

#include <sys/types.h>

#include <span>

namespace rmqha::provision {

/// What the cluster's processes share and nobody else may know.
struct Secrets {
    std::string cookie;   ///< the Erlang cookie, letters and digits
    std::string password; ///< of k_user, letters and digits
};

/// A file of the cluster, by its path within the cluster's folder.
struct PlannedFile {
    std::string path;
    std::string content;
    mode_t mode = 0600;
};

/// What is written before any process starts: settings, plugins, cookie, password. `more_settings` ends every node's
/// settings, where it has the last word. Pure.
std::vector<PlannedFile> files_of(LocalCluster const& cluster, Secrets const& secrets,
                                  std::string const& more_settings = {});

/// The openssl commands, to be run in this order in the cluster's folder, that make its authority and certificates. For
/// ten years: a trial should not end over them. Pure.
std::vector<base::Command> certificate_commands(LocalCluster const& cluster);

/// The context.toml with which clients reach the cluster. Pure.
PlannedFile context_of(LocalCluster const& cluster);

/// How the cluster's own port mapper, a node, and one of the broker's tools (argv: "rabbitmqctl", …) are run. Each gets
/// an environment made from nothing but `path` (the value of PATH, unused in a chroot), so that no RABBITMQ_ or ERL_
/// variable of the caller reaches a broker. Pure.
base::Command epmd_command(LocalCluster const& cluster, std::string const& path);
base::Command node_command(LocalCluster const& cluster, LocalNode const& node, std::string const& path);
base::Command tool_command(LocalCluster const& cluster, LocalNode const& node, std::span<std::string const> argv,
                           std::string const& path);

/// Environment variables that mark a process as the cluster's, and as a node's (by name).
inline constexpr char const* k_cluster_mark = "RMQHA_CLUSTER";
inline constexpr char const* k_node_mark = "RMQHA_NODE";

/// Where a node's output (before its log exists) and its log are, within the cluster's folder.
std::string output_file_of(LocalNode const& node);
std::string log_file_of(LocalNode const& node);

/// The nodes, not started, of a cluster of `count` nodes. Pure.
std::vector<LocalNode> nodes_of(int count, std::uint16_t base_port, std::vector<std::string> const& plugins);

/// RabbitMQ 3.8 nodes that start together may each found a cluster of their own; its remedy is that each waits up to a
/// minute, chosen at random. We let the first one serve before the others start instead, which takes half the time.
/// Later releases take turns by a lock (and 4.x nodes want to be started together). Pure.
bool needs_first_node_alone(Server const& server);

/// What is enabled when the user wants these plugins: management and prometheus, without which neither `cluster up` nor
/// `monitor` could see the cluster, these, and those with a listener that they bring along. Pure.
std::vector<std::string> plugins_with(std::vector<std::string> const& wanted);

} // namespace rmqha::provision
