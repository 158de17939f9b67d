#pragma once

#include "base/clock.hpp"
#include "base/stop.hpp"
#include "serve/endpoint.hpp"

#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace rmqha::serve {

/// Where agent checks come in.
struct AgentPort {
    Listener listener;
    std::string node; ///< the one it speaks for; empty: the client's first line names it
};

/// Speaks HAProxy's agent-check protocol: one line for one node, and that is the end. Clients are served side by side
/// from one thread until the server is destroyed; one that has not named its node within two seconds is closed without
/// an answer, and when there are more than 64 the oldest goes.
class AgentServer {
public:
    /// The line, without its end, for the node of this name. Called from the server's thread; must not wait for
    /// anything.
    using Answer = std::function<std::string(std::string const& node)>;

    AgentServer(std::vector<AgentPort> ports, Answer answer);
    AgentServer(AgentServer const&) = delete;
    AgentServer& operator=(AgentServer const&) = delete;
    ~AgentServer();

private:
    struct Client {
        base::Fd socket;
        base::TimePoint until;
        std::string said;
        bool answered = false;
    };
    void serve();
    void accept_at(AgentPort const& port);
    bool read(Client& client);
    void reply(Client& client, std::string const& node);

    std::vector<AgentPort> m_ports;
    Answer m_answer;
    std::vector<Client> m_clients; ///< the oldest first
    base::Stop m_quit;
    std::thread m_thread;
};

} // namespace rmqha::serve
