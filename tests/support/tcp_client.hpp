#pragma once

#include "base/clock.hpp"
#include "base/fd.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace rmqha::test {

/// A client of a port of 127.0.0.1 that can be slow, silent or rude.
class TcpClient {
public:
    explicit TcpClient(std::uint16_t port);

    void send(std::string_view bytes) const;
    void finish() const; ///< says that no more will come
    /// Everything the server sends until it closes. Throws when it has not within 20 s.
    std::string read_to_end() const;

private:
    base::Fd m_socket;
};

/// What the server at the port answers to `bytes`, until it closes.
std::string ask_tcp(std::uint16_t port, std::string_view bytes);

} // namespace rmqha::test
