#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rmqha::config {

/// A cluster node as the user names it. A port of 0 means "the default": 5672 or 5671 with TLS for AMQP, 15672 or 15671
/// for management, 15692 or 15691 for Prometheus; resolve() fills them in, so modules only ever see real ports.
/// A cluster that has TLS but serves Prometheus without is named with prometheus=15692.
struct Node {
    std::string host;
    std::uint16_t port = 0;
    std::uint16_t management_port = 0;
    std::uint16_t prometheus_port = 0;
    int weight = 1;   ///< 1 to 1000; share of connections under weighted_round_robin, and weight in availability
    std::string name; ///< Erlang node name (rabbit@host); empty when not given

    bool operator==(Node const&) const = default;
};

/// "host:port", with brackets around IPv6: how messages name a node. Without ":port" when the port is 0.
std::string label(Node const& node);

/// Reads HOST[:PORT][,management=PORT][,prometheus=PORT][,weight=N][,name=rabbit@host]; IPv6 in brackets.
/// Throws Error(usage) quoting the offending part.
Node parse_node(std::string_view text);

/// The text parse_node() reads back as the same node.
std::string to_text(Node const& node);

/// How a node is chosen among several.
enum class Strategy { round_robin, weighted_round_robin, random, health_based, in_order };

std::string_view to_string(Strategy strategy);
/// Throws Error(usage) naming the nearest known strategy.
Strategy parse_strategy(std::string_view text);
/// Every strategy's name, for help and completion.
std::vector<std::string> const& strategy_names();

} // namespace rmqha::config
