#include "base/error.hpp"
#include "base/file.hpp"
#include "messaging/command_handler.hpp"
#include "messaging/consumer.hpp"
#include "support/catch.hpp"
#include "support/fake_cluster.hpp"
#include "support/temporary_folder.hpp"

#include <algorithm>
#include <csignal>

using namespace rmqha;
using namespace std::chrono_literals;
using messaging::OnFailure;
using test::FakeChannel;
using test::FakeCluster;

namespace {

using Words = std::vector<std::string>;

/// Runs a shell script for each of some messages of a fake broker.
struct Work {
    FakeCluster cluster;
    test::TemporaryFolder folder;
    messaging::ConsumeOptions options{.queue = "orders", .prefetch = 10, .retry_delay = 1ms};
    messaging::CommandOptions command{.queue = "orders", .retry_delay = 1ms};
    std::string written;
    Words failures;
    std::function<bool()> flush = [] { return true; };
    messaging::ConsumeSummary summary;
    messaging::CommandHandler::Summary commands;

    explicit Work(std::string const& script)
    {
        std::signal(SIGPIPE, SIG_IGN); // as SignalWatch does in the program
        command.argv = {"sh", "-c", "cd " + folder.path().string() + "; " + script};
    }

    /// Delivers the bodies, tagged from 1, when the first subscription begins.
    void deliver(Words const& bodies)
    {
        cluster.broker->on_call = [bodies, done = false](FakeChannel& channel, std::string const& what) mutable {
            for (std::size_t i = 0; what.starts_with("consume") && !done && i < bodies.size(); ++i) {
                channel.deliver(i + 1, bodies[i]);
            }
            done = done || what.starts_with("consume");
        };
    }

    void run()
    {
        messaging::CommandHandler handler(command,
                                          {.write = [this](std::string_view text) { written += text; },
                                           .flush = [this] { return flush(); },
                                           .failed = [this](std::string const& text) { failures.push_back(text); }});
        messaging::Consumer consumer(
            cluster.connector(), options, [](auto const&) {}, cluster.stop);
        auto const tell = [&] {
            summary = consumer.summary();
            commands = handler.summary();
        };
        try {
            consumer.run(handler);
        } catch (...) {
            tell();
            throw;
        }
        tell();
    }

    std::string file(std::string const& name) const { return base::read_file(folder / name).value_or(""); }
    bool has(std::string const& name) const { return std::filesystem::exists(folder / name); }

    std::vector<std::uint64_t> acknowledged() const
    {
        std::vector<std::uint64_t> tags;
        for (auto const& one : cluster.broker->acknowledged) {
            tags.push_back(one.tag);
            CHECK_FALSE(one.multiple);
        }
        return tags;
    }
};

using Tags = std::vector<std::uint64_t>;

} // namespace

TEST_CASE("a command has each body on its input, in order, and its success acknowledges the message", "[messaging]")
{
    Work work("cat; echo");
    work.options.count = 3;
    work.deliver({"one", "", std::string("th\0ree", 6)});
    work.run();
    CHECK(work.written == std::string("one\n\nth\0ree\n", 12));
    CHECK(work.acknowledged() == Tags{1, 2, 3});
    CHECK(work.summary.acknowledged == 3);
}

TEST_CASE("what a command writes is flushed before its message is acknowledged", "[messaging]")
{
    Work work("cat");
    work.options.count = 2;
    work.deliver({"a", "b"});
    std::size_t flushes = 0;
    work.flush = [&] {
        CHECK(work.cluster.broker->acknowledged.size() <= flushes);
        ++flushes;
        return true;
    };
    work.run();
    CHECK(flushes == 2);
}

TEST_CASE("a large body passes through a command whole", "[messaging]")
{
    Work work("cat");
    work.options.count = 1;
    std::string body;
    for (std::size_t i = 0; i < 5'000'000; ++i) {
        body.push_back(static_cast<char>(i * 7 + i / 256));
    }
    work.deliver({body});
    work.run();
    CHECK((work.written == body));
}

TEST_CASE("outputs of commands at once do not mix", "[messaging]")
{
    constexpr std::size_t k_commands = 6;
    constexpr std::size_t k_bytes = 3'000'000; // each more than is kept before one may speak
    Work work("exec cat");
    work.command.parallel = k_commands;
    work.options.count = k_commands;
    Words bodies;
    for (std::size_t i = 0; i < k_commands; ++i) {
        bodies.push_back(std::string(k_bytes, static_cast<char>('a' + i)));
    }
    work.deliver(bodies);
    work.run();
    REQUIRE(work.written.size() == k_commands * k_bytes);
    for (std::size_t i = 0; i < k_commands; ++i) {
        auto const piece = std::string_view(work.written).substr(i * k_bytes, k_bytes);
        CHECK(piece.find_first_not_of(piece.front()) == std::string_view::npos);
    }
}

TEST_CASE("as many commands as allowed run at once", "[messaging]")
{
    // Each waits until it sees the other.
    Work work("n=$(cat); touch $n; until [ -e 1 ] && [ -e 2 ]; do :; done");
    work.command.parallel = 2;
    work.command.timeout = 1min;
    work.options.count = 2;
    work.deliver({"1", "2"});
    work.run();
    CHECK(work.summary.acknowledged == 2);
}

TEST_CASE("a command that fails stops it; the message stays, nothing more is begun", "[messaging]")
{
    Work work("read -r n; echo \"$n\"; touch ran.$n; [ \"$n\" != 2 ] || exit 7");
    work.deliver({"1", "2", "3"});
    try {
        work.run();
        FAIL("it went on");
    } catch (base::Error const& error) {
        CHECK(error.code() == base::ExitCode::no);
        CHECK_THAT(error.what(), Catch::Equals("command sh: exit status 7"));
    }
    CHECK(work.written == "1\n2\n");
    CHECK(work.has("ran.2"));
    CHECK_FALSE(work.has("ran.3"));
    CHECK(work.acknowledged() == Tags{1});
    CHECK(work.cluster.broker->rejected.empty());
    CHECK(work.cluster.broker->closed_in_order == 1);
}

TEST_CASE("a stop for failure lets the other commands end", "[messaging]")
{
    Work work("read -r n; if [ \"$n\" = 1 ]; then exit 1; fi; touch $n; until [ -e go ]; do :; done");
    work.command.parallel = 2;
    work.command.timeout = 1min;
    work.deliver({"1", "2", "3"});
    work.cluster.broker->on_idle = [&](FakeChannel& channel) {
        if (work.has("2")) {
            base::write_file(work.folder / "go", "");
        } else {
            channel.unblock(); // so that it comes here again
        }
    };
    CHECK_THROWS_AS(work.run(), base::Error);
    CHECK(work.acknowledged() == Tags{2});
    CHECK_FALSE(work.has("3"));
}

TEST_CASE("a rejected message is rejected without requeueing, and the others go on", "[messaging]")
{
    Work work("[ \"$(cat)\" != bad ]");
    work.command.on_failure = OnFailure::reject;
    work.options.count = 3;
    work.deliver({"a", "bad", "b"});
    work.run();
    CHECK(work.acknowledged() == Tags{1, 3});
    REQUIRE(work.cluster.broker->rejected.size() == 1);
    CHECK(work.cluster.broker->rejected[0].tag == 2);
    CHECK_FALSE(work.cluster.broker->rejected[0].requeue);
    CHECK(work.summary.rejected == 1);
    CHECK(work.failures == Words{"command sh: exit status 1; the message is rejected"});
}

TEST_CASE("a requeued message does not count, and is asked for again", "[messaging]")
{
    Work work("[ -e tried ] || { touch tried; exit 1; }");
    work.command.on_failure = OnFailure::requeue;
    work.options.count = 1;
    work.cluster.broker->on_call = [tag = std::uint64_t{0}](FakeChannel& channel, std::string const& what) mutable {
        if (what.starts_with("consume")) {
            ++tag;
            channel.deliver(tag, "x", tag > 1);
        }
    };
    work.run();
    REQUIRE(work.cluster.broker->rejected.size() == 1);
    CHECK(work.cluster.broker->rejected[0].requeue);
    CHECK(work.acknowledged() == Tags{2});
    CHECK(work.summary.requeued == 1);
    CHECK(work.failures.size() == 1);
}

TEST_CASE("the pause before a message is put back grows with each failure", "[messaging]")
{
    Work work("exit 1");
    work.command.on_failure = OnFailure::requeue;
    work.command.retry_delay = 2ms;
    work.deliver({"1", "2", "3"});
    work.cluster.broker->on_idle = [&](FakeChannel&) {
        if (work.cluster.broker->rejected.size() == 3) {
            work.cluster.stop.request(SIGINT);
        }
    };
    CHECK_THROWS_AS(work.run(), base::Interrupted);
    CHECK(work.failures == Words{"command sh: exit status 1; back to the queue in 2.0ms",
                                 "command sh: exit status 1; back to the queue in 4.0ms",
                                 "command sh: exit status 1; back to the queue in 8.0ms"});
}

TEST_CASE("a command that takes too long is killed and has failed", "[messaging]")
{
    Work work("sleep 1000 & wait");
    work.command.timeout = 20ms;
    work.deliver({"x"});
    CHECK_THROWS_WITH(work.run(), "command sh: not done in 20ms, killed");
    CHECK(work.acknowledged().empty());
}

TEST_CASE("a signal is told by its name", "[messaging]")
{
    Work work("kill -SEGV $$");
    work.deliver({"x"});
    CHECK_THROWS_WITH(work.run(), "command sh: exit status 139 (Segmentation fault)");
}

TEST_CASE("a program that cannot be run ends it at once, nothing acknowledged", "[messaging]")
{
    Work work("");
    work.command.argv = {"rmqha-no-such-program"};
    work.command.on_failure = OnFailure::reject;
    work.deliver({"x"});
    CHECK_THROWS_WITH(work.run(), "cannot run rmqha-no-such-program: No such file or directory");
    CHECK(work.acknowledged().empty());
    CHECK(work.cluster.broker->rejected.empty());
}

TEST_CASE("a command goes on over the loss of its connection; its old tag is never acknowledged", "[messaging]")
{
    Work work("echo run >> runs; touch started; until [ -e lost ]; do :; done");
    work.command.timeout = 1min;
    work.options.count = 1;
    work.cluster.broker->on_call = [](FakeChannel& channel, std::string const& what) {
        if (what.starts_with("consume")) {
            channel.deliver(channel.number() == 1 ? 41 : 7, "x", channel.number() > 1);
        }
    };
    work.cluster.broker->on_idle = [&](FakeChannel& channel) {
        if (channel.number() == 1 && work.has("started")) {
            channel.lose({amqp::FailureKind::lost, "connection reset by the peer"});
        } else if (channel.number() == 2) {
            base::write_file(work.folder / "lost", "");
        } else {
            channel.unblock(); // so that it comes here again, and the command has its time
        }
    };
    work.run();
    CHECK(work.file("runs") == "run\nrun\n");
    CHECK(work.acknowledged() == Tags{7});
    CHECK(work.commands.orphaned == 1);
    CHECK(work.summary.acknowledged == 1);
    CHECK(work.summary.reconnects == 1);
}

TEST_CASE("when the broker cancels the consumer of a running command, the message comes again", "[messaging]")
{
    Work work("echo run >> runs; touch started; until [ -e cancelled ]; do :; done");
    work.command.timeout = 1min;
    work.options.count = 1;
    int subscriptions = 0;
    work.cluster.broker->on_call = [&](FakeChannel& channel, std::string const& what) {
        if (what.starts_with("consume")) {
            ++subscriptions;
            channel.deliver(subscriptions == 1 ? 41 : 7, "x", subscriptions > 1);
        }
    };
    bool ended = false;
    work.cluster.broker->on_idle = [&](FakeChannel& channel) {
        if (!ended && work.has("started")) {
            ended = true;
            channel.end_consumer();
        } else if (subscriptions == 2) {
            base::write_file(work.folder / "cancelled", "");
        } else {
            channel.unblock(); // so that it comes here again, and the command has its time
        }
    };
    work.run();
    CHECK(work.file("runs") == "run\nrun\n");
    CHECK(work.acknowledged() == Tags{7});
    CHECK(work.summary.cancelled == 1);
    CHECK(work.summary.acknowledged == 1);
    auto const& calls = work.cluster.broker->calls;
    CHECK(std::count(calls.begin(), calls.end(), "reopen") == 1); // what the broker still holds for it goes back
}

TEST_CASE("on a stop a running command may end, and its message is acknowledged; no other is begun", "[messaging]")
{
    Work work("touch ran.$(cat); until [ -e go ]; do :; done");
    work.command.timeout = 1min;
    work.deliver({"1", "2"});
    work.cluster.broker->on_idle = [&](FakeChannel& channel) {
        if (work.cluster.stop.requested()) {
            base::write_file(work.folder / "go", "");
        } else if (work.has("ran.1")) {
            work.cluster.stop.request(SIGINT);
        } else {
            channel.unblock();
        }
    };
    CHECK_THROWS_AS(work.run(), base::Interrupted);
    CHECK(work.acknowledged() == Tags{1});
    CHECK_FALSE(work.has("ran.2"));
}

TEST_CASE("a command that does not end after a stop is told to, and its message goes back", "[messaging]")
{
    Work work("trap 'touch told; exit 0' TERM; touch started; while :; do :; done");
    work.command.on_failure = OnFailure::reject;
    messaging::CommandHandler handler(work.command, {.write = [](auto) {}, .flush = [] { return true; }, .failed = {}});
    std::vector<messaging::Verdict> verdicts;
    auto const turn = [&] {
        std::vector<pollfd> waits;
        handler.add_waits(waits);
        ::poll(waits.data(), waits.size(), base::poll_timeout(handler.wake_at(), std::chrono::steady_clock::now()));
        handler.advance(waits, verdicts);
    };
    handler.take({.delivery_tag = 1, .body = "x"});
    handler.advance({}, verdicts);
    while (!work.has("started")) {
    }
    handler.wind_down(std::chrono::steady_clock::now());
    while (handler.busy()) {
        turn();
    }
    CHECK(work.has("told"));
    REQUIRE(verdicts.size() == 1); // it did end well
    CHECK(verdicts[0].outcome == messaging::Outcome::acknowledge);
}

TEST_CASE("output that nobody wants ends it, unacknowledged", "[messaging]")
{
    Work work("cat");
    work.deliver({"x", "y"});
    work.flush = [] { return false; };
    work.run();
    CHECK(work.acknowledged().empty());
    CHECK(work.cluster.broker->closed_in_order == 1);
}

TEST_CASE("a command at work is not idleness", "[messaging]")
{
    Work work("until [ -e go ]; do :; done");
    work.command.timeout = 1min;
    work.options.idle_timeout = 1ms;
    work.deliver({"x"});
    int idle = 0;
    work.cluster.broker->on_idle = [&](FakeChannel& channel) {
        if (++idle > 10) {
            base::write_file(work.folder / "go", "");
        } else {
            channel.unblock();
        }
    };
    work.run();
    CHECK(work.acknowledged() == Tags{1});
}

TEST_CASE("a message is told in the environment, and no other message's", "[messaging]")
{
    ::setenv("MESSAGE_PRIORITY", "of an outer message", 1);
    Work work("env | grep ^MESSAGE_ | sort");
    work.options.count = 1;
    work.deliver({"x"});
    work.run();
    ::unsetenv("MESSAGE_PRIORITY");
    CHECK(work.written == "MESSAGE_EXCHANGE=\nMESSAGE_QUEUE=orders\nMESSAGE_REDELIVERED=false\nMESSAGE_ROUTING_KEY=\n");
}
