#include "amqp/link.hpp"
#include "support/catch.hpp"
#include "support/scripted_server.hpp"

using namespace rmqha;
using namespace std::chrono_literals;
using amqp::Failure;
using amqp::FailureKind;

namespace {

class Nobody final : public amqp::FrameSink {
    void on_frame(amqp::Frame const&) override {}
};

} // namespace

TEST_CASE("a peer from which nothing came for two heartbeat intervals is given up")
{
    test::ScriptedServer const server([](test::Peer& peer) { peer.wait_for_close(); });
    base::Stop const stop;
    auto const deadline = std::chrono::steady_clock::now() + 10s;
    auto connected = amqp::connect_any(amqp::resolve("127.0.0.1", server.port(), deadline, stop), deadline, stop);
    Nobody nobody;
    amqp::Link link(amqp::make_tcp_transport(std::move(connected)), stop, nobody);
    link.agree(4096, 1, 50ms);
    try {
        while (std::chrono::steady_clock::now() < deadline) {
            link.pump({.deadline = deadline});
        }
        FAIL("it was waited for");
    } catch (Failure const& failure) {
        CHECK(failure.kind() == FailureKind::heartbeat);
        CHECK_THAT(failure.what(), Catch::StartsWith("no heartbeat: nothing received for "));
    }
}
