#include "amqp/connection.hpp"
#include "amqp/failure.hpp"
#include "base/stop.hpp"
#include "support/amqp_frames.hpp"
#include "support/catch.hpp"

#include <future>
#include <vector>

using namespace rmqha;
using namespace std::chrono_literals;
using amqp::Connection;
using amqp::Failure;
using amqp::FailureKind;
using test::Peer;
using test::ScriptedServer;
namespace wire = test::wire;

namespace {

base::TimePoint in(base::Duration time)
{
    return std::chrono::steady_clock::now() + time;
}

std::unique_ptr<Connection> open(ScriptedServer const& server, base::Stop const& stop,
                                 base::TimePoint deadline = in(10s), base::milliseconds heartbeat = 0ms)
{
    return Connection::open({.host = "127.0.0.1", .port = server.port()},
                            {.credentials = {.user = "u", .password = "p"}, .heartbeat = heartbeat}, deadline, stop);
}

/// The failure of opening a connection to this script.
Failure opening_fails(ScriptedServer::Script const& script, base::Duration within = 10s)
{
    base::Stop const stop;
    ScriptedServer const server(script);
    try {
        open(server, stop, in(within));
    } catch (Failure const& failure) {
        return failure;
    }
    throw std::logic_error("it opened");
}

ScriptedServer::Script says(std::string const& bytes)
{
    return [bytes](Peer& peer) {
        peer.read_exactly(8);
        peer.send(bytes);
        peer.wait_for_close();
    };
}

/// Writes down what a listener is told, one word each.
class Notes final : public amqp::Listener {
public:
    std::vector<std::string> told;
    std::vector<amqp::Delivery> deliveries;

    void on_confirm(amqp::Confirm const& confirm) override
    {
        told.push_back((confirm.positive ? "ack " : "nack ") + std::to_string(confirm.tag) +
                       (confirm.multiple ? "+" : ""));
    }
    void on_return(amqp::Returned&& returned) override { told.push_back("return " + returned.routing_key); }
    void on_delivery(amqp::Delivery&& delivery) override
    {
        told.push_back("delivery " + std::to_string(delivery.delivery_tag));
        deliveries.push_back(std::move(delivery));
    }
    void on_cancel(std::string const& tag) override { told.push_back("cancel " + tag); }
    void on_blocked(std::string const& reason) override { told.push_back("blocked " + reason); }
    void on_unblocked() override { told.push_back("unblocked"); }
};

using Told = std::vector<std::string>;

/// A connection whose peer, once somebody listens, says `bytes` and then plays `then`.
struct Session {
    explicit Session(
        std::string const& bytes, ScriptedServer::Script const& then = [](Peer& p) { p.wait_for_close(); },
        base::milliseconds heartbeat = 0ms)
        : server([=](Peer& peer) {
              wire::accept_login(peer);
              wire::await(peer, "60.80"); // the listener is in place
              peer.send(bytes);
              then(peer);
          }),
          connection(open(server, stop, in(10s), heartbeat))
    {
        connection->listen(&notes);
        connection->ack(1, false);
    }

    /// Pumps until so many things were told; a Failure passes through.
    void pump_until(std::size_t count)
    {
        auto const deadline = in(10s);
        while (notes.told.size() < count && std::chrono::steady_clock::now() < deadline) {
            connection->pump({.deadline = deadline});
        }
    }

    Failure failure()
    {
        try {
            pump_until(SIZE_MAX);
        } catch (Failure const& failure) {
            return failure;
        }
        throw std::logic_error("no failure");
    }

    base::Stop stop;
    Notes notes;
    ScriptedServer server;
    std::unique_ptr<Connection> connection;
};

} // namespace

TEST_CASE("a login tells what the server is and what was agreed")
{
    base::Stop const stop;
    ScriptedServer const server([](Peer& peer) {
        wire::accept_login(peer, wire::tune(2047, 65536, 60));
        peer.wait_for_close();
    });
    auto const connection = open(server, stop, in(10s), 30s);
    CHECK(connection->server().product == "RabbitMQ");
    CHECK(connection->server().version == "4.0.5");
    CHECK(connection->server().cluster_name == "prod");
    CHECK(connection->server().frame_max == 65536);
    CHECK(connection->server().heartbeat == 30s);
    CHECK(connection->server().address == "127.0.0.1:" + std::to_string(server.port()));
}

TEST_CASE("the handshake may arrive byte by byte")
{
    base::Stop const stop;
    ScriptedServer const server([](Peer& peer) {
        peer.read_exactly(8);
        peer.send_bytewise(wire::start());
        wire::await(peer, "10.11");
        peer.send_bytewise(wire::tune());
        wire::await(peer, "10.40");
        peer.send_bytewise(wire::open_ok());
        wire::await(peer, "20.10");
        peer.send_bytewise(wire::channel_open_ok());
        peer.wait_for_close();
    });
    CHECK(open(server, stop)->server().version == "4.0.5");
}

TEST_CASE("peers that are no AMQP 0-9-1 broker are told apart")
{
    auto const silent = opening_fails([](Peer& peer) { peer.stay_silent(); }, 1s);
    CHECK(silent.kind() == FailureKind::timed_out);
    CHECK_THAT(silent.what(), Catch::Contains("no AMQP greeting"));
    CHECK(opening_fails([](Peer& peer) { peer.read_exactly(8); }).kind() == FailureKind::lost);
    CHECK(opening_fails([](Peer& peer) {
              peer.read_exactly(8);
              peer.reset();
          }).kind() == FailureKind::lost);
    CHECK_THAT(opening_fails(says("HTTP/1.1 400 Bad Request\r\n\r\n")).what(), Catch::Contains("HTTP"));
    CHECK_THAT(opening_fails(says(std::string("\x15\x03\x01\x00\x02\x02\x46", 7))).what(), Catch::Contains("TLS"));
    CHECK_THAT(opening_fails(says(std::string("AMQP\x00\x01\x00\x00", 8))).what(), Catch::Contains("another version"));
    auto const garbage = opening_fails(says("SSH-2.0-OpenSSH_9.2\r\n"));
    CHECK(garbage.kind() == FailureKind::not_amqp);
    CHECK(garbage.code() == base::ExitCode::protocol);
}

TEST_CASE("a refused login and a missing vhost are denied, for good")
{
    auto const password = opening_fails([](Peer& peer) {
        peer.read_exactly(8);
        peer.send(wire::start());
        wire::await(peer, "10.11");
        peer.send(wire::connection_close(403, "ACCESS_REFUSED - Login was refused"));
        peer.wait_for_close();
    });
    CHECK(password.kind() == FailureKind::denied);
    CHECK(password.retry() == amqp::Retry::never);
    auto const vhost = opening_fails([](Peer& peer) {
        peer.read_exactly(8);
        peer.send(wire::start());
        wire::await(peer, "10.11");
        peer.send(wire::tune());
        wire::await(peer, "10.40");
        peer.send(wire::connection_close(530, "NOT_ALLOWED - vhost nope not found"));
        peer.wait_for_close();
    });
    CHECK(vhost.kind() == FailureKind::denied);
    CHECK(vhost.reply_code() == 530);
    CHECK_THAT(vhost.what(), Catch::Contains("vhost nope not found"));
}

TEST_CASE("a frame size below AMQP's smallest is refused before anything is written by it")
{
    for (auto const frame_max : {1U, 8U, 19U, 4095U}) {
        auto const failure = opening_fails([=](Peer& peer) {
            peer.read_exactly(8);
            peer.send(wire::start());
            wire::await(peer, "10.11");
            peer.send(wire::tune(2047, frame_max));
            wire::await(peer, "10.40");
            peer.send(wire::open_ok() + wire::channel_open_ok());
            peer.wait_for_close();
        });
        CHECK(failure.kind() == FailureKind::not_amqp);
        CHECK_THAT(failure.what(), Catch::Contains(std::to_string(frame_max)));
    }
}

TEST_CASE("a method too large for the frames the server allows is bad data, and the connection lives on")
{
    base::Stop const stop;
    ScriptedServer const server([](Peer& peer) {
        wire::accept_login(peer, wire::tune(2047, 4096, 0));
        wire::await(peer, "85.10");
        peer.send(wire::confirm_select_ok());
        peer.wait_for_close();
    });
    auto const connection = open(server, stop);
    amqp::QueueSpec const queue{.name = "q", .arguments = {{"a", {std::string(5000, 'x')}}}};
    try {
        connection->declare_queue(queue, in(10s));
        FAIL("it was sent");
    } catch (base::Error const& error) {
        CHECK(error.code() == base::ExitCode::data);
    }
    CHECK_NOTHROW(connection->select_confirms(in(10s)));
}

TEST_CASE("confirms that came before the connection was closed are told before the failure, with its reason")
{
    Session session(wire::ack(1) + wire::ack(3, true) + wire::nack(4) +
                        wire::connection_close(320, "CONNECTION_FORCED - broker forced connection closure"),
                    [](Peer&) {});
    auto const failure = session.failure();
    CHECK(session.notes.told == Told{"ack 1", "ack 3+", "nack 4"});
    CHECK(failure.kind() == FailureKind::closed);
    CHECK(failure.reply_code() == 320);
}

TEST_CASE("a connection.close is answered, else the broker logs that we broke off")
{
    std::promise<std::string> answer;
    Session session(wire::connection_close(320, "CONNECTION_FORCED"), [&](Peer& peer) {
        answer.set_value(wire::read_frame(peer));
        peer.wait_for_close();
    });
    CHECK(session.failure().reply_code() == 320);
    CHECK(answer.get_future().get() == "10.51");
}

TEST_CASE("what follows a closed channel in the same packet is not forgotten")
{
    Session session(wire::channel_close(404, "NOT_FOUND - no exchange 'x'") + wire::blocked("low on memory") +
                        wire::connection_close(320, "CONNECTION_FORCED"),
                    [](Peer&) {});
    CHECK(session.failure().kind() == FailureKind::channel_closed);
    CHECK(session.failure().reply_code() == 320);
    CHECK(session.notes.told == Told{"blocked low on memory"});
}

TEST_CASE("a closed channel is opened afresh and serves again")
{
    Session session(wire::channel_close(404, "NOT_FOUND - no exchange 'x'"), [](Peer& peer) {
        wire::await(peer, "20.41");
        wire::await(peer, "20.10");
        peer.send(wire::channel_open_ok());
        wire::await(peer, "85.10");
        peer.send(wire::confirm_select_ok() + wire::ack(1));
        peer.wait_for_close();
    });
    CHECK(session.failure().kind() == FailureKind::channel_closed);
    session.connection->reopen(in(10s));
    session.connection->select_confirms(in(10s));
    session.pump_until(1);
    CHECK(session.notes.told == Told{"ack 1"});
}

TEST_CASE("a channel that both sides close at once is opened afresh, and the listener hears on")
{
    Session session("", [](Peer& peer) {
        wire::await(peer, "20.40"); // the client's own close; ours crosses it
        peer.send(wire::channel_close(406, "PRECONDITION_FAILED"));
        peer.send(wire::method(20, 41));
        wire::await(peer, "20.41");
        wire::await(peer, "20.10");
        peer.send(wire::channel_open_ok() + wire::ack(1));
        peer.wait_for_close();
    });
    session.connection->reopen(in(10s));
    session.pump_until(1);
    CHECK(session.notes.told == Told{"ack 1"});
}

TEST_CASE("messages come whole, however they are cut into frames and packets")
{
    auto const bytes = wire::deliver(1) + wire::header(6) + wire::body("ab") + wire::heartbeat() + wire::body("") +
                       wire::body("cdef") + wire::deliver(2, true) + wire::header(0) + wire::returned("nowhere") +
                       wire::header(1) + wire::body("x") + wire::ack(1);
    Session session("", [=](Peer& peer) {
        peer.send_bytewise(bytes);
        peer.wait_for_close();
    });
    session.pump_until(4);
    CHECK(session.notes.told == Told{"delivery 1", "delivery 2", "return nowhere", "ack 1"});
    REQUIRE(session.notes.deliveries.size() == 2);
    CHECK(session.notes.deliveries[0].body == "abcdef");
    CHECK(session.notes.deliveries[0].routing_key == "key");
    CHECK(session.notes.deliveries[1].body.empty());
    CHECK(session.notes.deliveries[1].redelivered);
}

TEST_CASE("content out of order breaks the protocol")
{
    for (auto const& bytes :
         {wire::body("x"), wire::header(1), wire::deliver(1) + wire::body("x"),
          wire::deliver(1) + wire::header(1) + wire::body("xy"), wire::deliver(1) + wire::header(1) + wire::header(1),
          wire::deliver(1) + wire::deliver(2), wire::deliver(1) + wire::header(5) + wire::ack(1)}) {
        Session session(bytes);
        CHECK(session.failure().kind() == FailureKind::not_amqp);
    }
}

TEST_CASE("headers nested as deep as a frame allows harm nobody, those of a sane depth arrive")
{
    auto const nested = [](std::size_t levels) {
        std::string table = wire::long_string("");
        for (std::size_t i = 1; i < levels; ++i) {
            table = wire::long_string(wire::short_string("") + 'F' + table);
        }
        return wire::deliver(1) + wire::header(0, wire::u16(0xa000) + wire::short_string("text/plain") + table);
    };
    Session sane(nested(64));
    sane.pump_until(1);
    CHECK(sane.notes.told == Told{"delivery 1"});
    for (std::size_t const levels : {65U, 15'000U}) {
        Session hostile(nested(levels));
        auto const failure = hostile.failure();
        CHECK(failure.kind() == FailureKind::not_amqp);
        CHECK_THAT(failure.what(), Catch::Contains("nested deeper than 64"));
    }
}

TEST_CASE("the broker's cancel and its blocks are told")
{
    Session session(wire::blocked("low on disk") + wire::method(10, 61) +
                    wire::method(60, 30, wire::short_string("ctag") + wire::u8(1)));
    session.pump_until(3);
    CHECK(session.notes.told == Told{"blocked low on disk", "unblocked", "cancel ctag"});
}

TEST_CASE("a stop wakes a wait")
{
    Session session("");
    auto const stopper = std::async(std::launch::async, [&] { session.stop.request(2); });
    CHECK_THROWS_AS(session.pump_until(1), base::Interrupted);
}

TEST_CASE("a peer that reads nothing does not keep a call beyond its deadline")
{
    Session session("", [](Peer& peer) { peer.stay_silent(); });
    std::string const body(8U << 20U, 'x');
    amqp::Properties const properties;
    std::string const key = "k";
    for (int i = 0; i < 4; ++i) {
        session.connection->publish({.exchange = key, .routing_key = key, .properties = properties, .body = body});
    }
    CHECK_THROWS_AS(session.connection->select_confirms(in(100ms)), Failure);
    CHECK(session.connection->unsent() > 0);
    session.connection->close(in(50ms));
}

TEST_CASE("heartbeats are sent as often as was agreed, while nothing else is")
{
    auto const answer = [](Peer& peer) {
        peer.expect(wire::heartbeat());
        peer.send(wire::ack(1));
        peer.wait_for_close();
    };
    Session session("", answer, 2s);
    session.pump_until(1);
    CHECK(session.notes.told == Told{"ack 1"});
}
