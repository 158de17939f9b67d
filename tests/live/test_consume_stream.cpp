#include "base/file.hpp"
#include "support/brokers.hpp"
#include "support/catch.hpp"
#include "support/running_rmqha.hpp"
#include "support/temporary_folder.hpp"

#include <csignal>
#include <fstream>

using namespace rmqha;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

using Words = std::vector<std::string>;

/// A stream with the lines 0, 1, 2, ... at the offsets of the same number. RabbitMQ 3.8 has none.
struct Stream {
    test::LiveCluster cluster;
    test::TemporaryQueue queue{cluster, "stream"};
    test::TemporaryFolder folder;
    bool const exists = !cluster.version().starts_with("3.8.");

    explicit Stream(int messages, std::string const& type = "stream")
    {
        if (!exists) {
            return;
        }
        auto const declared = rmqha({"--strategy", "in_order", "queue", "declare", queue.name(), "--type", type});
        INFO(declared.errors);
        REQUIRE(declared.status == 0);
        publish(0, messages);
    }

    /// The numbers from `begin` up to, and without, `end`.
    void publish(int begin, int end) const
    {
        std::ofstream lines(folder / "lines");
        for (int i = begin; i < end; ++i) {
            lines << i << '\n';
        }
        lines.close();
        // Patient: what is sent again has another offset.
        auto const published = rmqha({"publish", "-r", queue.name(), "--lines", "-f", (folder / "lines").string(),
                                      "--confirm-timeout", "3m", "--nack-timeout", "3m"});
        INFO(published.errors);
        REQUIRE(published.status == 0);
    }
    base::Finished rmqha(Words arguments) const
    {
        arguments.insert(arguments.begin(), {"--context", cluster.name()});
        return test::run_rmqha(arguments);
    }
    base::Finished consume(Words arguments) const
    {
        arguments.insert(arguments.begin(), {"consume", queue.name()});
        return rmqha(std::move(arguments));
    }
};

} // namespace

TEST_CASE("a stream is read from wherever --offset says, and keeps what is read", "[live]")
{
    Stream const stream(5);
    if (!stream.exists) {
        return;
    }
    auto const read = [&](std::string const& offset, int count) {
        Words words{"--offset", offset};
        count > 0 ? words.insert(words.end(), {"-c", std::to_string(count)})
                  : words.insert(words.end(), {"--idle-timeout", "3s"});
        auto const answer = stream.consume(words);
        CAPTURE(offset, answer.errors);
        CHECK(answer.status == 0);
        return answer.output;
    };
    CHECK(read("first", 5) == "0\n1\n2\n3\n4\n");
    CHECK(read("3", 2) == "3\n4\n");
    CHECK(read("1h", 5) == "0\n1\n2\n3\n4\n");
    CHECK(read("2020-01-01T00:00:00Z", 5) == "0\n1\n2\n3\n4\n");
    CHECK_FALSE(read("last", 1).empty());
    CHECK(read("next", 0).empty());
    auto const two = stream.consume({"--offset", "1", "-c", "2"});
    CHECK(two.output == "1\n2\n");
    CHECK_THAT(two.errors, Contains("next is offset 3"));
}

TEST_CASE("without --offset a stream gives what comes from then on, also by --offset next", "[live]")
{
    Stream const stream(3);
    if (!stream.exists) {
        return;
    }
    bool const explicitly = GENERATE(false, true);
    Words arguments{"--context", stream.cluster.name(), "consume", stream.queue.name(), "-c", "1"};
    if (explicitly) {
        arguments.insert(arguments.end(), {"--offset", "next"});
    }
    test::RunningRmqha reader(arguments, stream.folder.path());
    int published = 3;
    REQUIRE(test::wait_until(3min, [&] { // until it is subscribed, nothing comes to it
        stream.publish(published, published + 1);
        ++published;
        return reader.status().has_value();
    }));
    CHECK(reader.wait(3min) == 0);
    auto const got = base::read_file(stream.folder / "out").value_or("");
    CHECK(std::stoi(got) >= 3);
}

TEST_CASE("what a stream cannot do is refused in words", "[live]")
{
    Stream const stream(1);
    if (!stream.exists) {
        return;
    }
    auto const peeked = stream.consume({"--peek"});
    CHECK(peeked.status == 65);
    CHECK_THAT(peeked.errors, Contains("instead of --peek, read it with --offset first"));
    auto const forgetful = stream.consume({"--auto-ack"});
    CHECK(forgetful.status == 65);
    CHECK_THAT(forgetful.errors, Contains("Leave --auto-ack out") && !Contains("reconnect"));
    auto const put_back = stream.consume({"--offset", "first", "--on-failure", "requeue", "--", "false"});
    CHECK(put_back.status == 64);
    CHECK_THAT(put_back.errors, Contains("is a stream, which takes no message back"));
    auto const stopped = stream.consume({"--offset", "first", "--", "false"});
    CHECK(stopped.status == 1);
    CHECK_THAT(stopped.errors, !Contains("next is offset"));
}

TEST_CASE("an offset is refused where the queue is no stream", "[live]")
{
    std::string const type = GENERATE("classic", "quorum");
    CAPTURE(type);
    test::LiveCluster cluster;
    test::TemporaryQueue const queue(cluster, "no-stream");
    auto const rmqha = [&](Words arguments) {
        arguments.insert(arguments.begin(), {"--context", cluster.name()});
        return test::run_rmqha(arguments);
    };
    REQUIRE(rmqha({"queue", "declare", queue.name(), "--type", type}).status == 0);
    REQUIRE(rmqha({"publish", "-r", queue.name(), "kept"}).status == 0);
    auto const refused = rmqha({"consume", queue.name(), "--offset", "first", "-c", "1"});
    CHECK((refused.status == 65 || refused.status == 64));
    CHECK_THAT(refused.errors, Contains("--offset"));
    CHECK(refused.output.empty());
    CHECK(rmqha({"consume", queue.name(), "-c", "1"}).output == "kept\n");
}

TEST_CASE("a reader of a stream goes on over another node where it was", "[cluster]")
{
    constexpr int k_messages = 20'000;
    Stream stream(k_messages);
    if (!stream.exists) {
        return;
    }
    // With an offset, and without one: then it knows its place from the first message on.
    bool const explicitly = GENERATE(false, true);
    CAPTURE(explicitly);
    Words arguments{"--context", stream.cluster.name(), "--strategy", "in_order", "--connection-attempts", "0",
                    "consume",   stream.queue.name()};
    if (explicitly) {
        arguments.insert(arguments.end(), {"--offset", "0"});
    }
    auto const out = [&] { return base::read_file(stream.folder / "out").value_or(""); };
    test::RunningRmqha reader(arguments, stream.folder.path());
    int published = k_messages;
    REQUIRE(test::wait_until(3min, [&] {
        stream.publish(published, published + 1);
        ++published;
        return !out().empty();
    }));
    stream.cluster.kill(1);
    stream.publish(published, published + 1000);
    published += 1000;
    CHECK(test::wait_until(2min, [&] { return out().ends_with("\n" + std::to_string(published - 1) + "\n"); }));
    reader.signal(SIGINT);
    CHECK(reader.wait(3min) == 130);
    INFO(reader.errors());
    CHECK_THAT(reader.errors(), Contains("lost") && Contains("next is offset " + std::to_string(published)));
    std::istringstream lines(out());
    int last = -1;
    int missing = 0;
    for (int number = 0; lines >> number; last = std::max(last, number)) {
        missing += last >= 0 && number > last + 1 ? 1 : 0;
    }
    CHECK(missing == 0);
}
