#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace rmqha::provision {

/// An installed RabbitMQ server.
struct Server {
    std::string home;    ///< the versioned folder that holds sbin/ and plugins/, as seen inside `chroot`
    std::string version; ///< "3.10.8"
    std::string chroot;  ///< absolute folder it runs in; empty: this system itself

    bool operator==(Server const&) const = default;
};

/// The TCP ports of one node, all on 127.0.0.1.
struct NodePorts {
    std::uint16_t amqp = 0;
    std::uint16_t management = 0;
    std::uint16_t prometheus = 0;
    std::uint16_t distribution = 0; ///< node to node and command-line tools
    std::uint16_t amqp_tls = 0;     ///< this and the next two: 0 in a cluster without TLS
    std::uint16_t management_tls = 0;
    std::uint16_t prometheus_tls = 0;
    std::map<std::string, std::uint16_t> plugins; ///< by plugin: those that listen on a port of their own

    bool operator==(NodePorts const&) const = default;
};

struct LocalNode {
    int number = 0;   ///< 1 to 9
    std::string name; ///< "rabbit1@localhost"
    NodePorts ports;
    int pid = 0; ///< process that was started last; 0: none, or stopped on purpose

    bool operator==(LocalNode const&) const = default;
};

/// A cluster on this machine: everything that decides what its files and processes are. The manifest keeps it.
struct LocalCluster {
    std::string name;
    std::string id; ///< random; in the environment of every process of the cluster, which is how they are found
    std::filesystem::path folder;
    std::string created; ///< RFC 3339
    Server server;
    std::vector<std::string> plugins; ///< all that are enabled
    std::uint16_t base_port = 0;      ///< decides all ports, see ports.hpp
    int epmd_pid = 0;                 ///< the port mapper's process
    std::vector<LocalNode> nodes;
    bool tls = false; ///< the nodes have TLS listeners too, which the context uses

    bool operator==(LocalCluster const&) const = default;
};

/// Files of the cluster's folder that others than the broker read.
inline constexpr char const* k_context_file = "context.toml";
inline constexpr char const* k_password_file = "password";
inline constexpr char const* k_user = "rmqha";
/// Certificates and keys of a cluster with TLS: of its authority, of the nodes, and of a client called k_user.
inline constexpr char const* k_authority_file = "tls/ca.pem";
inline constexpr char const* k_authority_key_file = "tls/ca-key.pem";
inline constexpr char const* k_node_certificate_file = "tls/node.pem";
inline constexpr char const* k_node_key_file = "tls/node-key.pem";
inline constexpr char const* k_client_certificate_file = "tls/client.pem";
inline constexpr char const* k_client_key_file = "tls/client-key.pem";

} // namespace rmqha::provision
