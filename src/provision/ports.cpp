#include "provision/ports.hpp"

#include "base/error.hpp"
#include "base/fd.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <optional>

namespace rmqha::provision {

namespace {

constexpr int k_first_base_port = 20000;
constexpr int k_blocks = 105;

std::uint16_t plus(std::uint16_t port, int offset)
{
    return static_cast<std::uint16_t>(port + offset);
}

std::optional<std::uint16_t> first_taken(std::uint16_t base_port, IsFree const& is_free)
{
    for (int offset = 0; offset < k_port_block; ++offset) {
        if (auto const port = plus(base_port, offset); !is_free(port)) {
            return port;
        }
    }
    return std::nullopt;
}

/// FNV-1a: the same on every machine and in every build.
std::uint32_t hash(std::string const& text)
{
    std::uint32_t value = 2166136261U;
    for (char const letter : text) {
        value = (value ^ static_cast<unsigned char>(letter)) * 16777619U;
    }
    return value;
}

} // namespace

std::vector<PluginListener> const& plugin_listeners()
{
    static std::vector<PluginListener> const listeners{
        {"rabbitmq_mqtt", "mqtt.listeners.tcp.1", "", 50},
        {"rabbitmq_stomp", "stomp.listeners.tcp.1", "", 60},
        {"rabbitmq_stream", "stream.listeners.tcp.1", "", 70},
        {"rabbitmq_web_mqtt", "web_mqtt.tcp.ip", "web_mqtt.tcp.port", 80},
        {"rabbitmq_web_stomp", "web_stomp.tcp.ip", "web_stomp.tcp.port", 90},
    };
    return listeners;
}

NodePorts node_ports(std::uint16_t base_port, int number, std::vector<std::string> const& plugins)
{
    NodePorts ports{.amqp = plus(base_port, number),
                    .management = plus(base_port, 10 + number),
                    .prometheus = plus(base_port, 20 + number),
                    .distribution = plus(base_port, 30 + number)};
    for (auto const& listener : plugin_listeners()) {
        if (std::ranges::find(plugins, listener.plugin) != plugins.end()) {
            ports.plugins[listener.plugin] = plus(base_port, listener.offset + number);
        }
    }
    return ports;
}

void add_tls_ports(NodePorts& ports, std::uint16_t base_port, int number)
{
    ports.amqp_tls = plus(base_port, 40 + number);
    ports.management_tls = plus(base_port, 100 + number);
    ports.prometheus_tls = plus(base_port, 110 + number);
}

std::uint16_t epmd_port(std::uint16_t base_port)
{
    return plus(base_port, 40);
}

std::uint16_t find_base_port(std::string const& seed, IsFree const& is_free)
{
    auto const start = static_cast<int>(hash(seed) % k_blocks);
    for (int tried = 0; tried < k_blocks; ++tried) {
        auto const base_port =
            static_cast<std::uint16_t>(k_first_base_port + (start + tried) % k_blocks * k_port_block);
        if (!first_taken(base_port, is_free)) {
            return base_port;
        }
    }
    throw base::Error(base::ExitCode::unavailable,
                      fmt::format("no free ports: each block of {} from {} to {} has one in use", k_port_block,
                                  k_first_base_port, k_first_base_port + k_blocks * k_port_block),
                      "Name the start of a free range with --base-port.");
}

void check_base_port(std::uint16_t base_port, IsFree const& is_free)
{
    if (auto const port = first_taken(base_port, is_free)) {
        throw base::Error(base::ExitCode::unavailable, fmt::format("base port {}: port {} is in use", base_port, *port),
                          "Choose another --base-port, or leave it out to have free ports found.");
    }
}

bool port_is_free(std::uint16_t port)
{
    base::Fd const fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    int const yes = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    // The wildcard address collides with a listener on any address.
    address.sin_addr.s_addr = htonl(INADDR_ANY);
    return ::bind(fd.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0;
}

} // namespace rmqha::provision
