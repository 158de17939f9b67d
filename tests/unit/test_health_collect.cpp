#include "amqp/connection.hpp"
#include "base/stop.hpp"
#include "health/collect.hpp"
#include "support/catch.hpp"
#include "support/fake_transport.hpp"
#include "support/health_samples.hpp"
#include "support/recorded.hpp"
#include "support/scripted_server.hpp"

#include <set>

using namespace rmqha;
using namespace rmqha::health;
using namespace std::chrono_literals;

namespace {

config::Node node_at(std::string const& host)
{
    config::Node node;
    node.host = host;
    node.port = 5672;
    node.management_port = 15672;
    node.prometheus_port = 15692;
    return node;
}

std::string api(std::string const& host, char const* path)
{
    return "http://" + host + ":15672" + path;
}

std::string metrics(std::string const& host, char const* path)
{
    return "http://" + host + ":15692" + path;
}

/// a, b and c as r1, r2 and r3 of the recorded cluster: all answer what does not depend on the node.
void answer_as_recorded(test::FakeTransport& transport)
{
    namespace path = management::path;
    transport.answer(path::k_whoami, 200, test::recorded("4.0/whoami.json"));
    transport.answer(path::k_nodes, 200, test::recorded("4.0/nodes.json"));
    transport.answer(path::k_alarms, 200, R"({"status":"ok"})");
    transport.answer(path::k_stopped_vhosts, 200, R"({"status":"ok"})");
    transport.answer("/api/health/checks/port-listener/5672", 200, R"({"status":"ok","port":5672})");
    transport.answer(path::k_policies, 200, "[]");
    transport.answer(path::k_queues, 200, test::recorded("4.0/queues.json"));
    transport.answer(path::k_queue_depths, 200, test::recorded("4.0/queue-depths.txt"));
}

CollectOptions options()
{
    CollectOptions options;
    options.nodes = {node_at("a"), node_at("b"), node_at("c")};
    options.access.credentials = {.user = "ops", .password = "secret"};
    options.deadline = std::chrono::steady_clock::now() + 10s;
    options.log_in = [](config::Node const&, base::TimePoint) { return Login{test::answered_in(2ms), "4.0.5", {}}; };
    return options;
}

std::size_t times_asked(test::FakeTransport const& transport, std::string const& path)
{
    return static_cast<std::size_t>(
        std::count_if(transport.asked().begin(), transport.asked().end(), [&](http::Request const& request) {
            return request.url.size() >= path.size() &&
                   request.url.compare(request.url.size() - path.size(), path.size(), path) == 0;
        }));
}

} // namespace

TEST_CASE("every node is asked everything in one go, the queues of one node in a second")
{
    test::FakeTransport transport;
    answer_as_recorded(transport);
    base::Stop const stop;
    auto const answers = collect(options(), transport, stop);
    CHECK(transport.calls() == 2);
    REQUIRE(answers.nodes.size() == 3);
    for (NodeAnswers const& node : answers.nodes) {
        CHECK(node.login.version == "4.0.5");
        CHECK(value_of(node.whoami) != nullptr);
        CHECK(value_of(node.nodes) != nullptr);
        CHECK(value_of(node.alarms) != nullptr);
        CHECK(value_of(node.stopped_vhosts) != nullptr);
        CHECK(value_of(node.listening) != nullptr);
        CHECK(value_of(node.depths) != nullptr);
    }
    CHECK(answers.user == "ops");
    CHECK(answers.queues->asked == "a:5672");
    CHECK(value_of(answers.queues->queues)->size() == 4);
    CHECK_FALSE(answers.queues->statistics); // metrics told the depths
    CHECK(times_asked(transport, management::path::k_queues) == 1);
}

TEST_CASE("statistics are asked for only when a node's metrics do not tell depths")
{
    test::FakeTransport transport;
    answer_as_recorded(transport);
    transport.answer("GET", metrics("b", management::path::k_queue_depths),
                     test::fault(http::FaultKind::refused, "refused"));
    transport.answer(management::path::k_queue_statistics, 200, R"([{"name":"ha.c1","vhost":"/","messages":5}])");
    base::Stop const stop;
    auto const answers = collect(options(), transport, stop);
    REQUIRE(answers.queues->statistics);
    CHECK(value_of(*answers.queues->statistics)->front().messages == 5);
}

TEST_CASE("a node that does not answer, or takes no logins, is not asked for the queues first")
{
    test::FakeTransport transport;
    answer_as_recorded(transport);
    transport.answer("GET", api("a", management::path::k_whoami), test::fault(http::FaultKind::timed_out, "no answer"));
    auto asking = options();
    asking.log_in = [](config::Node const& node, base::TimePoint) {
        return Login{{node.host == "b" ? Asked::Outcome::refused : Asked::Outcome::answered, {}, {}}, {}, {}};
    };
    base::Stop const stop;
    CHECK(collect(asking, transport, stop).queues->asked == "c:5672");
}

TEST_CASE("when one node cannot tell the queues, the next is asked")
{
    test::FakeTransport transport;
    answer_as_recorded(transport);
    transport.answer("GET", api("a", management::path::k_queues), test::fault(http::FaultKind::lost, "closed"));
    base::Stop const stop;
    auto const answers = collect(options(), transport, stop);
    CHECK(answers.queues->asked == "b:5672");
    CHECK(value_of(answers.queues->queues) != nullptr);
}

TEST_CASE("nobody to ask for the queues is a problem with its reason; not asking is none")
{
    test::FakeTransport transport;
    for (auto const* host : {"a", "b", "c"}) {
        transport.answer("GET", api(host, management::path::k_whoami),
                         test::answered(R"({"error":"not_authorised","reason":"Not management user"})", 401));
    }
    base::Stop const stop;
    auto asking = options();
    auto const answers = collect(asking, transport, stop);
    REQUIRE(problem_of(answers.queues->queues) != nullptr);
    CHECK(problem_of(answers.queues->queues)->kind == management::Problem::Kind::permission);
    asking.queues = false;
    CHECK_FALSE(collect(asking, transport, stop).queues);
    CHECK(times_asked(transport, management::path::k_queues) == 0);
}

TEST_CASE("a login tells refused, silent and unreachable apart")
{
    base::Stop const stop;
    amqp::OpenOptions login;
    login.credentials = {.user = "guest", .password = "guest"};
    auto const log_in = amqp_login({.open = login}, stop);
    config::Node node = node_at("127.0.0.1");
    auto const within = [](auto time) { return std::chrono::steady_clock::now() + time; };

    node.port = test::refusing_port();
    CHECK(log_in(node, within(5s)).asked.outcome == Asked::Outcome::refused);

    test::ScriptedServer silent([](test::Peer& peer) { peer.stay_silent(); });
    node.port = silent.port();
    CHECK(log_in(node, within(1s)).asked.outcome == Asked::Outcome::silent);

    test::BlackHole const hole;
    node.port = hole.port();
    CHECK(log_in(node, within(50ms)).asked.outcome == Asked::Outcome::timed_out);

    test::ScriptedServer web([](test::Peer& peer) { peer.send("HTTP/1.1 400 Bad Request\r\n\r\n"); });
    node.port = web.port();
    CHECK(log_in(node, within(5s)).asked.outcome == Asked::Outcome::failed);

    node.host = "no-such-host.invalid";
    CHECK(log_in(node, within(5s)).asked.outcome == Asked::Outcome::failed);
}
