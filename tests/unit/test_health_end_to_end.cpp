#include "base/stop.hpp"
#include "health/end_to_end.hpp"
#include "support/catch.hpp"
#include "support/fake_channel.hpp"

using namespace rmqha;
using namespace rmqha::health;
using namespace std::chrono_literals;
using test::FakeBroker;
using test::FakeChannel;
using test::Sent;

namespace {

struct Scene {
    std::shared_ptr<FakeBroker> broker = std::make_shared<FakeBroker>();
    base::Stop stop;
    FakeChannel channel{broker, stop};

    EndToEnd run(base::Duration within = 10s)
    {
        return run_end_to_end(channel, std::chrono::steady_clock::now() + within);
    }
};

} // namespace

TEST_CASE("a message that was confirmed and came back is a round trip, over a queue that is removed")
{
    Scene scene;
    scene.broker->on_publish = [](FakeChannel& channel, Sent const& message) {
        CHECK(message.mandatory);
        channel.deliver(1, message.body);
        channel.confirm(message.tag);
    };
    auto const result = scene.run();
    CHECK(result.asked.answered());
    CHECK(result.confirmed >= 0s);
    REQUIRE(scene.broker->published.size() == 1);
    auto const queue = scene.broker->published.front().routing_key;
    CHECK_THAT(queue, Catch::StartsWith(k_end_to_end_prefix));
    CHECK(scene.broker->calls ==
          std::vector<std::string>{"declare " + queue, "confirms", "consume " + queue + " no_ack", "delete " + queue});
}

TEST_CASE("what became of a message that did not come through is said")
{
    struct Case {
        std::function<void(FakeChannel&, Sent const&)> on_publish;
        std::string reason;
    };
    auto const [on_publish, reason] = GENERATE(values<Case>({
        {[](auto& channel, auto const& message) { channel.confirm(message.tag, false, false); },
         "the node did not accept the message"},
        {[](auto& channel, auto const& message) {
             channel.give_back(message);
             channel.confirm(message.tag);
         },
         "the message was returned: its queue is gone"},
        {[](auto& channel, auto const& message) {
             channel.confirm(message.tag);
             channel.end_consumer();
         },
         "the consumer was cancelled: its queue is gone"},
        {[](auto& channel, auto const&) { channel.deliver(1, "something else"); }, "another message came back"},
        {[](auto& channel, auto const&) {
             channel.lose({amqp::FailureKind::lost, "connection reset"});
         },
         "connection reset"},
    }));
    Scene scene;
    scene.broker->on_publish = on_publish;
    auto const result = scene.run();
    CHECK(result.asked.outcome == Asked::Outcome::failed);
    CHECK(result.asked.reason == reason);
}

TEST_CASE("what was waited for in vain is said")
{
    struct Case {
        std::function<void(FakeChannel&, Sent const&)> on_publish;
        std::string reason;
    };
    auto const [on_publish, reason] = GENERATE(values<Case>({
        {[](auto&, auto const&) {}, "not confirmed in time"},
        {[](auto& channel, auto const& message) { channel.confirm(message.tag); },
         "confirmed, but not delivered in time"},
        {[](auto& channel, auto const&) { channel.block("low on memory"); }, "publishers are blocked: low on memory"},
    }));
    Scene scene;
    scene.broker->on_publish = on_publish;
    auto const result = scene.run(500ms);
    CHECK(result.asked.outcome == Asked::Outcome::failed);
    CHECK(result.asked.reason == reason);
}

TEST_CASE("a probe that may not have its queue is denied, not failed")
{
    Scene scene;
    scene.broker->on_call = [](FakeChannel&, std::string const&) {
        throw amqp::failure_of_close(true, 403, "ACCESS_REFUSED - configure access refused");
    };
    CHECK(scene.run().asked.outcome == Asked::Outcome::denied);
}
