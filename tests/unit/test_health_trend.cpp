#include "health/events.hpp"
#include "health/trend.hpp"
#include "support/catch.hpp"
#include "support/health_samples.hpp"

using namespace rmqha;
using namespace std::chrono_literals;
using health::Event;
using health::Finding;
using health::Severity;

namespace {

base::TimePoint at(base::Duration time)
{
    return base::TimePoint{} + 1h + time;
}

/// Each node has taken in so many messages, delivered half and seen a quarter acknowledged.
health::Snapshot with_counters(std::uint64_t published)
{
    auto snapshot = test::healthy_snapshot();
    for (auto& node : snapshot.nodes) {
        node.counters = management::MessageCounters{published, published / 2, published / 4};
    }
    return snapshot;
}

health::Snapshot with_depth(std::uint64_t messages)
{
    auto snapshot = test::healthy_snapshot();
    snapshot.queues->front().messages = messages;
    return snapshot;
}

Finding finding(std::string code, Severity severity, std::string object, std::string cause = "c")
{
    return {std::move(code), severity, std::move(object), "because", "", std::move(cause)};
}

std::string text_of(Event const& event)
{
    std::string const kinds = "+~-";
    return std::string(1, kinds.at(static_cast<std::size_t>(event.kind))) + std::string(to_string(event.severity)) +
           " " + event.code + " " + event.object + " " + std::to_string(event.others);
}

std::vector<std::string> texts(std::vector<Event> const& events)
{
    std::vector<std::string> texts;
    for (auto const& event : events) {
        texts.push_back(text_of(event));
    }
    return texts;
}

} // namespace

TEST_CASE("rates are what all nodes together counted, by the second")
{
    health::Trend trend;
    trend.add(with_counters(1000), at(0s));
    CHECK_FALSE(trend.moments().back().published);
    trend.add(with_counters(1400), at(2s));
    auto const& moment = trend.moments().back();
    CHECK(moment.published == 600);
    CHECK(moment.delivered == 300);
    CHECK(moment.acknowledged == 150);
    CHECK_FALSE(moment.some_nodes_only);
}

TEST_CASE("a node that did not tell, or has been restarted, makes the rate a lower bound; one that is down does not")
{
    health::Trend trend;
    trend.add(with_counters(1000), at(0s));
    auto snapshot = with_counters(1400);
    SECTION("not told")
    {
        snapshot.nodes[1].counters.reset();
        snapshot.nodes[1].state = health::NodeState::silent;
    }
    SECTION("restarted")
    {
        snapshot.nodes[1].counters = management::MessageCounters{};
    }
    trend.add(snapshot, at(2s));
    CHECK(trend.moments().back().published == 400);
    CHECK(trend.moments().back().some_nodes_only);

    test::take_down(snapshot, 2);
    snapshot.nodes[1].counters.reset();
    trend.add(snapshot, at(4s));
    CHECK(trend.moments().back().published == 0);
    CHECK_FALSE(trend.moments().back().some_nodes_only);
}

TEST_CASE("brokers that count nothing have no rates, and neither has the time around a gap")
{
    health::Trend trend;
    trend.add(test::healthy_snapshot(), at(0s));
    trend.add(test::healthy_snapshot(), at(2s));
    CHECK_FALSE(trend.moments().back().published);
    trend.add(with_counters(1), at(4s));
    trend.add_gap(at(6s));
    CHECK_FALSE(trend.moments().back().messages);
    trend.add(with_counters(10), at(8s));
    CHECK_FALSE(trend.moments().back().published);
    CHECK(trend.moments().size() == 5);
}

TEST_CASE("a queue's growth is over ten seconds, as brokers count only every five")
{
    health::Trend trend;
    trend.add(with_depth(500), at(0s));
    CHECK_FALSE(trend.growth("/", "orders"));
    CHECK_FALSE(trend.growth());
    for (int second = 2; second <= 30; second += 2) {
        trend.add(with_depth(static_cast<std::uint64_t>(500 + second / 4 * 40)), at(std::chrono::seconds(second)));
    }
    // Between 20 s (700) and 30 s (780).
    CHECK(trend.growth("/", "orders").value_or(0) == Approx(8));
    CHECK(trend.growth().value_or(0) == Approx(8));
    CHECK_FALSE(trend.growth("/", "no such"));
    CHECK_FALSE(trend.growth("other", "orders"));
    CHECK(trend.moments().back().messages == 780);
}

TEST_CASE("queues that shrink, come, go or are not counted")
{
    health::Trend trend;
    trend.add(with_depth(500), at(0s));
    auto snapshot = with_depth(400);
    snapshot.queues->push_back(test::healthy_queue("new"));
    snapshot.queues->back().messages = 1'000'000;
    trend.add(snapshot, at(10s));
    CHECK(trend.growth("/", "orders").value_or(0) == Approx(-10));
    CHECK(trend.growth().value_or(0) == Approx(-10)); // what came had been elsewhere, or nowhere
    CHECK_FALSE(trend.growth("/", "new"));
    snapshot.queues->front().messages.reset();
    snapshot.queues->back().messages.reset();
    trend.add(snapshot, at(20s));
    CHECK_FALSE(trend.growth("/", "orders"));
    CHECK_FALSE(trend.moments().back().messages);
}

TEST_CASE("the history ends somewhere")
{
    health::Trend trend;
    for (int i = 0; i < 1000; ++i) {
        trend.add(with_counters(0), at(std::chrono::seconds(i)));
    }
    CHECK(trend.moments().size() == health::Trend::k_most);
    CHECK(trend.moments().back().asked == at(999s));
}

TEST_CASE("events are findings that came, went, or became better or worse")
{
    auto const time = std::chrono::system_clock::time_point(1h);
    std::vector const before{finding("NODE-DOWN", Severity::critical, "r1"),
                             finding("MIRROR-UNSYNCED", Severity::warning, "q"),
                             finding("MEMORY-HIGH", Severity::warning, "r2")};
    std::vector const now{
        finding("MIRROR-UNSYNCED", Severity::critical, "q"), finding("MEMORY-HIGH", Severity::warning, "r2"),
        finding("QUEUE-BACKLOG", Severity::warning, "q"), finding("REPLICA-LAGGING", Severity::skipped, "cluster")};
    auto const events = health::events_of(before, now, time);
    CHECK(texts(events) == std::vector<std::string>{"~CRITICAL MIRROR-UNSYNCED q 0", "+WARNING QUEUE-BACKLOG q 0",
                                                    "-CRITICAL NODE-DOWN r1 0"});
    CHECK(events.front().time == time);
    CHECK(events.front().evidence == "because");
    CHECK(events.back().evidence.empty());
    CHECK(health::events_of(now, now, time).empty());
}

TEST_CASE("what has one cause is one event, however many objects it concerns")
{
    std::vector<Finding> now;
    for (int i = 0; i < 10'000; ++i) {
        now.push_back(finding("QUEUE-DOWN", Severity::critical, "queue " + std::to_string(i), "node r1"));
    }
    now.push_back(finding("QUEUE-DOWN", Severity::critical, "other", "node r2"));
    auto const events = health::events_of({}, now, {});
    REQUIRE(events.size() == 2);
    CHECK(events[0].others + events[1].others == 9999);
}
