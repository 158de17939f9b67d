#include "base/stop.hpp"
#include "messaging/publisher.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/fake_cluster.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <set>

using namespace rmqha;
using namespace std::chrono_literals;
using messaging::Fate;
using messaging::Ledger;
using messaging::Next;
using test::error_of;
using test::FakeChannel;
using test::FakeCluster;
using test::Sent;

namespace {

/// Bodies "1", "2", ... up to `count`, to the queue "orders"; `change` may alter each.
class Numbers final : public messaging::Source {
public:
    explicit Numbers(int count, std::function<void(messaging::Message&, int)> change = {})
        : m_count(count), m_change(std::move(change))
    {
    }
    Next next(messaging::Message& into) override
    {
        if (m_given == m_count) {
            return Next::end;
        }
        into = {};
        into.routing_key = "orders";
        into.body = std::to_string(++m_given);
        if (m_change) {
            m_change(into, m_given);
        }
        return Next::message;
    }

private:
    int m_count;
    int m_given = 0;
    std::function<void(messaging::Message&, int)> m_change;
};

std::vector<std::string> numbers(int from, int to)
{
    std::vector<std::string> result;
    for (int i = from; i <= to; ++i) {
        result.push_back(std::to_string(i));
    }
    return result;
}

amqp::Failure lost()
{
    return {amqp::FailureKind::lost, "connection reset by the peer"};
}

/// Publishes over a fake cluster and checks, whatever happens, that the ledger adds up.
struct Run {
    FakeCluster cluster;
    messaging::PublishOptions options{.nack_timeout = 10s, .retry_delay = 1ms};
    std::vector<std::string> notes;
    std::vector<std::pair<std::string, Fate>> failed; ///< body and fate
    Ledger ledger;

    void publish(messaging::Source& source)
    {
        messaging::Publisher publisher(
            cluster.connector(), options,
            {.progress = {},
             .failed = [this](auto const& message, Fate fate,
                              std::string const&) { failed.emplace_back(message.body, fate); },
             .note = [this](std::string const& text) { notes.push_back(text); }},
            cluster.stop);
        try {
            publisher.run(source);
        } catch (...) {
            ledger = publisher.ledger();
            check_sums();
            throw;
        }
        ledger = publisher.ledger();
        check_sums();
    }

    void publish(int count)
    {
        Numbers source(count);
        publish(source);
    }

    void check_sums() const
    {
        CHECK(ledger.read == ledger.confirmed + ledger.failed() + ledger.unconfirmed);
        CHECK(ledger.failed() == failed.size());
    }
};

} // namespace

TEST_CASE("every message is sent once, in order, and confirmed")
{
    Run run;
    run.publish(2500);
    CHECK(run.ledger.read == 2500);
    CHECK(run.ledger.confirmed == 2500);
    CHECK(run.ledger.resent == 0);
    CHECK(run.ledger.reconnects == 0);
    CHECK(run.cluster.broker->bodies() == numbers(1, 2500));
    CHECK(run.cluster.broker->closed_in_order == 1);
}

TEST_CASE("messages carry their number and an id that is unique")
{
    Run run;
    Numbers source(3, [](messaging::Message& message, int number) {
        if (number == 2) {
            message.properties.message_id = "mine";
        }
    });
    run.publish(source);
    std::set<std::string> ids;
    for (auto const& sent : run.cluster.broker->published) {
        REQUIRE(sent.properties.headers.size() == 1);
        CHECK(sent.properties.headers[0] == amqp::Field{"x-rmqha-seq", {std::int64_t{std::stoi(sent.body)}}});
        ids.insert(sent.properties.message_id.value_or(""));
    }
    CHECK(ids.size() == 3);
    CHECK(ids.contains("mine"));
}

TEST_CASE("a message published before gets its number anew and keeps its id")
{
    amqp::Field const mine{"tries", {std::int64_t{3}}};
    Run run;
    Numbers source(1, [&](messaging::Message& message, int) {
        message.properties.headers = {{"x-rmqha-seq", {std::int64_t{77}}}, mine};
        message.properties.message_id = "1234-77";
    });
    run.publish(source);
    REQUIRE(run.cluster.broker->published.size() == 1);
    auto const& properties = run.cluster.broker->published[0].properties;
    CHECK(properties.headers == amqp::Table{mine, {"x-rmqha-seq", {std::int64_t{1}}}});
    CHECK(properties.message_id == "1234-77");
}

TEST_CASE("no more messages are under way than the window allows")
{
    Run run;
    run.options.window = 7;
    run.cluster.broker->on_publish = [](FakeChannel&, Sent const&) {};
    run.cluster.broker->on_idle = [confirmed = std::uint64_t{0}](FakeChannel& channel) mutable {
        channel.confirm(++confirmed);
    };
    run.publish(50);
    CHECK(run.cluster.broker->most_in_flight == 7);
    CHECK(run.ledger.confirmed == 50);
}

TEST_CASE("few large messages are under way at a time, whatever the window")
{
    constexpr std::size_t k_size = 16U << 20U;
    Run run;
    run.cluster.broker->on_publish = [](FakeChannel&, Sent const&) {};
    run.cluster.broker->on_idle = [confirmed = std::uint64_t{0}](FakeChannel& channel) mutable {
        channel.confirm(++confirmed);
    };
    Numbers source(6, [](messaging::Message& message, int) { message.body.assign(k_size, 'x'); });
    run.publish(source);
    CHECK(run.cluster.broker->most_in_flight == (64U << 20U) / k_size);
    CHECK(run.ledger.confirmed == 6);
}

TEST_CASE("confirms may come out of order, late and for many at once")
{
    Run run;
    run.cluster.broker->on_publish = [](FakeChannel& channel, Sent const& sent) {
        if (sent.tag % 10 == 0) {
            channel.confirm(sent.tag - 1);
            channel.confirm(sent.tag - 7);
            channel.confirm(sent.tag - 3, true);
            channel.confirm(sent.tag - 7); // again: to be ignored
            channel.confirm(sent.tag, true);
        }
    };
    run.publish(100);
    CHECK(run.ledger.confirmed == 100);
    CHECK(run.ledger.resent == 0);
}

TEST_CASE("a lost connection: what is unconfirmed goes out again in order, nothing is lost")
{
    Run run;
    run.cluster.broker->on_publish = [](FakeChannel& channel, Sent const& sent) {
        if (channel.number() > 1) {
            channel.confirm(sent.tag);
        } else if (sent.tag <= 30 && sent.tag % 2 == 0) {
            channel.confirm(sent.tag);
        } else if (sent.tag == 40) {
            channel.lose(lost());
        }
    };
    run.publish(100);
    CHECK(run.ledger.confirmed == 100);
    CHECK(run.ledger.reconnects == 1);
    auto const& published = run.cluster.broker->published;
    auto const second =
        std::find_if(published.begin() + 1, published.end(), [](auto const& sent) { return sent.tag == 1; });
    REQUIRE(second != published.end());
    auto const first_time = static_cast<std::uint64_t>(second - published.begin());
    CHECK(run.ledger.resent == first_time - 15);
    CHECK(run.ledger.maybe_duplicate == first_time - 15);
    std::vector<std::string> expected;
    for (int i = 1; i <= 100; ++i) {
        if (i > 30 || i % 2 == 1) {
            expected.push_back(std::to_string(i));
        }
    }
    std::vector<std::string> again;
    std::for_each(second, published.end(), [&](auto const& sent) { again.push_back(sent.body); });
    CHECK(again == expected);
}

TEST_CASE("an outage is a silence: from the last confirm before it to the first after, nacks and connections between")
{
    constexpr auto k_takes = 30ms;
    Run run;
    auto const takes_time = [&] { base::SystemClock().sleep_until(std::chrono::steady_clock::now() + k_takes, {}); };
    run.cluster.broker->on_publish = [&](FakeChannel& channel, Sent const& sent) {
        if (channel.number() == 1 && sent.tag == 3) {
            channel.lose(lost());
        } else if (channel.number() == 2) {
            channel.confirm(sent.tag, false, false);
            takes_time();
            channel.lose(lost());
        } else {
            channel.confirm(sent.tag);
        }
    };
    run.cluster.on_dial = [&](config::Node const&) {
        takes_time();
        return std::optional<amqp::Failure>();
    };
    run.options.window = 1;
    run.publish(5);
    CHECK(run.ledger.confirmed == 5);
    CHECK(run.ledger.reconnects == 2);
    CHECK(run.ledger.longest_silence >= 3 * k_takes);
}

TEST_CASE("confirms that came before the connection was lost count")
{
    Run run;
    run.options.window = 10;
    run.cluster.broker->on_publish = [](FakeChannel& channel, Sent const& sent) {
        channel.confirm(sent.tag);
        if (channel.number() == 1 && sent.tag == 10) {
            channel.lose(lost());
        }
    };
    run.publish(20);
    CHECK(run.ledger.confirmed == 20);
    CHECK(run.ledger.resent == 0);
    CHECK(run.cluster.broker->bodies() == numbers(1, 20));
}

TEST_CASE("losing every connection without a confirm between ends with the reason; all that was read is accounted for")
{
    Run run;
    run.options.window = 5;
    run.options.connection_attempts = 3;
    run.cluster.broker->on_publish = [](FakeChannel& channel, Sent const& sent) {
        if (sent.tag == 1) {
            channel.lose(lost());
        }
    };
    auto const error = error_of([&] { run.publish(100); });
    CHECK(error.code() == base::ExitCode::unavailable);
    CHECK_THAT(error.what(), Catch::Contains("connection reset by the peer"));
    CHECK(run.ledger.unknown == 5);
    CHECK(run.ledger.reconnects == 4);
}

TEST_CASE("losing connections goes on for as long as there are confirms between")
{
    Run run;
    run.options.window = 5;
    run.options.connection_attempts = 1;
    run.cluster.broker->on_publish = [](FakeChannel& channel, Sent const& sent) {
        channel.confirm(sent.tag);
        if (sent.tag == 2) {
            channel.lose(lost());
        }
    };
    run.publish(20);
    CHECK(run.ledger.confirmed == 20);
    CHECK(run.ledger.reconnects >= 10);
}

TEST_CASE("a nack: the message goes out again on a fresh channel and is confirmed")
{
    Run run;
    run.cluster.broker->on_publish = [](FakeChannel& channel, Sent const& sent) {
        bool const first = channel.number() == 1 && sent.body == "3" && sent.tag == 3;
        channel.confirm(sent.tag, false, !first);
    };
    run.publish(5);
    CHECK(run.ledger.confirmed == 5);
    CHECK(run.ledger.resent == 1);
    CHECK(run.ledger.maybe_duplicate == 0); // the broker said that it has not taken it
    CHECK(run.cluster.broker->published.back().body == "3");
    CHECK(run.cluster.broker->published.back().tag == 1);
    auto const& calls = run.cluster.broker->calls;
    CHECK(std::count(calls.begin(), calls.end(), "reopen") == 1);
    CHECK(std::count(calls.begin(), calls.end(), "confirms") == 2);
}

TEST_CASE("without time for repetitions a nack is final")
{
    Run run;
    run.options.nack_timeout = 0ms;
    run.cluster.broker->on_publish = [](FakeChannel& channel, Sent const& sent) {
        channel.confirm(sent.tag, false, sent.body != "3");
    };
    run.publish(5);
    CHECK(run.ledger.confirmed == 4);
    CHECK(run.ledger.nacked == 1);
    CHECK(run.failed == decltype(run.failed){{"3", Fate::nacked}});
    CHECK_THAT(run.ledger.first_failure, Catch::Contains("basic.nack"));
}

TEST_CASE("a message that no queue takes is returned, not confirmed")
{
    Run run;
    run.cluster.broker->on_publish = [](FakeChannel& channel, Sent const& sent) {
        CHECK(sent.mandatory);
        if (sent.body == "2") {
            channel.give_back(sent);
        }
        channel.confirm(sent.tag);
    };
    run.publish(3);
    CHECK(run.ledger.confirmed == 2);
    CHECK(run.failed == decltype(run.failed){{"2", Fate::returned}});
    CHECK(run.ledger.first_failure == "NO_ROUTE (312)");
}

TEST_CASE("of equal messages as many are returned as came back")
{
    Run run;
    run.options.identify = false;
    run.cluster.broker->on_publish = [](FakeChannel& channel, Sent const& sent) {
        if (sent.tag >= 3) {
            channel.give_back(sent);
        }
        channel.confirm(sent.tag);
    };
    Numbers source(5, [](messaging::Message& message, int) { message.body = "same"; });
    run.publish(source);
    CHECK(run.ledger.returned == 3);
    CHECK(run.ledger.confirmed == 2);
}

TEST_CASE("a message that closes the channel is refused alone, the others are confirmed")
{
    Run run;
    run.cluster.broker->on_publish = [](FakeChannel& channel, Sent const& sent) {
        if (sent.exchange == "nowhere") {
            channel.close_channel(404, "NOT_FOUND - no exchange 'nowhere' in vhost '/'");
        } else {
            channel.confirm(sent.tag);
        }
    };
    Numbers source(20,
                   [](messaging::Message& message, int number) { message.exchange = number == 7 ? "nowhere" : ""; });
    run.publish(source);
    CHECK(run.ledger.confirmed == 19);
    CHECK(run.failed == decltype(run.failed){{"7", Fate::refused}});
    CHECK_THAT(run.ledger.first_failure, Catch::Contains("no exchange 'nowhere'"));
    CHECK(run.cluster.broker->connections == 1);
}

TEST_CASE("three messages in a row refused alike: it is wrong with all of them")
{
    Run run;
    run.cluster.broker->on_publish = [](FakeChannel& channel, Sent const&) {
        channel.close_channel(404, "NOT_FOUND - no exchange 'nowhere' in vhost '/'");
    };
    auto const error = error_of([&] { run.publish(20); });
    CHECK(error.code() == base::ExitCode::data);
    CHECK_THAT(error.what(), Catch::Contains("no exchange 'nowhere'"));
    CHECK(run.ledger.refused == 3);
    CHECK(run.ledger.unknown == run.ledger.read - 3);
}

TEST_CASE("messages refused alike, but with others confirmed between, are refused alone")
{
    Run run;
    run.options.window = 4;
    run.cluster.broker->on_publish = [](FakeChannel& channel, Sent const& sent) {
        if (sent.exchange == "nowhere") {
            channel.close_channel(404, "NOT_FOUND - no exchange 'nowhere' in vhost '/'");
        } else {
            channel.confirm(sent.tag);
        }
    };
    Numbers source(
        50, [](messaging::Message& message, int number) { message.exchange = number % 10 == 5 ? "nowhere" : ""; });
    run.publish(source);
    CHECK(run.ledger.refused == 5);
    CHECK(run.ledger.confirmed == 45);
}

TEST_CASE("a channel closed because a queue's node is down: the same again until it is served")
{
    Run run;
    int closes = 0;
    run.cluster.broker->on_publish = [&](FakeChannel& channel, Sent const& sent) {
        if (closes < 2 && sent.tag == 1) {
            ++closes;
            channel.close_channel(404, "NOT_FOUND - queue 'q' in vhost '/' process is stopped by supervisor");
        } else {
            channel.confirm(sent.tag);
        }
    };
    run.publish(5);
    CHECK(closes == 2);
    CHECK(run.ledger.confirmed == 5);
    CHECK(run.ledger.refused == 0);
}

TEST_CASE("a message whose properties cannot be encoded is refused alone")
{
    Run run;
    Numbers source(
        5, [](messaging::Message& message, int number) { message.routing_key.assign(number == 3 ? 256 : 10, 'k'); });
    run.publish(source);
    CHECK(run.ledger.confirmed == 4);
    CHECK(run.failed == decltype(run.failed){{"3", Fate::refused}});
}

TEST_CASE("a stop is seen also while one message after the other cannot be encoded")
{
    Run run;
    Numbers source(5000, [&](messaging::Message& message, int number) {
        message.routing_key.assign(256, 'k');
        if (number == 250) {
            run.cluster.stop.request(2);
        }
    });
    CHECK_THROWS_AS(run.publish(source), base::Interrupted);
    CHECK(run.ledger.refused >= 250);
    CHECK(run.ledger.refused < 1000);
}

TEST_CASE("a block is waited out, and nothing is sent meanwhile")
{
    Run run;
    run.options.window = 1;
    run.cluster.broker->on_publish = [](FakeChannel& channel, Sent const& sent) {
        channel.confirm(sent.tag);
        if (sent.body == "2") {
            channel.block("low on memory");
        }
    };
    std::vector<std::string> before;
    run.cluster.broker->on_idle = [&](FakeChannel& channel) {
        if (channel.blocked()) {
            before = run.cluster.broker->bodies();
            channel.unblock();
        }
    };
    run.publish(4);
    CHECK(before == numbers(1, 2));
    CHECK(run.ledger.confirmed == 4);
    CHECK(run.ledger.blocked > 0ns);
    REQUIRE(run.notes.size() == 2);
    CHECK_THAT(run.notes[0], Catch::Contains("low on memory"));
    CHECK_THAT(run.notes[1], Catch::Contains("no longer blocked"));
}

TEST_CASE("a block that lasts too long is an error that says so")
{
    Run run;
    run.options.blocked_timeout = 30ms;
    run.options.confirm_timeout = 5ms; // does not count while blocked
    run.cluster.broker->on_publish = [](FakeChannel& channel, Sent const& sent) {
        if (sent.tag == 1) {
            channel.confirm(1);
            channel.block("low on disk");
        }
    };
    auto const error = error_of([&] { run.publish(3); });
    CHECK(error.code() == base::ExitCode::timeout);
    CHECK_THAT(error.what(), Catch::Contains("low on disk"));
    CHECK(run.ledger.confirmed == 1);
    CHECK(run.ledger.unknown == run.ledger.read - 1);
    CHECK(run.ledger.blocked >= 30ms);
    CHECK(run.ledger.reconnects == 0);
}

TEST_CASE("no confirm for too long: another connection is made and the messages go out again")
{
    Run run;
    run.options.confirm_timeout = 20ms;
    run.cluster.broker->on_publish = [](FakeChannel& channel, Sent const& sent) {
        if (channel.number() > 1) {
            channel.confirm(sent.tag);
        }
    };
    run.publish(5);
    CHECK(run.ledger.confirmed == 5);
    CHECK(run.ledger.reconnects == 1);
    CHECK(run.ledger.maybe_duplicate == 5);
}

TEST_CASE("a stop: confirms still on their way are taken, the rest is unknown")
{
    Run run;
    run.options.window = 10;
    run.cluster.broker->on_publish = [](FakeChannel&, Sent const&) {};
    run.cluster.broker->on_idle = [&](FakeChannel& channel) {
        if (!run.cluster.stop.requested()) {
            run.cluster.stop.request(2);
            channel.confirm(4, true);
        } else {
            channel.confirm(7);
            channel.lose(lost());
        }
    };
    CHECK_THROWS_AS(run.publish(100), base::Interrupted);
    CHECK(run.ledger.read == 10);
    CHECK(run.ledger.confirmed == 5);
    CHECK(run.ledger.unknown == 5);
}

TEST_CASE("a stop while no node can be reached ends at once")
{
    Run run;
    run.cluster.on_dial = [&](config::Node const&) -> std::optional<amqp::Failure> {
        run.cluster.stop.request(15);
        return amqp::Failure(amqp::FailureKind::refused, "connection refused");
    };
    CHECK_THROWS_AS(run.publish(10), base::Interrupted);
    CHECK(run.ledger.read == 0);
}

TEST_CASE("when a run ends early, all that its source cannot give again is unknown, in its order")
{
    class Stream final : public messaging::Source {
    public:
        Next next(messaging::Message& into) override { return give(into) ? Next::message : Next::later; }
        bool left_over(messaging::Message& into) override { return give(into); }

    private:
        bool give(messaging::Message& into)
        {
            into = {.routing_key = "orders", .body = std::to_string(m_given + 1)};
            return m_given++ < 8;
        }
        int m_given = 0;
    } source;
    Run run;
    run.options.window = 5;
    run.cluster.broker->on_publish = [](FakeChannel&, Sent const&) {};
    run.cluster.broker->on_idle = [&](FakeChannel& channel) {
        if (!run.cluster.stop.requested()) {
            run.cluster.stop.request(2);
            channel.confirm(1, false, false); // waits to be sent again
            channel.confirm(2);
        } else {
            channel.lose(lost());
        }
    };
    CHECK_THROWS_AS(run.publish(source), base::Interrupted);
    CHECK(run.ledger.read == 8);
    CHECK(run.ledger.confirmed == 1);
    std::vector<std::string> bodies;
    for (auto const& [body, fate] : run.failed) {
        CHECK(fate == Fate::unknown);
        bodies.push_back(body);
    }
    CHECK(bodies == std::vector<std::string>{"1", "3", "4", "5", "6", "7", "8"});
    CHECK(run.cluster.broker->bodies() == numbers(1, 5));
}

TEST_CASE("a single message has its fate also when no node could be reached")
{
    Run run;
    run.cluster.on_dial = [&](config::Node const&) -> std::optional<amqp::Failure> {
        return amqp::Failure(amqp::FailureKind::refused, "connection refused");
    };
    auto const source = messaging::make_repeating_source({.routing_key = "orders", .body = "x"}, 1);
    CHECK_THROWS_AS(run.publish(*source), base::Error);
    CHECK(run.ledger.read == 1);
    CHECK(run.failed == decltype(run.failed){{"x", Fate::unknown}});
}

TEST_CASE("what is refused for want of a permission is counted so")
{
    Run run;
    run.cluster.broker->on_publish = [](FakeChannel& channel, Sent const& sent) {
        auto const body = std::stoi(sent.body);
        if (body == 2) {
            channel.close_channel(403, "ACCESS_REFUSED - access to exchange 'amq.topic' in vhost '/' refused");
        } else if (body == 4) {
            channel.close_channel(404, "NOT_FOUND - no exchange 'nowhere' in vhost '/'");
        } else {
            channel.confirm(sent.tag);
        }
    };
    run.publish(5);
    CHECK(run.ledger.refused == 2);
    CHECK(run.ledger.denied == 1);
}

TEST_CASE("without confirms every message is sent and none is called confirmed")
{
    Run run;
    run.options.confirms = false;
    run.publish(1500);
    CHECK(run.ledger.unconfirmed == 1500);
    CHECK(run.ledger.confirmed == 0);
    CHECK(run.cluster.broker->bodies() == numbers(1, 1500));
    auto const& calls = run.cluster.broker->calls;
    CHECK(std::count(calls.begin(), calls.end(), "confirms") == 0);
}

TEST_CASE("input that goes bad ends with its error, after the confirms of what was sent")
{
    class Bad final : public messaging::Source {
    public:
        Next next(messaging::Message& into) override
        {
            if (++m_asked > 5) {
                throw base::Error(base::ExitCode::data, "line 6: not a message");
            }
            into = {};
            into.body = std::to_string(m_asked);
            return Next::message;
        }

    private:
        int m_asked = 0;
    } source;
    Run run;
    CHECK(std::string(error_of([&] { run.publish(source); }).what()) == "line 6: not a message");
    CHECK(run.ledger.read == 5);
    CHECK(run.ledger.confirmed == 5);
    CHECK(run.cluster.broker->closed_in_order == 1);
}

TEST_CASE("a source with nothing to give yet is waited for")
{
    class Slow final : public messaging::Source {
    public:
        explicit Slow(int fd) : m_fd(fd) {}
        int fd() const noexcept override { return m_fd; }
        Next next(messaging::Message& into) override
        {
            char letter = 0;
            auto const got = ::read(m_fd, &letter, 1);
            if (got == 0) {
                return Next::end;
            }
            if (got < 0) {
                return Next::later;
            }
            into = {};
            into.body.assign(1, letter);
            return Next::message;
        }

    private:
        int m_fd;
    };
    int ends[2];
    REQUIRE(::pipe2(ends, O_NONBLOCK) == 0);
    base::Fd const reading(ends[0]);
    base::Fd writing(ends[1]);
    Run run;
    std::string to_write = "abc";
    run.cluster.broker->on_idle = [&](FakeChannel&) {
        if (to_write.empty()) {
            writing.reset();
        } else {
            CHECK(::write(writing.get(), to_write.data(), 1) == 1);
            to_write.erase(0, 1);
        }
    };
    Slow source(reading.get());
    run.publish(source);
    CHECK(run.cluster.broker->bodies() == std::vector<std::string>{"a", "b", "c"});
    CHECK(run.ledger.confirmed == 3);
}

TEST_CASE("whatever the broker does at random, nothing is lost and every message has one fate")
{
    for (unsigned seed = 1; seed <= 15; ++seed) {
        std::mt19937 random(seed);
        Run run;
        run.options.window = 1 + seed % 20;
        run.options.connection_attempts = 0;
        run.options.retry_delay = 0ms;
        run.options.confirm_timeout = 5ms;
        std::set<std::string> taken; // the broker has said, or will say, that it has them
        run.cluster.broker->on_publish = [&](FakeChannel& channel, Sent const& sent) {
            switch (random() % 200) {
            case 0:
                channel.lose(lost());
                break;
            case 1:
                channel.close_channel(404, "NOT_FOUND - queue 'q' in vhost '/' process is stopped by supervisor");
                break;
            case 2:
                break; // silence
            default:
                taken.insert(sent.body);
                channel.confirm(sent.tag);
            }
        };
        INFO("seed " << seed);
        run.publish(300);
        CHECK(run.ledger.confirmed == 300);
        CHECK(taken.size() == 300);
    }
}

TEST_CASE("many messages in a row refused alike are their own fault where others have been taken")
{
    Run run;
    run.cluster.broker->on_publish = [](FakeChannel& channel, Sent const& sent) {
        if (sent.exchange == "nowhere") {
            channel.close_channel(404, "NOT_FOUND - no exchange 'nowhere' in vhost '/'");
        } else {
            channel.confirm(sent.tag);
        }
    };
    run.options.window = 1;
    Numbers source(20, [](messaging::Message& message, int number) { message.exchange = number > 5 ? "nowhere" : ""; });
    run.publish(source);
    CHECK(run.ledger.confirmed == 5);
    CHECK(run.ledger.refused == 15);
}

TEST_CASE("a nacked message waits for its new channel until the broker no longer blocks")
{
    Run run;
    auto const blocked_until = std::chrono::steady_clock::now() + 300ms; // longer than the pause after a nack
    auto const reopened = [&] { return std::ranges::count(run.cluster.broker->calls, "reopen"); };
    std::ptrdiff_t reopened_while_blocked = -1;
    run.cluster.broker->on_publish = [sendings = 0](FakeChannel& channel, Sent const& sent) mutable {
        bool const first = sendings++ == 0;
        if (first) {
            channel.block("low on memory");
        }
        channel.confirm(sent.tag, false, !first);
    };
    run.cluster.broker->on_idle = [&](FakeChannel& channel) {
        if (channel.blocked() && std::chrono::steady_clock::now() >= blocked_until) {
            reopened_while_blocked = reopened();
            channel.unblock();
        }
    };
    run.publish(1);
    CHECK(reopened_while_blocked == 0);
    CHECK(reopened() == 1);
    CHECK(run.ledger.confirmed == 1);
    CHECK(run.ledger.reconnects == 0);
}

TEST_CASE("an outage does not use up the time a nacked message has")
{
    Run run;
    run.options.nack_timeout = 500ms;
    run.options.window = 1;
    int nacked_there = 0;
    run.cluster.broker->on_publish = [&](FakeChannel& channel, Sent const& sent) {
        bool const nack = channel.number() == 1 || nacked_there++ == 0;
        channel.confirm(sent.tag, false, !nack);
        if (channel.number() == 1) {
            channel.lose(lost());
        }
    };
    run.cluster.on_dial = [&](config::Node const&) {
        base::SystemClock().sleep_until(std::chrono::steady_clock::now() + 600ms, {});
        return std::optional<amqp::Failure>();
    };
    run.publish(1);
    CHECK(run.ledger.confirmed == 1);
    CHECK(run.ledger.nacked == 0);
}

TEST_CASE("of messages that differ in their headers alone, the one that was returned is told")
{
    Run run;
    run.options.identify = false;
    auto const region = [](amqp::Properties const& properties) {
        return std::get<std::string>(properties.headers.at(0).value.data);
    };
    run.cluster.broker->on_publish = [&](FakeChannel& channel, Sent const& sent) {
        if (sent.tag == 2) {
            channel.give_back(sent);
            channel.confirm(2, true);
        }
    };
    Numbers source(2, [](messaging::Message& message, int number) {
        message.body = "same";
        message.properties.headers = {{"region", {std::string(number == 1 ? "eu" : "xx")}}};
    });
    std::string returned;
    messaging::Publisher publisher(
        run.cluster.connector(), run.options,
        {.progress = {},
         .failed = [&](auto const& message, Fate, std::string const&) { returned = region(message.properties); },
         .note = {}},
        run.cluster.stop);
    publisher.run(source);
    CHECK(publisher.ledger().returned == 1);
    CHECK(returned == "xx");
}

TEST_CASE("without confirms the end is when the broker has read everything")
{
    Run run;
    run.options.confirms = false;
    SECTION("it answers")
    {
        run.publish(3);
        CHECK(run.cluster.broker->calls.back() == "prefetch 1");
        CHECK(run.ledger.unconfirmed == 3);
    }
    SECTION("it does not: that is told")
    {
        run.cluster.broker->on_call = [](FakeChannel&, std::string const& call) {
            if (call == "prefetch 1") {
                throw lost();
            }
        };
        auto const error = error_of([&] { run.publish(3); });
        CHECK_THAT(error.what(), Catch::Contains("may not have read all that was sent"));
    }
}
