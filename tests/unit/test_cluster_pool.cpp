#include "base/stop.hpp"
#include "cluster/pool.hpp"
#include "support/catch.hpp"
#include "support/fake_channel.hpp"
#include "support/manual_clock.hpp"
#include "support/temporary_folder.hpp"

#include <atomic>
#include <mutex>

using namespace rmqha;
using namespace std::chrono_literals;
using cluster::Attempt;
using cluster::Pool;
using cluster::PoolEvent;
using test::FakeChannel;
using Kind = PoolEvent::Kind;

namespace {

amqp::Failure reset()
{
    return {amqp::FailureKind::lost, "connection reset by the peer"};
}

/// Two nodes a, b behind a pool. The dial runs on the pool's threads, all else on the test's.
struct World {
    std::shared_ptr<test::FakeBroker> broker = std::make_shared<test::FakeBroker>();
    test::TemporaryFolder folder;
    test::ManualClock clock;
    base::Stop stop;
    config::Settings settings;
    std::vector<PoolEvent> events;

    std::mutex mutex; // for what follows
    std::map<std::string, amqp::Failure> refuses;
    std::vector<FakeChannel*> channels; ///< in the order they were made
    std::function<void(config::Node const&, base::Stop const&)> on_dial;
    int dials = 0;

    World()
    {
        settings.strategy = config::Strategy::in_order;
        settings.nodes = {{.host = "a", .port = 1}, {.host = "b", .port = 2}};
    }

    void refuse(std::string const& host, amqp::Failure const& failure)
    {
        std::scoped_lock const lock(mutex);
        refuses.insert_or_assign(host, failure);
    }

    Attempt dial(config::Node const& node, base::Stop const& seen)
    {
        if (on_dial) {
            on_dial(node, seen);
        }
        std::scoped_lock const lock(mutex);
        ++dials;
        Attempt attempt{.node = node};
        if (auto const found = refuses.find(node.host); found != refuses.end()) {
            attempt.failure = found->second;
        } else {
            auto channel = std::make_unique<FakeChannel>(broker, seen);
            channels.push_back(channel.get());
            attempt.channel = std::move(channel);
        }
        return attempt;
    }

    Pool::World pool_world()
    {
        return {.make_connector =
                    [this](base::Stop& its, cluster::Observer observer) {
                        return cluster::Connector(
                            settings,
                            {.dial = [this](auto const& node, auto, auto const& seen) { return dial(node, seen); },
                             .figures = {},
                             .state = cluster::NodeStateFile(folder / "state.json"),
                             .clock = clock,
                             .stop = its,
                             .observer = std::move(observer)});
                    },
                .clock = clock,
                .stop = stop,
                .observer = [this](PoolEvent const& event) { events.push_back(event); }};
    }

    std::vector<std::string> told(std::size_t from = 0) const
    {
        std::vector<std::string> lines;
        for (auto i = from; i < events.size(); ++i) {
            lines.push_back(
                fmt::format("{} {} {}", cluster::to_string(events[i].kind), events[i].number, events[i].node));
        }
        return lines;
    }

    /// Holds the pool until so many events were told.
    void hold_until(Pool& pool, std::size_t count)
    {
        auto const give_up_at = std::chrono::steady_clock::now() + 20s;
        while (events.size() < count && std::chrono::steady_clock::now() < give_up_at) {
            pool.hold(std::chrono::steady_clock::now() + 1ms);
        }
    }
};

using Told = std::vector<std::string>;

} // namespace

TEST_CASE("a pool opens its connections and replaces what is lost, on the node the strategy gives")
{
    World world;
    Pool pool({.size = 3, .diallers = 1}, world.pool_world());
    pool.open(base::k_never);
    CHECK(world.told() == Told{"opened 1 a:1", "opened 2 a:1", "opened 3 a:1"});
    CHECK(world.events.back().open == 3);
    world.refuse("a", {amqp::FailureKind::refused, "connection refused"});
    world.channels[1]->lose(reset());
    world.hold_until(pool, 5);
    REQUIRE(world.told(3) == Told{"lost 2 a:1", "replaced 2 b:2"});
    CHECK(world.events[3].text == "connection reset by the peer");
    CHECK(world.events[3].open == 2);
    CHECK(world.events[4].text == "in_order, after 1 other failed");
    CHECK(world.events[4].after.has_value());
    auto const summary = pool.summary();
    CHECK(summary.open == 3);
    CHECK(summary.lost == 1);
    CHECK(summary.replaced == 1);
    CHECK(summary.nodes.at("a:1").open == 2);
    CHECK(summary.nodes.at("a:1").lost == 1);
    CHECK(summary.nodes.at("b:2").open == 1);
    CHECK_FALSE(pool.error());
    pool.close();
    CHECK(world.broker->closed_in_order == 3);
}

TEST_CASE("a node that takes many connections along has failed once")
{
    World world;
    Pool pool({.size = 5, .diallers = 1}, world.pool_world());
    pool.open(base::k_never);
    world.refuse("a", {amqp::FailureKind::refused, "connection refused"});
    std::vector<FakeChannel*> const first = world.channels;
    for (auto* const channel : first) {
        channel->lose(reset());
    }
    world.hold_until(pool, 15);
    CHECK(pool.summary().nodes.at("b:2").open == 5);
    cluster::NodeStateFile state(world.folder / "state.json");
    // one loss, and the one dial that was refused before the node was in quarantine
    CHECK(state.read().nodes.at("a:1").failures == 2);
}

TEST_CASE("while a replacement is being dialled the other connections are served")
{
    World world;
    Pool pool({.size = 2, .diallers = 1}, world.pool_world());
    pool.open(base::k_never);
    std::atomic<bool> go_on{false};
    world.on_dial = [&](auto const&, base::Stop const& seen) {
        while (!go_on) {
            seen.throw_if_requested();
            std::this_thread::yield();
        }
    };
    world.channels[0]->lose(reset());
    world.hold_until(pool, 3);
    world.channels[1]->block("low on memory");
    world.hold_until(pool, 4);
    CHECK(world.told(2) == Told{"lost 1 a:1", "blocked 2 a:1"});
    CHECK(pool.summary().dialling == 1);
    go_on = true;
    world.hold_until(pool, 5);
    CHECK(world.told(4) == Told{"replaced 1 a:1"});
    world.channels[1]->unblock();
    world.hold_until(pool, 6);
    CHECK(world.told(5) == Told{"unblocked 2 a:1"});
}

TEST_CASE("the time below the size is counted from when all were tried")
{
    World world;
    Pool pool({.size = 2, .diallers = 1}, world.pool_world());
    world.on_dial = [&](auto const&, auto const&) { world.clock.advance(5s); };
    pool.open(base::k_never);
    CHECK(pool.summary().longest_below == 0s);
    world.channels[0]->lose(reset());
    world.hold_until(pool, 4);
    CHECK(pool.summary().longest_below >= 5s);
    CHECK(pool.summary().longest_below < 10s);
}

TEST_CASE("a refusal that would be the same everywhere is met once, not for every connection")
{
    World world;
    world.refuse("a", {amqp::FailureKind::denied, "login refused"});
    Pool pool({.size = 100}, world.pool_world());
    pool.open(base::k_never);
    pool.hold(base::k_never);
    CHECK(world.dials == 1);
    CHECK(world.told() == Told{"given_up 1 "});
    CHECK(pool.summary().given_up == 100);
    REQUIRE(pool.error());
    CHECK(pool.error()->code() == base::ExitCode::denied);
}

TEST_CASE("a vhost deleted under the pool ends the dialling, and holding ends when nothing is open")
{
    World world;
    Pool pool({.size = 2, .diallers = 1}, world.pool_world());
    pool.open(base::k_never);
    for (auto* const channel : world.channels) {
        channel->lose(amqp::failure_of_close(false, 320, "CONNECTION_FORCED - vhost 'x' is deleted"));
    }
    pool.hold(base::k_never);
    CHECK(world.told(2) == Told{"lost 1 a:1", "given_up 1 ", "lost 2 a:1", "given_up 2 "});
    CHECK(world.dials == 2);
    CHECK(pool.error()->code() == base::ExitCode::denied);
}

TEST_CASE("when no node can be had any more in the rounds allowed, the pool ends")
{
    World world;
    world.settings.connection_attempts = 2;
    Pool pool({.size = 3, .diallers = 1}, world.pool_world());
    pool.open(base::k_never);
    world.refuse("a", {amqp::FailureKind::refused, "connection refused"});
    world.refuse("b", {amqp::FailureKind::refused, "connection refused"});
    for (auto* const channel : world.channels) {
        channel->lose(reset());
    }
    pool.hold(base::k_never);
    auto const summary = pool.summary();
    CHECK(summary.open == 0);
    CHECK(summary.given_up == 3);
    REQUIRE(pool.error());
    CHECK(pool.error()->code() == base::ExitCode::unavailable);
    CHECK_THAT(pool.error()->what(), Catch::Contains("cannot reach any of 2 nodes"));
}

TEST_CASE("a stop ends the holding at once, and a dial under way with it")
{
    World world;
    Pool pool({.size = 2, .diallers = 2}, world.pool_world());
    pool.open(base::k_never);
    std::atomic<bool> dialling{false};
    world.on_dial = [&](auto const&, base::Stop const& seen) {
        dialling = true;
        for (;;) {
            seen.throw_if_requested();
            std::this_thread::yield();
        }
    };
    world.channels[0]->lose(reset());
    world.hold_until(pool, 3);
    while (!dialling) {
        std::this_thread::yield();
    }
    world.stop.request(2);
    CHECK_THROWS_AS(pool.hold(base::k_never), base::Interrupted);
    pool.close();
    CHECK(pool.summary().open == 1); // as it was when it ended
}
