#include "base/stop.hpp"
#include "cluster/connector.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/fake_channel.hpp"
#include "support/manual_clock.hpp"
#include "support/temporary_folder.hpp"

#include <poll.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <mutex>
#include <thread>

using namespace rmqha;
using namespace std::chrono_literals;
using cluster::Attempt;
using cluster::ConnectionEvent;
using cluster::Connector;
using config::Strategy;
using test::error_of;
using test::FakeBroker;
using test::FakeChannel;

namespace {

amqp::Failure refused()
{
    return {amqp::FailureKind::refused, "connection refused"};
}

/// Three nodes a, b, c; `answers` says what each does, connecting unless told otherwise.
struct World {
    using Answer = std::function<void(Attempt&, base::Stop const&)>;

    std::map<std::string, Answer> answers;
    std::shared_ptr<FakeBroker> broker = std::make_shared<FakeBroker>();
    test::TemporaryFolder folder;
    test::ManualClock clock;
    base::Stop stop;
    config::Settings settings;
    cluster::FiguresSource figures;
    std::vector<std::string> dialled; ///< hosts
    std::vector<base::TimePoint> deadlines;
    std::vector<ConnectionEvent> events;
    std::mutex mutex;

    World()
    {
        settings.strategy = Strategy::in_order;
        settings.nodes = {{.host = "a", .port = 1}, {.host = "b", .port = 2}, {.host = "c", .port = 3}};
    }

    void refuse(std::string const& host, amqp::Failure const& failure = refused())
    {
        answers[host] = [failure](Attempt& attempt, base::Stop const&) { attempt.failure = failure; };
    }

    Attempt dial(config::Node const& node, base::TimePoint deadline, base::Stop const& seen)
    {
        Attempt attempt{.node = node};
        {
            std::scoped_lock const lock(mutex);
            dialled.push_back(node.host);
            deadlines.push_back(deadline);
        }
        if (auto const answer = answers.find(node.host); answer != answers.end()) {
            answer->second(attempt, seen);
        }
        if (!attempt.failure) {
            std::scoped_lock const lock(mutex);
            attempt.channel = std::make_unique<FakeChannel>(broker, seen);
        }
        return attempt;
    }

    std::filesystem::path state_path() const { return folder / "state.json"; }

    Connector connector()
    {
        return {
            settings,
            {.dial = [this](auto const& node, auto deadline, auto const& seen) { return dial(node, deadline, seen); },
             .figures = figures,
             .state = cluster::NodeStateFile(state_path()),
             .clock = clock,
             .stop = stop,
             .observer = [this](ConnectionEvent const& event) { events.push_back(event); }}};
    }

    base::TimePoint in(base::Duration time) const { return clock.now() + time; }
};

/// Waits, as a silent node makes one wait, until the race is over.
void never_answer(Attempt& /*attempt*/, base::Stop const& stop)
{
    pollfd waiting{.fd = stop.fd(), .events = POLLIN, .revents = 0};
    ::poll(&waiting, 1, -1);
    stop.throw_if_requested();
}

} // namespace

TEST_CASE("nodes are tried in order until one can be had; the observer hears of each")
{
    World world;
    world.refuse("a");
    world.refuse("b", {amqp::FailureKind::timed_out, "no answer"});
    auto const attempt = world.connector().connect(world.in(10s));
    CHECK(attempt.node.host == "c");
    CHECK(attempt.channel != nullptr);
    CHECK(world.dialled == std::vector<std::string>{"a", "b", "c"});
    REQUIRE(world.events.size() == 3);
    CHECK(world.events[0].kind == ConnectionEvent::Kind::failed);
    CHECK(world.events[0].node == "a:1");
    CHECK(world.events[0].text == "connection refused");
    CHECK(world.events[2].kind == ConnectionEvent::Kind::connected);
    CHECK(world.events[2].text == "in_order, after 2 others failed");
}

TEST_CASE("all nodes are tried as often as told, with pauses that grow")
{
    World world;
    for (auto const* const host : {"a", "b", "c"}) {
        world.refuse(host);
    }
    world.settings.connection_attempts = 5;
    world.settings.retry_delay = 1s;
    auto const error = error_of([&] { world.connector().connect(base::k_never); });
    CHECK(error.code() == base::ExitCode::unavailable);
    CHECK(std::string(error.what()).starts_with("cannot reach any of 3 nodes: "));
    CHECK_THAT(error.what(), Catch::Contains("a:1 connection refused"));
    CHECK_THAT(error.what(), Catch::Contains("c:3 connection refused"));
    CHECK(world.dialled.size() == 15);
    auto const pauses = world.clock.pauses();
    REQUIRE(pauses.size() == 4);
    for (std::size_t i = 0; i < pauses.size(); ++i) {
        auto const middle = 1000ms * (1 << i);
        CHECK(pauses[i] >= middle * 3 / 4);
        CHECK(pauses[i] <= middle * 5 / 4);
    }
}

TEST_CASE("pauses grow to half a minute at most, however many there are")
{
    World world;
    world.settings.nodes.resize(1);
    world.refuse("a");
    world.settings.connection_attempts = 40;
    CHECK_THROWS_AS(world.connector().connect(base::k_never), base::Error);
    for (auto const pause : world.clock.pauses()) {
        CHECK(pause <= 37'500ms);
        CHECK(pause > 0s);
    }
}

TEST_CASE("what fails alike everywhere is not tried elsewhere")
{
    World world;
    world.refuse("a");
    world.refuse("b", amqp::failure_of_close(false, 403, "ACCESS_REFUSED - Login was refused"));
    world.settings.strategy = GENERATE(Strategy::in_order, Strategy::health_based);
    world.answers["c"] = world.answers["b"];
    auto const error = error_of([&] { world.connector().connect(base::k_never); });
    CHECK(error.code() == base::ExitCode::denied);
    CHECK_THAT(error.what(), Catch::Contains("login refused"));
    CHECK(world.clock.pauses().empty());
    auto const tried_c = std::count(world.dialled.begin(), world.dialled.end(), "c");
    CHECK(tried_c == (world.settings.strategy == Strategy::in_order ? 0 : 1));
}

TEST_CASE("no pause is begun that would outlast the deadline")
{
    World world;
    for (auto const* const host : {"a", "b", "c"}) {
        world.refuse(host);
    }
    world.settings.connection_attempts = 0;
    world.settings.retry_delay = 1s;
    auto const deadline = world.in(10s);
    CHECK_THROWS_AS(world.connector().connect(deadline), base::Error);
    CHECK(world.clock.now() <= deadline);
    CHECK(world.clock.pauses().size() >= 2);
}

TEST_CASE("each try has the connection time-out, or what is left until the deadline")
{
    World world;
    world.settings.connection_timeout = 3s;
    CHECK(world.connector().connect(world.in(10s)).node.host == "a");
    CHECK(world.deadlines.back() == world.in(3s));
    world.connector().connect(world.in(1s));
    CHECK(world.deadlines.back() == world.in(1s));
}

TEST_CASE("one node alone is named with its own reason, code and hint")
{
    World world;
    world.settings.nodes.resize(1);
    world.settings.connection_attempts = 1;
    world.refuse("a", {amqp::FailureKind::unknown_host, "unknown host", 0, "Check the name."});
    auto const error = error_of([&] { world.connector().connect(base::k_never); });
    CHECK(std::string(error.what()) == "cannot connect to a:1: unknown host");
    CHECK(error.code() == base::ExitCode::no_host);
    CHECK(error.hint() == "Check the name.");
}

TEST_CASE("nodes that failed for different reasons make the cluster unavailable")
{
    World world;
    world.settings.connection_attempts = 1;
    world.refuse("a");
    world.refuse("b", {amqp::FailureKind::timed_out, "no answer"});
    world.refuse("c", {amqp::FailureKind::timed_out, "no answer"});
    CHECK(error_of([&] { world.connector().connect(base::k_never); }).code() == base::ExitCode::unavailable);
    world.refuse("a", {amqp::FailureKind::timed_out, "no answer"});
    CHECK(error_of([&] { world.connector().connect(base::k_never); }).code() == base::ExitCode::timeout);
}

TEST_CASE("a node that failed twice is tried after the others until its quarantine is over")
{
    World world;
    world.refuse("a");
    for (int i = 0; i < 2; ++i) {
        world.connector().connect(base::k_never);
    }
    world.dialled.clear();
    world.connector().connect(base::k_never);
    CHECK(world.dialled == std::vector<std::string>{"b"});
    world.clock.advance(61s);
    world.dialled.clear();
    world.connector().connect(base::k_never);
    CHECK(world.dialled == std::vector<std::string>{"a", "b"});
}

TEST_CASE("the next process goes on where round robin was")
{
    World world;
    world.settings.strategy = Strategy::round_robin;
    for (int i = 0; i < 4; ++i) {
        world.connector().connect(base::k_never); // a new Connector each time, as a new process has
    }
    CHECK(world.dialled == std::vector<std::string>{"a", "b", "c", "a"});
}

TEST_CASE("by health, the best of those that answer is taken and the others are closed")
{
    World world;
    world.settings.strategy = Strategy::health_based;
    world.figures = [&world](base::TimePoint, base::Stop const&) {
        auto const all_answered = [&world] {
            std::scoped_lock const lock(world.mutex);
            return world.broker->connections == 3;
        };
        for (auto const until = std::chrono::steady_clock::now() + 10s;
             !all_answered() && std::chrono::steady_clock::now() < until;) {
            std::this_thread::yield();
        }
        return std::map<std::string, cluster::NodeFigures>{
            {"a:1", {.memory_alarm = true}}, {"b:2", {}}, {"c:3", {.memory_used = 0.9}}};
    };
    auto const attempt = world.connector().connect(base::k_never);
    CHECK(attempt.node.host == "b");
    CHECK(attempt.score.score == 100);
    CHECK(world.broker->connections == 3);
    CHECK(world.broker->closed_in_order == 2);
    CHECK(world.events.back().text == "health_based, score 100");
}

TEST_CASE("by health, a silent node does not hold up the others")
{
    World world;
    world.settings.strategy = Strategy::health_based;
    world.answers["b"] = never_answer;
    auto const attempt = world.connector().connect(base::k_never);
    CHECK((attempt.node.host == "a" || attempt.node.host == "c"));
    CHECK(std::none_of(world.events.begin(), world.events.end(),
                       [](auto const& event) { return event.kind == ConnectionEvent::Kind::failed; }));
}

TEST_CASE("a state file that cannot be written is told of once, and hinders nothing")
{
    World world;
    std::ofstream(world.folder / "file") << "in the way";
    Connector connector(
        world.settings,
        {.dial = [&](auto const& node, auto deadline, auto const& seen) { return world.dial(node, deadline, seen); },
         .figures = {},
         .state = cluster::NodeStateFile(world.folder / "file" / "state.json"),
         .clock = world.clock,
         .stop = world.stop,
         .observer = [&](ConnectionEvent const& event) { world.events.push_back(event); }});
    for (int i = 0; i < 2; ++i) {
        CHECK(connector.connect(base::k_never).channel);
    }
    CHECK(std::ranges::count(world.events, ConnectionEvent::Kind::forgetful, &ConnectionEvent::kind) == 1);
    CHECK_THAT(world.events.front().text, Catch::Contains((world.folder / "file").string()));
}

TEST_CASE("by health, nodes in quarantine are tried when no other can be had")
{
    World world;
    world.settings.strategy = Strategy::health_based;
    world.settings.connection_attempts = 1;
    auto connector = world.connector();
    connector.lost(world.settings.nodes[1], {amqp::FailureKind::heartbeat, "no heartbeat"});
    CHECK(connector.connect(base::k_never).node.host != "b");
    CHECK(std::count(world.dialled.begin(), world.dialled.end(), "b") == 0);
    world.refuse("a");
    world.refuse("c");
    CHECK(connector.connect(base::k_never).node.host == "b");
}

TEST_CASE("by health, the figures have no more time than the logins, and are not asked when no login succeeded")
{
    World world;
    world.settings.strategy = Strategy::health_based;
    world.settings.connection_attempts = 1;
    world.settings.connection_timeout = 10ms;
    std::vector<base::TimePoint> asked;
    world.figures = [&](base::TimePoint until, base::Stop const&) {
        asked.push_back(until);
        return std::map<std::string, cluster::NodeFigures>{};
    };
    world.connector().connect(base::k_never);
    REQUIRE(asked.size() == 1);
    CHECK(asked[0] <= world.deadlines.back());
    for (auto const* const host : {"a", "b", "c"}) {
        world.refuse(host);
    }
    CHECK_THROWS_AS(world.connector().connect(base::k_never), base::Error);
    CHECK(asked.size() == 1);
}

TEST_CASE("by health, a stop ends the race though nobody answers")
{
    World world;
    world.settings.strategy = Strategy::health_based;
    for (auto const* const host : {"a", "b"}) {
        world.answers[host] = never_answer;
    }
    world.answers["c"] = [&](Attempt& attempt, base::Stop const& seen) {
        world.stop.request(2);
        never_answer(attempt, seen);
    };
    CHECK_THROWS_AS(world.connector().connect(base::k_never), base::Interrupted);
}

TEST_CASE("an error that is no failure of a node, as of a bad certificate file, comes through the race")
{
    World world;
    world.settings.strategy = Strategy::health_based;
    world.answers["b"] = [](Attempt&, base::Stop const&) { throw base::Error(base::ExitCode::config, "no such file"); };
    CHECK_THROWS_WITH(world.connector().connect(base::k_never), "no such file");
}

TEST_CASE("all nodes are tried at once, and their outcomes come in the settings' order")
{
    World world;
    world.refuse("b");
    auto const attempts = world.connector().connect_all(world.in(5s));
    REQUIRE(attempts.size() == 3);
    CHECK(attempts[0].node.host == "a");
    CHECK(attempts[0].channel != nullptr);
    CHECK(attempts[1].failure->kind() == amqp::FailureKind::refused);
    CHECK(attempts[1].score.score == 0);
    CHECK(attempts[2].channel != nullptr);
}

TEST_CASE("a node that was left is taken again only when no other can be had, or all were left")
{
    World world;
    world.settings.strategy = GENERATE(Strategy::in_order, Strategy::round_robin, Strategy::health_based);
    auto connector = world.connector();
    amqp::Failure const no_member(amqp::FailureKind::channel_closed, "no member here", 406);
    std::set<std::string> seen;
    for (int i = 0; i < 3; ++i) {
        auto const attempt = connector.connect(world.in(10s));
        CHECK(seen.insert(attempt.node.host).second);
        connector.leave(attempt.node, no_member);
        CHECK(world.events.back().kind == ConnectionEvent::Kind::left);
    }
    CHECK(seen.size() == 3);
    CHECK(connector.connect(world.in(10s)).channel != nullptr);
    auto const state = cluster::NodeStateFile(world.state_path()).read();
    CHECK(state.nodes.empty()); // nothing is wrong with it for others

    World lonely;
    auto other = lonely.connector();
    other.leave(lonely.settings.nodes[0], no_member);
    lonely.refuse("b");
    lonely.refuse("c");
    CHECK(other.connect(lonely.in(10s)).node.host == "a");
}
