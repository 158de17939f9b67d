#include "base/error.hpp"
#include "base/stop.hpp"
#include "management/client.hpp"
#include "support/catch.hpp"
#include "support/fake_transport.hpp"
#include "support/manual_clock.hpp"
#include "support/recorded.hpp"

using namespace rmqha;
using namespace std::chrono_literals;

namespace {

/// Two nodes, a and b, behind a client.
struct Nodes {
    management::Client client()
    {
        return {{{.host = "a", .management_port = 1}, {.host = "b", .management_port = 1}},
                {.credentials = {"ops", "secret", true}},
                {transport, stop, clock}};
    }
    void alive(std::string const& node) { transport.answer("http://" + node + ":1/api/whoami", 200, "{}"); }
    void dead(std::string const& node, http::FaultKind kind)
    {
        transport.fault("http://" + node + ":1/api/whoami", kind, "refused");
    }

    test::FakeTransport transport;
    test::ManualClock clock;
    base::Stop stop;
};

int status_of(http::Result const& result)
{
    auto const* const response = std::get_if<http::Response>(&result);
    return response != nullptr ? response->status : 0;
}

} // namespace

TEST_CASE("a client asks the first node that answers, and stays with it")
{
    Nodes nodes;
    nodes.dead("a", http::FaultKind::refused);
    nodes.alive("b");
    nodes.transport.answer("http://b:1/api/policies", 200, "[]");
    auto client = nodes.client();
    CHECK(status_of(client.get("/api/policies", nodes.clock.now() + 10s)) == 200);
    CHECK(client.asked() == "b:1");
    auto const before = nodes.transport.calls();
    CHECK(status_of(client.get("/api/policies", nodes.clock.now() + 10s)) == 200);
    CHECK(nodes.transport.calls() == before + 1);
}

TEST_CASE("a node that is lost between two requests is replaced by the next")
{
    Nodes nodes;
    nodes.alive("a");
    nodes.alive("b");
    nodes.transport.fault("http://a:1/api/policies", http::FaultKind::lost, "connection lost");
    nodes.transport.answer("http://b:1/api/policies", 200, "[]");
    auto client = nodes.client();
    CHECK(status_of(client.get("/api/policies", nodes.clock.now() + 10s)) == 200);
    CHECK(client.asked() == "b:1");
}

TEST_CASE("a POST is not said twice")
{
    Nodes nodes;
    nodes.alive("a");
    nodes.alive("b");
    nodes.transport.answer("POST", "http://a:1/api/x", test::fault(http::FaultKind::lost, "connection lost"));
    nodes.transport.answer("POST", "http://b:1/api/x", test::answered("{}"));
    auto client = nodes.client();
    CHECK(status_of(client.write({.method = "POST", .path = "/api/x"}, nodes.clock.now() + 10s)) == 0);
    CHECK(client.asked() == "a:1");
}

TEST_CASE("no node that answers is an error which names each and its reason")
{
    Nodes nodes;
    nodes.dead("a", http::FaultKind::refused);
    nodes.dead("b", http::FaultKind::refused);
    auto client = nodes.client();
    auto const code = [&] {
        try {
            client.get("/api/policies", nodes.clock.now() + 10s);
        } catch (base::Error const& error) {
            CHECK(std::string(error.what()) ==
                  "cannot reach the management API of any of 2 nodes: a:1 refused; b:1 refused");
            return error.code();
        }
        return base::ExitCode::ok;
    };
    CHECK(code() == base::ExitCode::unavailable);
}

TEST_CASE("nodes that stay silent are asked once more before that is a timeout")
{
    Nodes nodes;
    nodes.dead("a", http::FaultKind::timed_out);
    nodes.dead("b", http::FaultKind::refused);
    auto client = nodes.client();
    try {
        client.get("/api/policies", nodes.clock.now() + 10s);
        FAIL("answered");
    } catch (base::Error const& error) {
        CHECK(error.code() == base::ExitCode::timeout);
    }
    CHECK(nodes.transport.calls() == 3);
}

TEST_CASE("a wrong password is an answer too")
{
    Nodes nodes;
    nodes.transport.answer("http://a:1/api/whoami", 401, R"({"error":"not_authorized"})");
    nodes.transport.answer("http://a:1/api/policies", 401, R"({"error":"not_authorized"})");
    auto client = nodes.client();
    CHECK(status_of(client.get("/api/policies", nodes.clock.now() + 10s)) == 401);
}
