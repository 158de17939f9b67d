#include "support/scripted_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace rmqha::test {
namespace {

constexpr int k_patience_ms = 10'000;

struct Quit {}; // the server is being destroyed: no problem of the script

std::runtime_error problem(std::string const& what)
{
    return std::runtime_error(what);
}

base::Fd listen_on_loopback(int backlog, std::uint16_t& port)
{
    base::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket.get(), any, size) != 0 || (backlog >= 0 && ::listen(socket.get(), backlog) != 0) ||
        ::getsockname(socket.get(), any, &size) != 0) {
        throw problem(std::string("cannot listen on 127.0.0.1: ") + std::strerror(errno));
    }
    port = ntohs(address.sin_port);
    return socket;
}

} // namespace

bool Peer::wait(short events)
{
    std::array<pollfd, 2> fds{pollfd{m_socket.get(), events, 0}, pollfd{m_quit.fd(), POLLIN, 0}};
    int const ready = ::poll(fds.data(), fds.size(), k_patience_ms);
    if (fds[1].revents != 0) {
        throw Quit{};
    }
    return ready > 0;
}

std::size_t Peer::read_some(char* data, std::size_t size)
{
    if (!wait(POLLIN)) {
        throw problem("waited 10 s for bytes in vain");
    }
    ssize_t const got = ::recv(m_socket.get(), data, size, 0);
    return got < 0 ? 0 : static_cast<std::size_t>(got);
}

std::string Peer::read_exactly(std::size_t count)
{
    std::array<char, 4096> buffer{};
    while (m_ahead.size() < count) {
        std::size_t const got = read_some(buffer.data(), buffer.size());
        if (got == 0) {
            throw problem("closed after " + std::to_string(m_ahead.size()) + " of " + std::to_string(count) + " bytes");
        }
        m_ahead.append(buffer.data(), got);
    }
    std::string taken = m_ahead.substr(0, count);
    m_ahead.erase(0, count);
    return taken;
}

std::string Peer::read_until(std::string_view marker)
{
    std::array<char, 4096> buffer{};
    std::size_t found = m_ahead.find(marker);
    while (found == std::string::npos) {
        std::size_t const got = read_some(buffer.data(), buffer.size());
        if (got == 0) {
            throw problem("closed before \"" + std::string(marker) + "\" came");
        }
        m_ahead.append(buffer.data(), got);
        found = m_ahead.find(marker);
    }
    return read_exactly(found + marker.size());
}

void Peer::expect(std::string_view bytes)
{
    if (read_exactly(bytes.size()) != bytes) {
        throw problem("other bytes than expected");
    }
}

void Peer::send(std::string_view bytes)
{
    while (!bytes.empty()) {
        if (!wait(POLLOUT)) {
            throw problem("the other side takes no bytes");
        }
        ssize_t const sent = ::send(m_socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN) {
            throw problem(std::string("cannot send: ") + std::strerror(errno));
        }
        bytes.remove_prefix(sent > 0 ? static_cast<std::size_t>(sent) : 0);
    }
}

void Peer::send_bytewise(std::string_view bytes)
{
    int const on = 1;
    ::setsockopt(m_socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        send(bytes.substr(i, 1));
    }
}

void Peer::stay_silent()
{
    pollfd quit{m_quit.fd(), POLLIN, 0};
    ::poll(&quit, 1, -1);
}

void Peer::wait_for_close()
{
    std::array<char, 4096> buffer{};
    while (read_some(buffer.data(), buffer.size()) > 0) {
    }
}

void Peer::reset()
{
    linger const now{1, 0};
    ::setsockopt(m_socket.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    m_socket.reset();
}

ScriptedServer::ScriptedServer(std::vector<Script> scripts)
    : m_scripts(std::move(scripts)), m_listener(listen_on_loopback(64, m_port)), m_acceptor([this] { accept_all(); })
{
}

ScriptedServer::~ScriptedServer()
{
    m_quit.request();
    m_acceptor.join();
    for (auto& player : m_players) {
        player.join();
    }
}

std::string ScriptedServer::problems() const
{
    std::scoped_lock const lock(m_mutex);
    return m_problems;
}

void ScriptedServer::accept_all()
{
    std::array<pollfd, 2> fds{pollfd{m_listener.get(), POLLIN, 0}, pollfd{m_quit.fd(), POLLIN, 0}};
    while (::poll(fds.data(), fds.size(), -1) > 0 && fds[1].revents == 0) {
        base::Fd socket(::accept4(m_listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (socket) {
            auto const index = static_cast<std::size_t>(m_connections++);
            Script const& script = m_scripts[std::min(index, m_scripts.size() - 1)];
            m_players.emplace_back([this, &script, fd = std::move(socket)]() mutable { play(std::move(fd), script); });
        }
    }
}

void ScriptedServer::play(base::Fd socket, Script const& script)
{
    try {
        Peer peer(std::move(socket), m_quit);
        script(peer);
    } catch (Quit const&) {
        return;
    } catch (std::exception const& e) {
        std::scoped_lock const lock(m_mutex);
        m_problems += std::string(e.what()) + "\n";
    }
}

std::uint16_t refusing_port()
{
    // Bound but never listening, for the life of the program: nobody else can get the port meanwhile.
    static std::uint16_t port = 0;
    static base::Fd const k_socket = listen_on_loopback(-1, port);
    return port;
}

BlackHole::BlackHole() : m_listener(listen_on_loopback(0, m_port))
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(m_port);
    for (int i = 0; i < 16; ++i) {
        base::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        ::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
        m_fill.push_back(std::move(socket));
    }
}

} // namespace rmqha::test
