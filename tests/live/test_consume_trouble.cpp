#include "base/fd.hpp"
#include "base/file.hpp"
#include "support/brokers.hpp"
#include "support/catch.hpp"
#include "support/running_rmqha.hpp"
#include "support/temporary_folder.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

using namespace rmqha;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

using Words = std::vector<std::string>;

struct Scene {
    test::LiveCluster cluster;
    test::TemporaryQueue queue{cluster, "trouble"};
    test::TemporaryFolder folder;

    base::Finished rmqha(Words arguments) const
    {
        arguments.insert(arguments.begin(), {"--context", cluster.name()});
        return test::run_rmqha(arguments);
    }
    /// The queue's node, or its leader, is the one asked.
    void declare(int node, std::string const& type)
    {
        auto const made = cluster.manage(node, "PUT", "/api/queues/%2F/" + queue.name(),
                                         R"({"durable":true,"arguments":{"x-queue-type":")" + type + "\"}}");
        REQUIRE(made.status == 201);
    }
    void publish(std::string const& body) const { CHECK(rmqha({"publish", "-r", queue.name(), body}).status == 0); }
    /// Consumes over the first node.
    test::RunningRmqha consume(Words const& more) const
    {
        Words arguments{"--context", cluster.name(), "--strategy", "in_order", "consume", queue.name()};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return {arguments, folder.path()};
    }
    std::string output() const { return base::read_file(folder / "out").value_or(""); }
    bool received(std::string const& output_wanted) const
    {
        return test::wait_until(3min, [&] { return output() == output_wanted; });
    }
};

bool told(test::RunningRmqha const& running, std::string const& text)
{
    return test::wait_until(3min, [&] { return running.errors().find(text) != std::string::npos; });
}

/// Bytes of memory the process has of its own.
std::size_t memory_of(pid_t pid)
{
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    std::size_t kib = 0;
    for (std::string word; status >> word;) {
        if (word == "VmRSS:") {
            status >> kib;
        }
    }
    return kib << 10U;
}

} // namespace

TEST_CASE("a reader that pauses costs neither the connection, nor memory, nor a message", "[live]")
{
    constexpr int k_messages = 3000;
    constexpr std::size_t k_size = 50'000; // together more than a consumer holds
    Scene scene;
    scene.declare(1, "classic");
    base::write_file(scene.folder / "body", std::string(k_size, 'x'));
    REQUIRE(scene
                .rmqha({"publish", "-r", scene.queue.name(), "--file", (scene.folder / "body").string(), "--repeat",
                        std::to_string(k_messages)})
                .status == 0);
    REQUIRE(::mkfifo((scene.folder / "out").c_str(), 0600) == 0);
    base::Fd const reader(::open((scene.folder / "out").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    auto consumer = scene.consume({"--heartbeat", "3s", "--prefetch", "3000", "-c", std::to_string(k_messages)});
    char first = 0;
    REQUIRE(test::wait_until(3min, [&] { return ::read(reader.get(), &first, 1) == 1; }));
    // More than the broker allows a silent client; polled so that a loss is seen at once.
    CHECK_FALSE(test::wait_until(12s, [&] { return consumer.status() || !consumer.errors().empty(); }));
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) // they keep what was freed
    CHECK(memory_of(consumer.pid()) < 130U << 20U);
#endif
    std::size_t got = 1;
    std::vector<char> buffer(1U << 20U);
    CHECK(test::wait_until(2min, [&] {
        for (pollfd ready{.fd = reader.get(), .events = POLLIN, .revents = 0}; ::poll(&ready, 1, 100) == 1;) {
            auto const n = ::read(reader.get(), buffer.data(), buffer.size());
            if (n <= 0) {
                break;
            }
            got += static_cast<std::size_t>(n);
        }
        return consumer.status().has_value();
    }));
    CHECK(consumer.status() == 0);
    CHECK(got == k_messages * (k_size + 1));
    CHECK_THAT(consumer.errors(), !Contains("lost"));
}

TEST_CASE("a queue that is deleted under its consumer ends it with the reason", "[live]")
{
    Scene scene;
    std::string const type = GENERATE("classic", "quorum");
    if (type == "quorum" && scene.cluster.version().starts_with("3.8.")) {
        return; // tells its consumers nothing when it is deleted within a second of an acknowledgement
    }
    scene.declare(1, type);
    scene.publish("only");
    auto consumer = scene.consume({});
    REQUIRE(scene.received("only\n"));
    CHECK(scene.cluster.manage(1, "DELETE", "/api/queues/%2F/" + scene.queue.name()).status == 204);
    CHECK(consumer.wait(3min) == 65);
    CHECK_THAT(consumer.errors(), Contains("ended the subscription") && Contains("1 received, 1 acknowledged") &&
                                      Contains("no queue '" + scene.queue.name() + "'"));
}

TEST_CASE("an exclusive consumer is kept out by others, and keeps them out of a classic queue", "[live]")
{
    Scene scene;
    std::string const type = GENERATE("classic", "quorum");
    scene.declare(1, type);
    scene.publish("first");
    bool const exclusive = GENERATE(false, true);
    CAPTURE(type, exclusive);
    auto const holder = scene.consume(exclusive ? Words{"--exclusive"} : Words{});
    REQUIRE(scene.received("first\n"));
    Words second{"consume", scene.queue.name(), "--idle-timeout", "1s"};
    if (!exclusive) {
        second.emplace_back("--exclusive");
    }
    auto const refused = scene.rmqha(second);
    bool const let_in = exclusive && type == "quorum"; // RabbitMQ knows no exclusive consumers there
    CHECK(refused.status == (let_in ? 0 : 77));
    CHECK((let_in || refused.errors.find("exclusive use") != std::string::npos));
}

TEST_CASE("a message that the broker takes away for slowness comes again, and that is told", "[live]")
{
    Scene scene;
    std::string const type = GENERATE("classic", "quorum");
    bool const cancels = scene.cluster.version().starts_with("4.3");
    if ((cancels && type == "classic") || scene.cluster.version().starts_with("3.8.")) {
        return; // there it may take all the time in the world
    }
    scene.declare(1, type);
    auto const set = [&](std::string const& timeout, std::string const& tick) {
        for (int node = 1; node <= 3; ++node) {
            scene.cluster.tool(node, {"rabbitmqctl", "eval",
                                      "application:set_env(rabbit, consumer_timeout, " + timeout +
                                          "), application:set_env(rabbit, channel_tick_interval, " + tick + ")."});
        }
    };
    struct Usual {
        std::function<void(std::string const&, std::string const&)> set;
        ~Usual() { set("1800000", "60000"); }
    } const usual{set};
    set("1000", "500");
    scene.publish("slow");
    auto const flag = (scene.folder / "flag").string();
    auto const over = (scene.folder / "over").string();
    auto consumer = scene.consume(
        {"--connection-attempts", "0", "-c", "1", "--", "sh", "-c",
         "cat; [ -e " + flag + " ] || { touch " + flag + "; while ! [ -e " + over + " ]; do sleep 0.1; done; }"});
    CHECK(told(consumer, "trying again"));
    base::write_file(over, "");
    CHECK_THAT(consumer.errors(), Contains(cancels ? "held for too long" : "timed out"));
    set("1800000", "60000"); // else the broker may take it away again while the acknowledgement is on its way
    CHECK(consumer.wait(2min) == 0);
    CHECK(scene.rmqha({"consume", scene.queue.name(), "--idle-timeout", "1s"}).output.empty());
}

TEST_CASE("a consumer whose queue's node dies is told by the broker, and goes on when the queue is back", "[cluster]")
{
    Scene scene;
    scene.declare(3, "classic");
    scene.publish("before");
    auto consumer = scene.consume({"--connection-attempts", "0"});
    REQUIRE(scene.received("before\n"));
    scene.cluster.kill(3);
    CHECK(told(consumer, "the broker ended the subscription"));
    scene.cluster.restart(3);
    scene.publish("after");
    CHECK(test::wait_until(2min, [&] { return scene.output().ends_with("after\n"); })); // "before" may come twice
    consumer.signal(SIGINT);
    CHECK(consumer.wait(3min) == 130);
}
