#include "base/error.hpp"
#include "base/stop.hpp"
#include "http/transport.hpp"
#include "support/catch.hpp"
#include "support/scripted_server.hpp"
#include "support/temporary_folder.hpp"
#include "support/tls_server.hpp"

#include <future>
#include <string>
#include <thread>

using namespace rmqha;
using namespace std::chrono_literals;
using test::Peer;
using test::ScriptedServer;

namespace {

std::string url(std::uint16_t port, std::string const& scheme = "http")
{
    return scheme + "://127.0.0.1:" + std::to_string(port) + "/api/whoami";
}

std::string const k_ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

ScriptedServer::Script replies(std::string const& bytes)
{
    return [bytes](Peer& peer) {
        peer.read_until("\r\n\r\n");
        peer.send(bytes);
    };
}

http::Result ask(http::Request const& request, base::milliseconds within = 5s)
{
    base::Stop const stop;
    return http::make_curl_transport()->perform({request}, std::chrono::steady_clock::now() + within, stop).front();
}

http::Result ask(std::string const& address, base::milliseconds within = 5s)
{
    http::Request request;
    request.url = address;
    return ask(request, within);
}

http::Fault fault(http::Result const& result)
{
    REQUIRE(std::holds_alternative<http::Fault>(result));
    return std::get<http::Fault>(result);
}

http::Response response(http::Result const& result)
{
    if (auto const* bad = std::get_if<http::Fault>(&result)) {
        FAIL("fault: " << bad->reason);
    }
    return std::get<http::Response>(result);
}

} // namespace

TEST_CASE("an answer carries status and body, and the request what the node needs")
{
    std::string asked;
    {
        ScriptedServer server([&asked](Peer& peer) {
            asked = peer.read_until("\r\n\r\n");
            asked += peer.read_exactly(7);
            peer.send("HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhello");
            peer.wait_for_close();
        });
        http::Request request{.method = "PUT", .url = url(server.port()), .body = R"({"a":1})"};
        request.credentials = {.user = "ops", .password = "p:w"};
        auto const answer = response(ask(request));
        CHECK(answer.status == 201);
        CHECK(answer.body == "hello");
        CHECK(answer.took > 0ns);
        CHECK(server.problems().empty());
    }
    CHECK_THAT(asked, Catch::StartsWith("PUT /api/whoami HTTP/1.1\r\n"));
    CHECK_THAT(asked, Catch::Contains("Authorization: Basic b3BzOnA6dw==\r\n"));
    CHECK_THAT(asked, Catch::Contains("Content-Type: application/json\r\n"));
    CHECK_THAT(asked, Catch::Contains("Content-Length: 7\r\n"));
    CHECK_THAT(asked, Catch::EndsWith(R"({"a":1})"));
}

TEST_CASE("a bearer token is sent in place of user and password")
{
    std::string asked;
    {
        ScriptedServer server([&asked](Peer& peer) {
            asked = peer.read_until("\r\n\r\n");
            peer.send(k_ok);
            peer.wait_for_close();
        });
        response(ask(http::Request{
            .url = url(server.port()), .credentials = {.user = "ops", .password = "p"}, .bearer_token = "abc.def-1"}));
    }
    CHECK_THAT(asked, Catch::Contains("Authorization: Bearer abc.def-1\r\n") && !Catch::Contains("Basic"));
}

TEST_CASE("a request without user sends no credentials, one without body no content type, a POST its length")
{
    std::string asked;
    {
        ScriptedServer server([&asked](Peer& peer) {
            asked = peer.read_until("\r\n\r\n");
            peer.send(k_ok);
            peer.wait_for_close();
        });
        response(ask(http::Request{.method = "POST", .url = url(server.port())}));
    }
    CHECK_THAT(asked, Catch::StartsWith("POST "));
    CHECK_THAT(asked, Catch::Contains("Content-Length: 0\r\n"));
    CHECK_THAT(asked, !Catch::Contains("Authorization"));
    CHECK_THAT(asked, !Catch::Contains("Content-Type"));
}

TEST_CASE("an error status and a redirect are answers")
{
    int const status = GENERATE(301, 401, 404, 503);
    ScriptedServer server(replies("HTTP/1.1 " + std::to_string(status) +
                                  " X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"));
    CHECK(response(ask(url(server.port()))).status == status);
}

TEST_CASE("an answer may come byte by byte, or in chunks")
{
    ScriptedServer server([](Peer& peer) {
        peer.read_until("\r\n\r\n");
        peer.send_bytewise("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
        peer.wait_for_close();
    });
    CHECK(response(ask(url(server.port()))).body == "abcde");
}

TEST_CASE("what is wrong with an answer is said in words")
{
    struct Case {
        std::string bytes;
        http::FaultKind kind;
        std::string reason;
    };
    auto const [bytes, kind, reason] = GENERATE(values<Case>({
        {"", http::FaultKind::lost, "closed without an answer"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", http::FaultKind::lost,
         "closed in the middle of the answer"},
        {"HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\nabc", http::FaultKind::protocol, "the peer does not speak HTTP"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 300000000\r\n\r\nabc", http::FaultKind::protocol,
         "answer larger than 256 MiB"},
        {"SSH-2.0-OpenSSH_9.2\r\n", http::FaultKind::protocol, "the peer does not speak HTTP"},
        {std::string("AMQP\0\0\x09\x01", 8), http::FaultKind::protocol, "the peer does not speak HTTP"},
    }));
    ScriptedServer server(replies(bytes));
    auto const bad = fault(ask(url(server.port())));
    CHECK(bad.kind == kind);
    CHECK(bad.reason == reason);
}

TEST_CASE("a connection reset before the answer is lost, not refused")
{
    ScriptedServer server([](Peer& peer) {
        peer.read_until("\r\n\r\n");
        peer.reset();
    });
    auto const bad = fault(ask(url(server.port())));
    CHECK(bad.kind == http::FaultKind::lost);
    CHECK(bad.reason == "connection reset by peer");
}

TEST_CASE("nobody listening is refused, an unknown name is an unknown host")
{
    auto const refused = fault(ask(url(test::refusing_port())));
    CHECK(refused.kind == http::FaultKind::refused);
    CHECK(refused.reason == "refused");
    auto const unknown = fault(ask("http://no-such-host.invalid:15672/"));
    CHECK(unknown.kind == http::FaultKind::unknown_host);
    CHECK(unknown.reason == "host name not known");
}

TEST_CASE("TLS to a plain port is a TLS fault")
{
    ScriptedServer server([](Peer& peer) {
        peer.send("HTTP/1.1 400 Bad Request\r\n\r\n");
        peer.wait_for_close();
    });
    auto const bad = fault(ask(url(server.port(), "https")));
    CHECK(bad.kind == http::FaultKind::tls);
    CHECK(bad.reason == "the peer does not speak TLS");
}

TEST_CASE("the deadline is kept with a peer that is silent, or stops half-way")
{
    std::string const said = GENERATE("", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nha");
    ScriptedServer server([said](Peer& peer) {
        peer.read_until("\r\n\r\n");
        peer.send(said);
        peer.stay_silent();
    });
    auto const bad = fault(ask(url(server.port()), 1s));
    CHECK(bad.kind == http::FaultKind::timed_out);
    CHECK_THAT(bad.reason, Catch::StartsWith(said.empty() ? "no answer within " : "answer not complete within "));
    CHECK(bad.took >= 1s);
}

TEST_CASE("a host that drops everything ends at the connect timeout, a silent TLS port too")
{
    test::BlackHole const hole;
    http::Request request{.url = url(hole.port()), .connect_timeout = 70ms};
    auto const bad = fault(ask(request));
    CHECK(bad.kind == http::FaultKind::timed_out);
    CHECK(bad.reason == "no connection within 70ms");

    ScriptedServer silent([](Peer& peer) { peer.stay_silent(); });
    request.url = url(silent.port(), "https");
    request.connect_timeout = 1s;
    CHECK(fault(ask(request)).reason == "no TLS handshake within 1.0s");
}

TEST_CASE("a stop wakes a waiting request")
{
    ScriptedServer server([](Peer& peer) { peer.stay_silent(); });
    base::Stop stop;
    auto const transport = http::make_curl_transport();
    auto answer = std::async(std::launch::async, [&] {
        http::Request request;
        request.url = url(server.port());
        return transport->perform({request}, base::k_never, stop);
    });
    while (server.connections() == 0) {
        std::this_thread::yield();
    }
    stop.request(2);
    CHECK_THROWS_AS(answer.get(), base::Interrupted);
}

TEST_CASE("one silent peer among many costs only its own answer, and the order is kept")
{
    ScriptedServer silent([](Peer& peer) { peer.stay_silent(); });
    ScriptedServer lively(replies(k_ok));
    std::vector<http::Request> requests(40);
    for (std::size_t i = 0; i < requests.size(); ++i) {
        requests[i].url = url(i == 7 ? silent.port() : lively.port());
    }
    base::Stop const stop;
    auto const results = http::make_curl_transport()->perform(requests, std::chrono::steady_clock::now() + 4s, stop);
    REQUIRE(results.size() == requests.size());
    for (std::size_t i = 0; i < results.size(); ++i) {
        INFO(i);
        CHECK(std::holds_alternative<http::Response>(results[i]) == (i != 7));
    }
}

TEST_CASE("a connection is used again, and a kept one that was closed costs nothing but a new connection")
{
    auto const answer_twice = [](Peer& peer) {
        peer.read_until("\r\n\r\n");
        peer.send(k_ok);
        peer.read_until("\r\n\r\n");
        peer.send(k_ok);
    };
    // The second script closes only after the second request came: the race in which the retry matters.
    auto const answer_then_close = [](Peer& peer) { peer.read_until("\r\n\r\n"); };
    ScriptedServer server({answer_twice, answer_then_close, replies(k_ok)});
    auto const transport = http::make_curl_transport();
    base::Stop const stop;
    http::Request request;
    request.url = url(server.port());
    auto const again = [&] {
        return transport->perform({request}, std::chrono::steady_clock::now() + 5s, stop).front();
    };
    response(again());
    response(again());
    CHECK(server.connections() == 1);
    CHECK(fault(again()).reason == "closed without an answer"); // a fresh connection: the peer's own doing, no retry
    response(again());
    CHECK(server.connections() == 3);
}

TEST_CASE("the days until the server's certificate expires are told, also over a connection used again")
{
    test::Certificate const authority({.name = "authority"});
    int const days = GENERATE(3, -2);
    test::Certificate const certificate(
        {.name = "node", .alternative = "IP:127.0.0.1", .by = &authority, .days_left = days});
    ScriptedServer server(test::replies_over_tls(certificate, k_ok, 2));
    auto const transport = http::make_curl_transport();
    base::Stop const stop;
    http::Request request;
    request.url = url(server.port(), "https");
    request.tls.insecure = true;
    auto const again = [&] {
        return response(transport->perform({request}, std::chrono::steady_clock::now() + 5s, stop).front());
    };
    auto const told = again().certificate_days_left;
    REQUIRE(told);
    CHECK((*told == days || *told == days - 1));
    CHECK(again().certificate_days_left == told);
    CHECK(server.connections() == 1);
}

TEST_CASE("without TLS no certificate is told of")
{
    ScriptedServer server(replies(k_ok));
    CHECK_FALSE(response(ask(url(server.port()))).certificate_days_left);
}

TEST_CASE("a request that met the closing of a kept connection is sent again on a new one")
{
    ScriptedServer server({[](Peer& peer) {
                               peer.read_until("\r\n\r\n");
                               peer.send(k_ok);
                               peer.read_until("\r\n\r\n"); // takes the second request, then closes without a word
                           },
                           replies(k_ok)});
    auto const transport = http::make_curl_transport();
    base::Stop const stop;
    http::Request request;
    request.url = url(server.port());
    for (int i = 0; i < 2; ++i) {
        CHECK(response(transport->perform({request}, std::chrono::steady_clock::now() + 5s, stop).front()).status ==
              200);
    }
    CHECK(server.connections() == 2);
}

TEST_CASE("no proxy of the environment is used")
{
    ::setenv("http_proxy", ("http://127.0.0.1:" + std::to_string(test::refusing_port())).c_str(), 1);
    ScriptedServer server(replies(k_ok));
    auto const result = ask(url(server.port()));
    ::unsetenv("http_proxy");
    CHECK(response(result).status == 200);
}
