#include "config/node.hpp"

#include "base/error.hpp"
#include "base/spelling.hpp"
#include "base/units.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rmqha::config {

using base::Error;
using base::ExitCode;

namespace {

constexpr int k_most_weight = 1000;

std::vector<std::string> const& node_keys()
{
    static std::vector<std::string> const keys{"management", "prometheus", "weight", "name"};
    return keys;
}

[[noreturn]] void refuse(std::string const& message, std::string hint)
{
    throw Error(ExitCode::usage, message, std::move(hint));
}

std::uint16_t port_of(std::string_view text, std::string_view what)
{
    auto const port = base::parse_integer(text, 1, 65535);
    if (!port) {
        refuse(fmt::format("{} \"{}\": not a number from 1 to 65535", what, text), {});
    }
    return static_cast<std::uint16_t>(*port);
}

bool is_host_name(std::string_view host)
{
    return !host.empty() && host.front() != '-' && std::ranges::all_of(host, [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_' || c >= 0x80;
    });
}

bool is_ipv6(std::string_view host)
{
    return host.find(':') != std::string_view::npos &&
           std::ranges::all_of(host.substr(0, host.find('%')),
                               [](unsigned char c) { return std::isxdigit(c) != 0 || c == ':' || c == '.'; });
}

void read_address(std::string_view text, Node& node)
{
    auto host = text;
    std::string_view rest;
    if (text.starts_with('[')) {
        auto const end = text.find(']');
        if (end == std::string_view::npos || !is_ipv6(text.substr(1, end - 1))) {
            refuse(fmt::format("host \"{}\": not an IPv6 address in brackets", text),
                   "Write it as [2001:db8::1]:5672.");
        }
        host = text.substr(1, end - 1);
        rest = text.substr(end + 1);
    } else {
        if (text.find("://") != std::string_view::npos) {
            refuse("a URI is not a node", "Give URIs with --uri."); // not quoted: it may hold a password
        }
        if (std::ranges::count(text, ':') > 1) {
            refuse(fmt::format("host \"{}\": an IPv6 address needs brackets", text), "Write it as [2001:db8::1]:5672.");
        }
        host = text.substr(0, text.find(':'));
        rest = text.substr(host.size());
        if (!is_host_name(host)) {
            refuse(fmt::format("host \"{}\": not a host name or address", host), {});
        }
    }
    node.host = host;
    if (!rest.empty()) {
        if (rest.front() != ':') {
            refuse(fmt::format("host \"{}\": unexpected \"{}\" after the address", text, rest), {});
        }
        node.port = port_of(rest.substr(1), "port");
    }
}

void read_part(std::string_view part, Node& node)
{
    auto const equals = part.find('=');
    auto const key = part.substr(0, equals);
    if (equals == std::string_view::npos || std::ranges::find(node_keys(), key) == node_keys().end()) {
        refuse(fmt::format("node option \"{}\": not one of management=, prometheus=, weight=, name=", part),
               equals == std::string_view::npos ? "Repeat the option for every further node."
                                                : "A node is written HOST[:PORT][,management=PORT][,weight=N]." +
                                                      base::did_you_mean(key, node_keys()));
    }
    auto const value = part.substr(equals + 1);
    if (key == "management") {
        node.management_port = port_of(value, "management port");
    } else if (key == "prometheus") {
        node.prometheus_port = port_of(value, "prometheus port");
    } else if (key == "weight") {
        auto const weight = base::parse_integer(value, 1, k_most_weight);
        if (!weight) {
            refuse(fmt::format("weight \"{}\": not a number from 1 to {}", value, k_most_weight), {});
        }
        node.weight = static_cast<int>(*weight);
    } else {
        auto const at = value.find('@');
        if (at == 0 || at == std::string_view::npos || at + 1 == value.size()) {
            refuse(fmt::format("node name \"{}\": not of the form rabbit@host", value), {});
        }
        node.name = value;
    }
}

} // namespace

std::string label(Node const& node)
{
    auto const host = node.host.find(':') != std::string::npos ? "[" + node.host + "]" : node.host;
    return node.port == 0 ? host : fmt::format("{}:{}", host, node.port);
}

Node parse_node(std::string_view text)
{
    Node node;
    auto end = text.find(',');
    read_address(text.substr(0, end), node);
    while (end != std::string_view::npos) {
        text.remove_prefix(end + 1);
        end = text.find(',');
        read_part(text.substr(0, end), node);
    }
    return node;
}

std::string to_text(Node const& node)
{
    auto text = label(node);
    if (node.management_port != 0) {
        text += fmt::format(",management={}", node.management_port);
    }
    if (node.prometheus_port != 0) {
        text += fmt::format(",prometheus={}", node.prometheus_port);
    }
    if (node.weight != 1) {
        text += fmt::format(",weight={}", node.weight);
    }
    if (!node.name.empty()) {
        text += fmt::format(",name={}", node.name);
    }
    return text;
}

std::string_view to_string(Strategy strategy)
{
    return strategy_names().at(static_cast<std::size_t>(strategy));
}

Strategy parse_strategy(std::string_view text)
{
    auto const& names = strategy_names();
    auto const found = std::ranges::find(names, text);
    if (found == names.end()) {
        refuse(fmt::format("\"{}\" is not a strategy", text),
               fmt::format("The strategies are {}.{}", fmt::join(names, ", "), base::did_you_mean(text, names)));
    }
    return static_cast<Strategy>(found - names.begin());
}

std::vector<std::string> const& strategy_names()
{
    // In the order of enum Strategy.
    static std::vector<std::string> const names{"round_robin", "weighted_round_robin", "random", "health_based",
                                                "in_order"};
    return names;
}

} // namespace rmqha::config
