#pragma once

#include "provision/local_cluster.hpp"

#include <functional>
#include <string>
#include <vector>

namespace rmqha::provision {

/// A cluster takes its ports from a block of 120 that starts at its base port B: node N has AMQP B+N, management
/// B+10+N, Prometheus B+20+N, distribution B+30+N, and plugins with a listener of their own from B+50+N up; the port
/// mapper has B+40. With TLS, AMQP also has B+40+N, management B+100+N, Prometheus B+110+N.
inline constexpr int k_port_block = 120;
/// Below 32768, where Linux takes the ports of outgoing connections from: those come and go.
inline constexpr int k_lowest_base_port = 1024;
inline constexpr int k_highest_base_port = 32767 - k_port_block;

/// A plugin that listens on a port of its own, and what its settings are called.
struct PluginListener {
    std::string plugin;
    std::string address_key; ///< takes "ADDRESS:PORT", or only the address when there is a port_key
    std::string port_key;
    int offset = 0; ///< node N listens on base port + offset + N
};
std::vector<PluginListener> const& plugin_listeners();

/// The ports of a node of a cluster with these plugins. Pure.
NodePorts node_ports(std::uint16_t base_port, int number, std::vector<std::string> const& plugins);
/// Adds those of its TLS listeners. Pure.
void add_tls_ports(NodePorts& ports, std::uint16_t base_port, int number);
std::uint16_t epmd_port(std::uint16_t base_port);

using IsFree = std::function<bool(std::uint16_t)>;

/// The first base port whose block is all free by `is_free`. The search starts at a place that depends on `seed` (the
/// cluster's folder), so that a cluster tends to get the same ports again and two clusters made at the same time
/// different ones. Throws Error(unavailable) when there is none. Pure but for `is_free`.
std::uint16_t find_base_port(std::string const& seed, IsFree const& is_free);

/// Throws Error(unavailable) naming the first port of the block that is not free.
void check_base_port(std::uint16_t base_port, IsFree const& is_free);

/// Whether a server could listen on this TCP port of 127.0.0.1 now.
bool port_is_free(std::uint16_t port);

} // namespace rmqha::provision
