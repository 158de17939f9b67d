#include "serve/agent_server.hpp"
#include "support/catch.hpp"
#include "support/tcp_client.hpp"

using namespace rmqha;
using test::ask_tcp;

namespace {

/// Answers every node with its name and a full stop.
struct Agent {
    Agent() : server(ports(), [](auto const& node) { return node + "."; }) {}

    std::vector<serve::AgentPort> ports()
    {
        std::vector<serve::AgentPort> both;
        both.push_back({serve::listen_at({"127.0.0.1", 0}), {}});
        both.push_back({serve::listen_at({"127.0.0.1", 0}), "rabbit@fixed"});
        any = both[0].listener.endpoint.port;
        fixed = both[1].listener.endpoint.port;
        return both;
    }

    std::uint16_t any = 0;
    std::uint16_t fixed = 0;
    serve::AgentServer server;
};

} // namespace

TEST_CASE("an agent check is answered with one line about the node it names")
{
    Agent const agent;
    CHECK(ask_tcp(agent.any, "rabbit@a\n") == "rabbit@a.\n");
    CHECK(ask_tcp(agent.any, "rabbit@a\r\nmore") == "rabbit@a.\n");
    test::TcpClient const in_parts(agent.any);
    in_parts.send("rab");
    in_parts.send("bit@b");
    in_parts.finish();
    CHECK(in_parts.read_to_end() == "rabbit@b.\n");
}

TEST_CASE("a port for one node answers at once, whatever is sent to it")
{
    Agent const agent;
    CHECK(test::TcpClient(agent.fixed).read_to_end() == "rabbit@fixed.\n");
    CHECK(ask_tcp(agent.fixed, "rabbit@a\n") == "rabbit@fixed.\n");
}

TEST_CASE("silent clients of the agent hold up nobody, and are let go")
{
    Agent const agent;
    std::vector<test::TcpClient> silent;
    for (int i = 0; i < 100; ++i) {
        silent.emplace_back(agent.any);
    }
    CHECK(ask_tcp(agent.any, "rabbit@a\n") == "rabbit@a.\n");
    CHECK(silent.front().read_to_end().empty());
    CHECK(silent.back().read_to_end().empty());
    CHECK(ask_tcp(agent.any, std::string(5000, 'x')).empty()); // and no line without end is taken
    CHECK(ask_tcp(agent.any, "rabbit@a\n") == "rabbit@a.\n");
}
