#pragma once

#include "management/answer.hpp"

#include <optional>
#include <string>
#include <vector>

/// Who may use a broker, and what clients do there. Read as answer.hpp has it.
namespace rmqha::management {

struct User {
    std::string name;
    std::vector<std::string> tags;
    std::string password_hash; ///< Base64 of four bytes of salt and the hash; empty: no login by password, or not told
    std::string hashing;       ///< "rabbit_password_hashing_sha256"
};

/// An AMQP, MQTT, ... connection of a client.
struct ClientConnection {
    std::string name; ///< "127.0.0.1:44934 -> 127.0.0.1:5672"
    std::string given_name;
    std::string product;
    std::string node;
    std::string user;
    std::string protocol;                 ///< "AMQP 0-9-1"
    std::optional<std::uint64_t> timeout; ///< heartbeat in seconds, 0: none; not told in a connection's first seconds
};

struct Consumer {
    std::string vhost;
    std::string queue;
    std::string user;
    std::string channel; ///< its name; empty on brokers that tell none
    std::optional<std::uint64_t> prefetch;
};

/// What basic.qos with `global` set for a channel as a whole.
struct ChannelPrefetch {
    std::string name;
    std::optional<std::uint64_t> global;
};

Answer<std::vector<User>> read_users(http::Result const& result);
/// Of a user without the tag monitoring, the broker lists only its own.
Answer<std::vector<ClientConnection>> read_connections(http::Result const& result);
Answer<std::vector<Consumer>> read_consumers(http::Result const& result);
Answer<std::vector<ChannelPrefetch>> read_channels(http::Result const& result);
/// Listeners of all nodes, from the overview.
Answer<std::vector<Listener>> read_listeners(http::Result const& result);
/// The addresses that web plugins of each node were configured with, from /api/nodes: up to RabbitMQ 3.x the overview
/// has "::" for all of them. Those configured with none are left out.
Answer<std::vector<Listener>> read_web_addresses(http::Result const& result);
/// `listeners` with the addresses that the web plugins told themselves.
std::vector<Listener> corrected(std::vector<Listener> listeners, std::vector<Listener> const& web);

} // namespace rmqha::management
