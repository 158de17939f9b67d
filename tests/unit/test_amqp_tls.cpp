#include "amqp/failure.hpp"
#include "amqp/transport.hpp"
#include "base/stop.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "support/tls_server.hpp"

#include <poll.h>

#include <array>
#include <fstream>

using namespace rmqha;
using namespace std::chrono_literals;
using amqp::Failure;
using amqp::FailureKind;
using test::Certificate;
using test::Peer;
using test::ScriptedServer;

namespace {

base::TimePoint in(base::Duration time)
{
    return std::chrono::steady_clock::now() + time;
}

std::unique_ptr<amqp::Transport> shake_hands(ScriptedServer::Script const& script, base::TlsOptions const& options,
                                             std::string const& host, base::TimePoint deadline, base::Stop const& stop,
                                             std::optional<ScriptedServer>& server)
{
    server.emplace(script);
    auto const addresses = amqp::resolve("127.0.0.1", server->port(), deadline, stop);
    return amqp::make_tls_transport(amqp::connect_any(addresses, deadline, stop), host, options, deadline, stop);
}

/// One authority, its certificate in a file, and servers it vouches for.
struct World {
    test::TemporaryFolder folder;
    Certificate authority{{.name = "authority"}};
    Certificate named{{.name = "node", .alternative = "DNS:node.example", .by = &authority, .days_left = 3}};
    std::string cacert = (folder / "ca.pem").string();
    base::Stop stop;
    std::optional<ScriptedServer> server;

    World() { authority.write(cacert); }

    std::unique_ptr<amqp::Transport> connect(Certificate const& certificate, base::TlsOptions const& options,
                                             std::string const& host = "node.example")
    {
        return shake_hands(test::echoes_over_tls(certificate), options, host, in(10s), stop, server);
    }

    Failure refuses(Certificate const& certificate, base::TlsOptions const& options,
                    std::string const& host = "node.example")
    {
        return fails(test::echoes_over_tls(certificate), options, host, 10s);
    }

    Failure fails(ScriptedServer::Script const& script, base::TlsOptions const& options, std::string const& host,
                  base::Duration within)
    {
        try {
            shake_hands(script, options, host, in(within), stop, server);
        } catch (Failure const& failure) {
            return failure;
        }
        throw std::logic_error("the handshake succeeded");
    }
};

/// What comes back for these bytes.
std::string echo_of(amqp::Transport& transport, std::string const& bytes)
{
    auto const deadline = in(10s);
    std::size_t sent = 0;
    std::string echo;
    while (echo.size() < bytes.size() && std::chrono::steady_clock::now() < deadline) {
        sent += transport.write(std::span(bytes).subspan(sent));
        std::array<char, 64> room{};
        echo.append(room.data(), transport.read(room));
        pollfd waiting{.fd = transport.fd(), .events = POLLIN, .revents = 0};
        ::poll(&waiting, 1, echo.size() < bytes.size() ? 100 : 0);
    }
    return echo;
}

} // namespace

TEST_CASE("a server whose certificate its authority and its name vouch for is spoken to over TLS")
{
    World world;
    auto const transport = world.connect(world.named, {.cacert = world.cacert});
    CHECK(transport->encrypted());
    CHECK_THAT(transport->encryption(), Catch::StartsWith("TLSv1.3 "));
    auto const days = transport->certificate_days_left();
    REQUIRE(days.has_value());
    CHECK((*days == 2 || *days == 3));
    CHECK(echo_of(*transport, "hello") == "hello");
}

TEST_CASE("a certificate that no known authority signed, or only itself, is not trusted")
{
    World world;
    auto const unknown = world.refuses(world.named, {});
    CHECK(unknown.kind() == FailureKind::tls);
    CHECK(unknown.code() == base::ExitCode::protocol);
    CHECK_THAT(unknown.what(), Catch::Contains("not trusted"));
    CHECK_THAT(unknown.hint(), Catch::Contains("--cacert"));
    Certificate const itself({.name = "node", .alternative = "DNS:node.example"});
    auto const self_signed = world.refuses(itself, {.cacert = world.cacert});
    CHECK(self_signed.kind() == FailureKind::tls);
    CHECK_THAT(self_signed.what(), Catch::Contains("not trusted: self"));
}

TEST_CASE("a certificate for another name is refused, unless that name is asked for")
{
    World world;
    auto const other = world.refuses(world.named, {.cacert = world.cacert}, "other.example");
    CHECK(other.kind() == FailureKind::tls);
    CHECK(other.what() == std::string("the server's certificate is not for \"other.example\""));
    CHECK_THAT(other.hint(), Catch::Contains("--server-name"));
    CHECK_NOTHROW(world.connect(world.named, {.cacert = world.cacert, .server_name = "node.example"}, "other.example"));
    auto const wrong = world.refuses(world.named, {.cacert = world.cacert, .server_name = "other.example"});
    CHECK_THAT(wrong.what(), Catch::Contains("not for \"other.example\""));
}

TEST_CASE("a node connected to by address must have that address in its certificate")
{
    World world;
    Certificate const addressed({.name = "node", .alternative = "IP:127.0.0.1", .by = &world.authority});
    CHECK_NOTHROW(world.connect(addressed, {.cacert = world.cacert}, "127.0.0.1"));
    auto const failure = world.refuses(world.named, {.cacert = world.cacert}, "127.0.0.1");
    CHECK_THAT(failure.what(), Catch::Contains("not for \"127.0.0.1\""));
    CHECK_THAT(world.refuses(addressed, {.cacert = world.cacert}, "127.0.0.2").what(),
               Catch::Contains("not for \"127.0.0.2\""));
}

TEST_CASE("an expired certificate is refused as such")
{
    World world;
    Certificate const expired(
        {.name = "node", .alternative = "DNS:node.example", .by = &world.authority, .days_left = -1});
    auto const failure = world.refuses(expired, {.cacert = world.cacert});
    CHECK(failure.kind() == FailureKind::tls);
    CHECK(failure.what() == std::string("the server's certificate has expired"));
}

TEST_CASE("who asks for no verification gets none")
{
    World world;
    Certificate const expired({.name = "x", .days_left = -1});
    auto const transport = world.connect(expired, {.insecure = true}, "other.example");
    CHECK(echo_of(*transport, "hello") == "hello");
}

TEST_CASE("certificate files that are missing or hold something else are bad configuration")
{
    World world;
    auto const empty = (world.folder / "empty.pem").string();
    auto const missing = (world.folder / "missing.pem").string();
    std::ofstream(empty) << "no PEM";
    for (auto const& options : std::vector<base::TlsOptions>{
             {.cacert = missing},
             {.cacert = empty},
             {.cacert = world.cacert, .cert = missing},
             {.cacert = world.cacert, .cert = world.cacert, .key = missing},
             {.cacert = world.cacert, .cert = world.cacert}}) { // a certificate without its key
        try {
            world.connect(world.named, options);
            FAIL("it was accepted");
        } catch (base::Error const& error) {
            CHECK(error.code() == base::ExitCode::config);
            CHECK_THAT(error.what(), Catch::StartsWith("cannot use the "));
            bool const gone = (options.cacert + options.cert + options.key).find("missing") != std::string::npos;
            CHECK((std::string_view(error.what()).find(": No such file") != std::string::npos) == gone);
        }
    }
}

TEST_CASE("a peer that speaks no TLS, or closes during the handshake, is told apart")
{
    World world;
    auto const plain = world.fails(
        [](Peer& peer) {
            peer.send(std::string("AMQP\x00\x00\x09\x01", 8));
            peer.wait_for_close();
        },
        {}, "node.example", 10s);
    CHECK(plain.kind() == FailureKind::tls);
    CHECK_THAT(plain.what(), Catch::Contains("does not speak TLS"));
    auto const closing = world.fails([](Peer& peer) { peer.read_exactly(100); }, {}, "node.example", 10s);
    CHECK(closing.kind() == FailureKind::tls);
    CHECK_THAT(closing.what(), Catch::Contains("closed the connection during the TLS handshake"));
}

TEST_CASE("a peer that is silent in the handshake is left at the deadline, and at once on a stop")
{
    World world;
    auto const silent = [](Peer& peer) { peer.stay_silent(); };
    CHECK(world.fails(silent, {}, "node.example", 50ms).kind() == FailureKind::timed_out);
    world.stop.request(2);
    CHECK_THROWS_AS(world.fails(silent, {}, "node.example", 10s), base::Interrupted);
}
