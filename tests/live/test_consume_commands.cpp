#include "base/file.hpp"
#include "support/brokers.hpp"
#include "support/catch.hpp"
#include "support/running_rmqha.hpp"
#include "support/temporary_folder.hpp"

#include <csignal>
#include <fstream>
#include <set>
#include <string>
#include <vector>

using namespace rmqha;
using namespace std::chrono_literals;

namespace {

using Words = std::vector<std::string>;

/// A queue with numbers in it, and the rmqha that works on it.
struct Shop {
    test::LiveCluster cluster;
    test::TemporaryQueue queue{cluster, "consume"};
    test::TemporaryFolder folder;

    explicit Shop(int messages = 0, std::string const& type = "quorum")
    {
        REQUIRE(rmqha({"--strategy", "in_order", "queue", "declare", queue.name(), "--type", type}).status == 0);
        std::string lines;
        for (int i = 0; i < messages; ++i) {
            lines += std::to_string(i) + "\n";
        }
        if (messages > 0) {
            base::write_file(folder / "lines", lines);
            REQUIRE(rmqha({"publish", "-r", queue.name(), "--lines", "-f", (folder / "lines").string()}).status == 0);
        }
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
    /// What is left, so many messages.
    std::string rest(int count) const { return consume({"-c", std::to_string(count)}).output; }
};

std::vector<std::string> lines_in(std::filesystem::path const& path)
{
    std::vector<std::string> lines;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        lines.push_back(line);
    }
    return lines;
}

} // namespace

TEST_CASE("a message is acknowledged when its command succeeds, and stays when it fails", "[live]")
{
    Shop const shop(3);
    auto const failed = shop.consume({"--", "sh", "-c", "read -r n; echo \"did $n\"; [ \"$n\" != 1 ]"});
    CHECK(failed.status == 1);
    CHECK(failed.output == "did 0\ndid 1\n");
    CHECK_THAT(failed.errors, Catch::Contains("command sh: exit status 1"));
    auto const rest =
        shop.consume({"-c", "2", "--", "sh", "-c", "cat; echo \" $MESSAGE_ROUTING_KEY $MESSAGE_REDELIVERED\""});
    CHECK(rest.status == 0);
    CHECK(rest.output == "1 " + shop.queue.name() + " true\n2 " + shop.queue.name() + " true\n");
}

TEST_CASE("heartbeats go on while a command takes longer than they allow", "[live]")
{
    Shop const shop(1);
    auto const answer =
        shop.rmqha({"--heartbeat", "3s", "consume", shop.queue.name(), "-c", "1", "--", "sh", "-c", "cat; sleep 12"});
    CHECK(answer.status == 0);
    CHECK(answer.output == "0");
    CHECK_THAT(answer.errors, Catch::Contains("1 acknowledged") && !Catch::Contains("lost"));
}

TEST_CASE("what is peeked at stays in the queue", "[live]")
{
    for (std::string const type : {"classic", "quorum"}) {
        CAPTURE(type);
        Shop const shop(300, type);
        auto const lines = *base::read_file(shop.folder / "lines");
        CHECK(shop.consume({"--peek", "-c", "300"}).output == lines);
        CHECK(shop.rest(300) == lines);
    }
}

TEST_CASE("a consumer's envelopes are published again as the same messages", "[live]")
{
    Shop const shop;
    std::string const body("NUL \0, not UTF-8 \xff\xfe, and a line\nend", 36);
    base::write_file(shop.folder / "body", body);
    REQUIRE(shop.rmqha({"publish", "-r", shop.queue.name(), "-f", (shop.folder / "body").string(), "--header",
                        "n:int=7", "--type", "t"})
                .status == 0);
    REQUIRE(shop.rmqha({"publish", "-r", shop.queue.name(), ""}).status == 0);
    auto const envelopes = shop.consume({"-c", "2", "--format", "ndjson"});
    CHECK(envelopes.status == 0);
    base::write_file(shop.folder / "envelopes", envelopes.output);
    REQUIRE(shop.rmqha({"publish", "--ndjson", "-f", (shop.folder / "envelopes").string()}).status == 0);
    auto const text = shop.consume({"-c", "2", "--no-separator", "--format", "{body}|{headers.n}|{type}|"});
    CHECK((text.output == body + "|7|t||||"));
}

TEST_CASE("commands go on over another node when their own is killed, and no message is missed", "[cluster]")
{
    constexpr std::size_t k_messages = 2000;
    Shop shop(k_messages); // made over the first node, which leads it
    auto const output = shop.folder / "done";
    auto const killed = shop.folder / "killed"; // until then the second half waits
    test::RunningRmqha consumer({"--context", shop.cluster.name(), "--strategy", "in_order", "--connection-attempts",
                                 "0", "consume", shop.queue.name(), "--parallel", "4", "--", "sh", "-c",
                                 "read -r n; while [ $n -ge 1000 ] && ! [ -e " + killed.string() +
                                     " ]; do sleep 0.1; done; echo $n >> " + output.string()},
                                shop.folder.path());
    auto const done = [&] { return lines_in(output); };
    REQUIRE(test::wait_until(3min, [&] { return done().size() > 100; }));
    shop.cluster.kill(1);
    base::write_file(killed, "");
    CHECK(test::wait_until(3min, [&] {
        auto const lines = done();
        return std::set(lines.begin(), lines.end()).size() == k_messages;
    }));
    consumer.signal(SIGINT);
    CHECK(consumer.wait(3min) == 130);
    INFO(consumer.errors());
    CHECK_THAT(consumer.errors(), Catch::Contains("lost"));
}
