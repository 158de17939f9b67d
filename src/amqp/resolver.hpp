#pragma once

#include "base/clock.hpp"

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

namespace rmqha::base {
class Stop;
}

namespace rmqha::amqp {

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t length = 0;
};

/// "127.0.0.1:5672", "[::1]:5672".
std::string to_string(SocketAddress const& address);

/// Every address of the host, in the system's order. getaddrinfo(3) has no timeout, so it runs on a thread of its own
/// and is left behind at the deadline. Throws Failure (unknown_host, timed_out), Interrupted.
std::vector<SocketAddress> resolve(std::string const& host, std::uint16_t port, base::TimePoint deadline,
                                   base::Stop const& stop);

} // namespace rmqha::amqp
