#include "base/stop.hpp"
#include "messaging/consumer.hpp"
#include "support/catch.hpp"
#include "support/fake_cluster.hpp"

#include <algorithm>

using namespace rmqha;
using namespace std::chrono_literals;
using test::FakeChannel;
using test::FakeCluster;

namespace {

amqp::Failure lost()
{
    return {amqp::FailureKind::lost, "connection reset by the peer"};
}

/// Consumes "orders" over a fake cluster into memory.
struct Run {
    FakeCluster cluster;
    messaging::ConsumeOptions options{.queue = "orders", .retry_delay = 1ms};
    std::vector<std::string> taken;
    std::vector<std::string> notes;
    std::function<bool()> flush = [] { return true; };
    messaging::ConsumeSummary summary;

    void consume()
    {
        messaging::Consumer consumer(
            cluster.connector(), options, [this](std::string const& text) { notes.push_back(text); }, cluster.stop);
        auto const tell = [&] { summary = consumer.summary(); };
        try {
            consumer.run({.take = [this](amqp::Delivery const& delivery) { taken.push_back(delivery.body); },
                          .flush = [this] { return flush(); }});
        } catch (...) {
            tell();
            throw;
        }
        tell();
    }

    /// Delivers `count` messages, numbered on over all subscriptions, whenever a subscription begins.
    void deliver_on_subscription(int count)
    {
        cluster.broker->on_call = [=, next = 0](FakeChannel& channel, std::string const& what) mutable {
            if (what.starts_with("consume")) {
                for (int i = 1; i <= count; ++i) {
                    channel.deliver(static_cast<std::uint64_t>(i), std::to_string(++next));
                }
            }
        };
    }

    std::uint64_t last_acknowledged() const
    {
        auto const& acknowledged = cluster.broker->acknowledged;
        return acknowledged.empty() ? 0 : acknowledged.back().tag;
    }

    long called(std::string const& what) const
    {
        auto const& calls = cluster.broker->calls;
        return std::count(calls.begin(), calls.end(), what);
    }
};

using Bodies = std::vector<std::string>;

} // namespace

TEST_CASE("consuming ends at the count; no more is asked for, taken or acknowledged")
{
    Run run;
    run.options.count = 3;
    run.deliver_on_subscription(5);
    run.consume();
    CHECK(run.taken == Bodies{"1", "2", "3"});
    CHECK(run.summary.received == 3);
    CHECK(run.summary.acknowledged == 3);
    CHECK(run.called("prefetch 3") == 1);
    CHECK(run.last_acknowledged() == 3);
    CHECK(run.cluster.broker->closed_in_order == 1);
}

TEST_CASE("messages that come together with the answer to the subscription are not waited for")
{
    Run run;
    run.options.count = 2;
    run.options.idle_timeout = 1min;
    run.cluster.broker->tells_with_consume_ok = true;
    run.deliver_on_subscription(2);
    run.cluster.broker->on_idle = [](FakeChannel&) { FAIL_CHECK("it waits"); };
    run.consume();
    CHECK(run.taken == Bodies{"1", "2"});
}

TEST_CASE("once all that is wanted has come the subscription ends, before the acknowledgement calls for more")
{
    Run run;
    run.options.count = 2;
    run.deliver_on_subscription(2);
    run.cluster.broker->on_call = [&, deliver = run.cluster.broker->on_call](FakeChannel& channel, auto const& what) {
        deliver(channel, what);
        if (what == "cancel fake") {
            CHECK(run.cluster.broker->acknowledged.empty());
        }
    };
    run.consume();
    CHECK(run.called("cancel fake") == 1);
    CHECK(run.last_acknowledged() == 2);
}

TEST_CASE("what is peeked at is not acknowledged, and counts")
{
    Run run;
    run.options.count = 2;
    run.options.prefetch = 0;
    run.deliver_on_subscription(3);
    messaging::SinkHandler handler(
        {.take = [&](auto const& delivery) { run.taken.push_back(delivery.body); }, .flush = [] { return true; }},
        messaging::Outcome::keep);
    messaging::Consumer consumer(
        run.cluster.connector(), run.options, [](auto const&) {}, run.cluster.stop);
    consumer.run(handler);
    CHECK(run.taken == Bodies{"1", "2"});
    CHECK(run.called("prefetch 2") == 1);
    CHECK(consumer.summary().received == 2);
    CHECK(run.cluster.broker->acknowledged.empty());
    CHECK(run.cluster.broker->rejected.empty());
    CHECK(run.cluster.broker->closed_in_order == 1);
}

TEST_CASE("a sink that does not take all at once is waited for, and then its messages are acknowledged")
{
    Run run;
    run.options.count = 2;
    run.deliver_on_subscription(2);
    base::Stop room; // its descriptor is readable once asked for
    std::size_t left = 5;
    run.cluster.broker->on_idle = [&](FakeChannel&) {
        CHECK(run.cluster.broker->acknowledged.empty());
        left = 0;
        room.request();
    };
    messaging::SinkHandler handler({.take = [&](auto const& delivery) { run.taken.push_back(delivery.body); },
                                    .flush = [] { return true; },
                                    .unwritten = [&] { return left; },
                                    .room = [&] { return pollfd{.fd = room.fd(), .events = POLLIN, .revents = 0}; }});
    messaging::Consumer consumer(
        run.cluster.connector(), run.options, [](auto const&) {}, run.cluster.stop);
    consumer.run(handler);
    CHECK(run.taken == Bodies{"1", "2"});
    CHECK(run.last_acknowledged() == 2);
}

TEST_CASE("a count of nothing asks for nothing")
{
    Run run;
    run.options.count = 0;
    run.consume();
    CHECK(run.cluster.broker->connections == 0);
}

TEST_CASE("messages are acknowledged only after the sink has them safe")
{
    Run run;
    run.options.count = 4;
    run.deliver_on_subscription(4);
    bool flushed = false;
    run.flush = [&] {
        CHECK(run.taken.size() == 4);
        CHECK(run.cluster.broker->acknowledged.empty());
        flushed = true;
        return true;
    };
    run.consume();
    CHECK(flushed);
    REQUIRE(run.cluster.broker->acknowledged.size() == 1);
    CHECK(run.cluster.broker->acknowledged[0].multiple);
    CHECK(run.last_acknowledged() == 4);
}

TEST_CASE("a sink that wants no more ends it, and what it may not have is not acknowledged")
{
    Run run;
    run.deliver_on_subscription(4);
    run.flush = [] { return false; };
    run.consume();
    CHECK(run.cluster.broker->acknowledged.empty());
    CHECK(run.summary.received == 0);
    CHECK(run.cluster.broker->closed_in_order == 1);
}

TEST_CASE("a sink that fails ends it with its error, nothing acknowledged")
{
    Run run;
    run.deliver_on_subscription(4);
    run.flush = []() -> bool { throw base::Error(base::ExitCode::unavailable, "disk full"); };
    CHECK_THROWS_WITH(run.consume(), "disk full");
    CHECK(run.cluster.broker->acknowledged.empty());
    CHECK(run.cluster.broker->closed_in_order == 1);
}

TEST_CASE("consuming ends when nothing came for the idle time")
{
    Run run;
    run.options.idle_timeout = 20ms;
    run.deliver_on_subscription(2);
    run.consume();
    CHECK(run.taken == Bodies{"1", "2"});
    CHECK(run.summary.acknowledged == 2);
}

TEST_CASE("time spent reconnecting is not idle time: the queue gets its chance to speak")
{
    Run run;
    run.options.idle_timeout = 300ms;
    run.cluster.on_dial = [&](config::Node const&) -> std::optional<amqp::Failure> {
        auto const until = std::chrono::steady_clock::now() + 350ms; // a slow login
        while (std::chrono::steady_clock::now() < until) {
        }
        return std::nullopt;
    };
    bool delivered = false;
    run.cluster.broker->on_idle = [&](FakeChannel& channel) {
        if (channel.number() == 1) {
            channel.lose(lost());
        } else if (!std::exchange(delivered, true)) {
            channel.deliver(1, "late");
        }
    };
    run.consume();
    CHECK(run.taken == Bodies{"late"});
}

TEST_CASE("the broker's own redeliveries are counted")
{
    Run run;
    run.options.count = 3;
    run.cluster.broker->on_call = [](FakeChannel& channel, std::string const& what) {
        if (what == "consume orders") {
            channel.deliver(1, "a", true);
            channel.deliver(2, "b");
            channel.deliver(3, "c", true);
        }
    };
    run.consume();
    CHECK(run.summary.redelivered == 2);
}

TEST_CASE("a subscription the broker ends is made again; what came before it is not lost")
{
    Run run;
    run.options.count = 4;
    run.cluster.broker->on_call = [tag = std::uint64_t{0}](FakeChannel& channel, std::string const& what) mutable {
        if (what == "consume orders") {
            channel.deliver(++tag, "x");
            channel.deliver(++tag, "y");
            channel.end_consumer();
        }
    };
    run.consume();
    CHECK(run.taken == Bodies{"x", "y", "x", "y"});
    CHECK(run.called("consume orders") == 2);
    CHECK(run.summary.cancelled >= 1);
    CHECK_THAT(run.notes.at(0), Catch::Contains("\"orders\""));
    CHECK(run.cluster.broker->connections == 1);
    CHECK(run.last_acknowledged() == 4);
}

TEST_CASE("a subscription to a queue that is gone ends with the broker's reason")
{
    Run run;
    run.cluster.broker->on_call = [](FakeChannel&, std::string const& what) {
        if (what == "consume orders") {
            throw amqp::failure_of_close(true, 404, "NOT_FOUND - no queue 'orders' in vhost '/'");
        }
    };
    try {
        run.consume();
        FAIL_CHECK("no error");
    } catch (base::Error const& error) {
        CHECK(error.code() == base::ExitCode::data);
        CHECK_THAT(error.what(), Catch::Contains("no queue 'orders'"));
    }
}

TEST_CASE("a queue whose node is down is asked for again on a fresh channel")
{
    Run run;
    run.options.count = 1;
    run.cluster.broker->on_call = [refused = 0](FakeChannel& channel, std::string const& what) mutable {
        if (what == "consume orders" && refused++ < 2) {
            channel.close_channel(404,
                                  "NOT_FOUND - home node 'r1@h1' of durable queue 'orders' is down or inaccessible");
        } else if (what == "consume orders") {
            channel.deliver(1, "x");
        }
    };
    run.consume();
    CHECK(run.taken == Bodies{"x"});
    CHECK(run.called("reopen") == 2);
    CHECK(run.notes.size() == 2);
}

TEST_CASE("a lost connection: what was not yet given to the sink is forgotten, and never acknowledged by its old tag")
{
    Run run;
    run.options.count = 3;
    run.cluster.broker->on_call = [](FakeChannel& channel, std::string const& what) {
        if (what != "consume orders") {
            return;
        }
        if (channel.number() == 1) {
            channel.deliver(1, "a");
            channel.deliver(2, "b");
            channel.lose(lost());
        } else {
            channel.deliver(1, "a", true);
            channel.deliver(2, "b", true);
            channel.deliver(3, "c");
        }
    };
    run.consume();
    CHECK(run.taken == Bodies{"a", "b", "c"});
    CHECK(run.summary.reconnects == 1);
    CHECK(run.summary.redelivered == 2);
    CHECK(run.cluster.broker->acknowledged.size() == 1);
    CHECK(run.last_acknowledged() == 3);
}

TEST_CASE("losing every connection without a message between ends with the reason")
{
    Run run;
    run.options.connection_attempts = 3;
    run.cluster.broker->on_idle = [](FakeChannel& channel) { channel.lose(lost()); };
    CHECK_THROWS_WITH(run.consume(), Catch::Contains("connection reset by the peer"));
    CHECK(run.summary.reconnects == 3);
}

TEST_CASE("a message between outages starts their count anew")
{
    Run run;
    run.options.connection_attempts = 1;
    run.options.count = 6;
    run.deliver_on_subscription(1);
    run.cluster.broker->on_idle = [](FakeChannel& channel) { channel.lose(lost()); };
    run.consume();
    CHECK(run.taken == Bodies{"1", "2", "3", "4", "5", "6"});
    CHECK(run.summary.reconnects == 5);
}

TEST_CASE("without acknowledgements nothing is acknowledged")
{
    Run run;
    run.options.auto_ack = true;
    run.options.idle_timeout = 20ms;
    run.deliver_on_subscription(3);
    run.consume();
    CHECK(run.taken == Bodies{"1", "2", "3"});
    CHECK(run.called("consume orders no_ack") == 1);
    CHECK(run.cluster.broker->acknowledged.empty());
    CHECK(run.summary.acknowledged == 0);
}

TEST_CASE("without acknowledgements a message that had arrived when the connection was lost is still taken")
{
    Run run;
    run.options.auto_ack = true;
    run.options.idle_timeout = 20ms;
    run.cluster.broker->on_call = [](FakeChannel& channel, std::string const& what) {
        if (what == "consume orders no_ack" && channel.number() == 1) {
            channel.deliver(1, "only once");
            channel.lose(lost());
        }
    };
    run.consume();
    CHECK(run.taken == Bodies{"only once"});
    CHECK(run.summary.received == 1);
    CHECK(run.summary.reconnects == 1);
}

TEST_CASE("with a count the broker may forget no more than is taken, whatever was asked for")
{
    Run run;
    run.options.auto_ack = true;
    run.options.count = 2;
    run.deliver_on_subscription(5);
    run.consume();
    CHECK(run.taken == Bodies{"1", "2"});
    CHECK(run.called("consume orders") == 1); // not no_ack: prefetch would not hold, and the surplus would be lost
    CHECK(run.last_acknowledged() == 2);
}

TEST_CASE("a stop ends the wait for messages; what was flushed stays acknowledged")
{
    Run run;
    run.deliver_on_subscription(2);
    run.cluster.broker->on_idle = [&](FakeChannel&) { run.cluster.stop.request(2); };
    CHECK_THROWS_AS(run.consume(), base::Interrupted);
    CHECK(run.summary.received == 2);
    CHECK(run.last_acknowledged() == 2);
    CHECK(run.cluster.broker->closed_in_order == 1);
}
