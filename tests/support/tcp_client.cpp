#include "support/tcp_client.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace rmqha::test {

TcpClient::TcpClient(std::uint16_t port) : m_socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(m_socket.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address) != 0) {
        throw std::system_error(errno, std::generic_category(), "connect");
    }
}

void TcpClient::send(std::string_view bytes) const
{
    if (::send(m_socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size())) {
        throw std::system_error(errno, std::generic_category(), "send");
    }
}

void TcpClient::finish() const
{
    ::shutdown(m_socket.get(), SHUT_WR);
}

std::string TcpClient::read_to_end() const
{
    auto const deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    std::string text;
    std::array<char, 4096> bytes{};
    while (true) {
        pollfd waits{m_socket.get(), POLLIN, 0};
        if (::poll(&waits, 1, base::poll_timeout(deadline)) <= 0) {
            throw std::runtime_error("the server does not close the connection; it has sent: " + text);
        }
        auto const count = ::recv(m_socket.get(), bytes.data(), bytes.size(), 0);
        if (count <= 0) {
            return text;
        }
        text.append(bytes.data(), static_cast<std::size_t>(count));
    }
}

std::string ask_tcp(std::uint16_t port, std::string_view bytes)
{
    TcpClient const client(port);
    client.send(bytes);
    return client.read_to_end();
}

} // namespace rmqha::test
