#include "serve/agent_server.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace rmqha::serve {
namespace {

constexpr std::size_t k_most_clients = 64;
constexpr std::size_t k_longest_line = 512; ///< Erlang names have at most 255 characters
constexpr auto k_patience = std::chrono::seconds(2);

} // namespace

AgentServer::AgentServer(std::vector<AgentPort> ports, Answer answer)
    : m_ports(std::move(ports)), m_answer(std::move(answer)), m_thread([this] { serve(); })
{
}

AgentServer::~AgentServer()
{
    m_quit.request();
    m_thread.join();
}

void AgentServer::serve()
{
    std::vector<pollfd> waits;
    while (true) {
        waits.assign({{m_quit.fd(), POLLIN, 0}});
        for (AgentPort const& port : m_ports) {
            waits.push_back({port.listener.socket.get(), POLLIN, 0});
        }
        for (Client const& client : m_clients) {
            waits.push_back({client.socket.get(), POLLIN, 0});
        }
        auto const until = m_clients.empty() ? base::k_never : m_clients.front().until;
        ::poll(waits.data(), waits.size(), base::poll_timeout(until));
        if (m_quit.requested()) {
            return;
        }
        auto const now = std::chrono::steady_clock::now();
        std::size_t at = 1 + m_ports.size();
        std::erase_if(m_clients, [&](Client& client) {
            bool const ready = waits[at++].revents != 0;
            return (ready && !read(client)) || client.until <= now;
        });
        for (std::size_t i = 0; i < m_ports.size(); ++i) {
            if (waits[1 + i].revents != 0) {
                accept_at(m_ports[i]);
            }
        }
    }
}

void AgentServer::accept_at(AgentPort const& port)
{
    Client client;
    client.socket.reset(::accept4(port.listener.socket.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!client.socket) {
        if (errno == EMFILE || errno == ENFILE) {
            m_clients.clear(); // else the listener stays readable and this thread spins
        }
        return;
    }
    if (!port.node.empty()) {
        reply(client, port.node);
    }
    client.until = std::chrono::steady_clock::now() + k_patience;
    if (m_clients.size() >= k_most_clients) {
        m_clients.erase(m_clients.begin());
    }
    m_clients.push_back(std::move(client));
}

/// Takes what has come; false when the client is done with. One that has its answer is waited for until it closes: if
/// we closed first, what it may still send would come back as a reset and take the answer away.
bool AgentServer::read(Client& client)
{
    std::array<char, k_longest_line> bytes{};
    auto const count = ::recv(client.socket.get(), bytes.data(), bytes.size(), 0);
    if (count < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    if (client.answered) {
        return count > 0;
    }
    client.said.append(bytes.data(), static_cast<std::size_t>(count));
    auto const end = client.said.find_first_of("\r\n");
    if (end == std::string::npos && count > 0) {
        return client.said.size() <= k_longest_line;
    }
    reply(client, client.said.substr(0, end)); // also without a line end, when no more comes
    return count > 0;
}

void AgentServer::reply(Client& client, std::string const& node)
{
    client.answered = true;
    auto const line = m_answer(node) + '\n';
    // A new connection's buffer takes a line in one go.
    [[maybe_unused]] auto const sent = ::send(client.socket.get(), line.data(), line.size(), MSG_NOSIGNAL);
    ::shutdown(client.socket.get(), SHUT_WR);
}

} // namespace rmqha::serve
