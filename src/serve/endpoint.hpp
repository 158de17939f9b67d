#pragma once

#include "base/fd.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace rmqha::serve {

/// Where to listen.
struct Endpoint {
    std::string host;       ///< an address or a name, without brackets
    std::uint16_t port = 0; ///< 0: the system chooses

    bool operator==(Endpoint const&) const = default;
};

/// Reads ADDRESS:PORT, IPv6 in brackets. Throws Error(usage) that begins with `option`.
Endpoint parse_endpoint(std::string_view option, std::string_view text);

/// "127.0.0.1:15693", with brackets around IPv6.
std::string to_text(Endpoint const& endpoint);

/// A socket that listens.
struct Listener {
    base::Fd socket;       ///< non-blocking
    Endpoint endpoint;     ///< what it is bound to: a numeric address and the real port
    bool loopback = false; ///< only this machine reaches it
};

/// Listens at the first of the host's addresses. Throws Error: no_host when there is no such host, unavailable with
/// the system's reason when it cannot be bound.
Listener listen_at(Endpoint const& endpoint);

} // namespace rmqha::serve
