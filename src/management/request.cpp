#include "management/request.hpp"

#include <fmt/core.h>

#include <cctype>

namespace rmqha::management {
namespace {

constexpr std::uint16_t k_prometheus_port = 15692;
constexpr std::uint16_t k_prometheus_tls_port = 15691;

http::Request request(std::string const& scheme, config::Node const& node, std::uint16_t port, Access const& access,
                      std::string const& path)
{
    bool const ipv6 = node.host.find(':') != std::string::npos;
    http::Request made;
    made.url = fmt::format("{}://{}:{}{}", scheme, ipv6 ? "[" + node.host + "]" : node.host, port, path);
    made.tls = access.tls;
    made.connect_timeout = access.connect_timeout;
    return made;
}

} // namespace

std::string percent_encoded(std::string_view text)
{
    std::string encoded;
    for (char const c : text) {
        auto const byte = static_cast<unsigned char>(c);
        bool const plain = byte < 0x80 && std::isalnum(byte) != 0;
        if (plain || c == '-' || c == '.' || c == '_' || c == '~') {
            encoded += c;
        } else {
            encoded += fmt::format("%{:02X}", byte);
        }
    }
    return encoded;
}

http::Request get(config::Node const& node, Access const& access, std::string const& path)
{
    auto made = request(access.tls.enabled ? "https" : "http", node, node.management_port, access, path);
    made.credentials = access.credentials;
    return made;
}

http::Request write(config::Node const& node, Access const& access, Write const& wanted)
{
    auto made = get(node, access, wanted.path);
    made.method = wanted.method;
    made.body = wanted.body;
    return made;
}

http::Request get_metrics(config::Node const& node, Access const& access, std::string const& path)
{
    auto const port = node.prometheus_port;
    bool const tls = port == k_prometheus_tls_port || (access.tls.enabled && port != k_prometheus_port);
    return request(tls ? "https" : "http", node, port, access, path);
}

} // namespace rmqha::management
