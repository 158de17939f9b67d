#include "serve/endpoint.hpp"

#include "base/error.hpp"
#include "base/units.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

namespace rmqha::serve {
namespace {

using base::Error;
using base::ExitCode;

constexpr int k_backlog = 128;

std::string lower_case_first(std::string text)
{
    text.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(text.front())));
    return text;
}

using Addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Addresses addresses_of(Endpoint const& endpoint)
{
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    int const error = ::getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &found);
    if (error != 0) {
        throw Error(ExitCode::no_host,
                    fmt::format("cannot listen on {}: {}", to_text(endpoint), lower_case_first(::gai_strerror(error))));
    }
    return {found, &::freeaddrinfo};
}

bool is_loopback(sockaddr_storage const& address)
{
    if (address.ss_family == AF_INET) {
        auto const& v4 = reinterpret_cast<sockaddr_in const&>(address);
        return (ntohl(v4.sin_addr.s_addr) >> 24U) == 127;
    }
    auto const& v6 = reinterpret_cast<sockaddr_in6 const&>(address);
    return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
}

Endpoint numeric(sockaddr_storage const& address, socklen_t size)
{
    std::array<char, NI_MAXHOST> host{};
    std::array<char, NI_MAXSERV> port{};
    ::getnameinfo(reinterpret_cast<sockaddr const*>(&address), size, host.data(), host.size(), port.data(), port.size(),
                  NI_NUMERICHOST | NI_NUMERICSERV);
    return {host.data(), static_cast<std::uint16_t>(std::stoi(port.data()))};
}

} // namespace

Endpoint parse_endpoint(std::string_view option, std::string_view text)
{
    auto const refuse = [&](std::string_view reason) -> Endpoint {
        throw Error(ExitCode::usage, fmt::format("{}: \"{}\" {}", option, text, reason),
                    "Write ADDRESS:PORT: 127.0.0.1:15693 for this machine only, 0.0.0.0:15693 or [::]:15693 for all.");
    };
    auto const colon = text.rfind(':');
    if (colon == std::string_view::npos) {
        return refuse("is not ADDRESS:PORT");
    }
    auto host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    } else if (host.find(':') != std::string_view::npos) {
        return refuse("is not ADDRESS:PORT, as IPv6 needs brackets");
    }
    auto const port = base::parse_integer(text.substr(colon + 1), 0, 65535);
    if (!port) {
        return refuse("has no port from 0 to 65535");
    }
    if (host.empty()) {
        return refuse("names no address");
    }
    return {std::string(host), static_cast<std::uint16_t>(*port)};
}

std::string to_text(Endpoint const& endpoint)
{
    bool const v6 = endpoint.host.find(':') != std::string::npos;
    return fmt::format("{}{}{}:{}", v6 ? "[" : "", endpoint.host, v6 ? "]" : "", endpoint.port);
}

Listener listen_at(Endpoint const& endpoint)
{
    auto const addresses = addresses_of(endpoint);
    auto const& address = *addresses;
    Listener listener;
    listener.socket.reset(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    int const yes = 1;
    // A restart must not wait for the connections of the run before to be forgotten.
    bool const listens = listener.socket &&
                         ::setsockopt(listener.socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
                         ::bind(listener.socket.get(), address.ai_addr, address.ai_addrlen) == 0 &&
                         ::listen(listener.socket.get(), k_backlog) == 0;
    int const error = errno;
    if (!listens) {
        bool const taken = error == EADDRINUSE;
        auto const reason = lower_case_first(std::generic_category().message(error));
        throw Error(ExitCode::unavailable, fmt::format("cannot listen on {}: {}", to_text(endpoint), reason),
                    taken ? "Another program listens there already; choose another port, or stop it." : "");
    }
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    ::getsockname(listener.socket.get(), reinterpret_cast<sockaddr*>(&bound), &size);
    listener.endpoint = numeric(bound, size);
    listener.loopback = is_loopback(bound);
    return listener;
}

} // namespace rmqha::serve
