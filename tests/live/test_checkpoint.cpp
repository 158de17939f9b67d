#include "base/file.hpp"
#include "messaging/checkpoint_file.hpp"
#include "messaging/consumer.hpp"
#include "support/brokers.hpp"
#include "support/catch.hpp"
#include "support/live_connector.hpp"
#include "support/running_rmqha.hpp"
#include "support/temporary_folder.hpp"

#include <signal.h>

#include <map>
#include <random>
#include <set>
#include <thread>

using namespace rmqha;
using namespace std::chrono_literals;

namespace {

struct Arrived {
    std::uint64_t deliveries = 0;
    std::set<std::string> ids;
    std::set<std::int64_t> numbers; ///< of x-rmqha-seq
};

/// What the queue holds, by body.
std::map<std::string, Arrived> drain(test::LiveCluster const& cluster, std::string const& queue)
{
    base::SystemClock clock;
    base::Stop stop;
    auto connector = test::make_live_connector(cluster, clock, stop);
    messaging::Consumer consumer(
        connector, {.queue = queue, .idle_timeout = 15s, .prefetch = 1000, .connection_attempts = 30},
        [](auto const&) {}, stop);
    std::map<std::string, Arrived> arrived;
    consumer.run({.take =
                      [&](amqp::Delivery const& delivery) {
                          auto& one = arrived[delivery.body];
                          ++one.deliveries;
                          one.ids.insert(delivery.properties.message_id.value_or(""));
                          for (auto const& header : delivery.properties.headers) {
                              if (header.name == "x-rmqha-seq") {
                                  one.numbers.insert(std::get<std::int64_t>(header.value.data));
                              }
                          }
                      },
                  .flush = [] { return true; }});
    return arrived;
}

/// Messages that a checkpoint file says are done: 0 when there is none yet.
std::uint64_t done(std::filesystem::path const& checkpoint)
{
    auto const text = base::read_file(checkpoint);
    return text ? messaging::parse_checkpoint(*text).position.messages : 0; // throws if it ever holds a part
}

} // namespace

TEST_CASE("publish --checkpoint, killed at twenty moments, loses nothing and sends at most a window twice", "[live]")
{
    constexpr int k_lines = 30'000;
    constexpr std::uint64_t k_window = 200;
    constexpr int k_kills = 20;
    test::LiveCluster const cluster;
    test::TemporaryQueue const queue(const_cast<test::LiveCluster&>(cluster), "checkpoint");
    REQUIRE(test::run_rmqha({"--context", cluster.name(), "queue", "declare", queue.name()}).status == 0);
    test::TemporaryFolder const folder;
    std::string lines;
    for (int i = 1; i <= k_lines; ++i) {
        lines += std::to_string(i) + '\n';
    }
    base::write_file(folder / "lines", lines);
    auto const checkpoint = folder / "checkpoint";
    std::vector<std::string> const command = {"--context",    cluster.name(), "publish",  "-r",
                                              queue.name(),   "--lines",      "-f",       folder / "lines",
                                              "--checkpoint", checkpoint,     "--window", std::to_string(k_window),
                                              "--rate",       "3000"};
    auto const seed = std::random_device{}();
    CAPTURE(seed);
    std::mt19937 random(seed);
    int kills = 0;
    std::optional<int> status;
    while (kills < k_kills && status != 0) {
        test::RunningRmqha running(command, folder.path());
        auto const target = done(checkpoint) + random() % 500;
        auto const deadline = std::chrono::steady_clock::now() + 1min;
        while (done(checkpoint) < target && !running.status()) {
            REQUIRE(std::chrono::steady_clock::now() < deadline);
            std::this_thread::yield();
        }
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 20'000)); // anywhere between two checkpoints
        running.signal(SIGKILL);
        status = running.wait(3min);
        INFO(running.errors());
        REQUIRE((status == 0 || status == 128 + SIGKILL));
        kills += status == 0 ? 0 : 1;
    }
    CHECK(kills >= k_kills / 2); // a machine that is busy enough may let it come to its end before
    auto const rest = test::run_rmqha(command);
    INFO(rest.errors);
    REQUIRE(rest.status == 0);
    CHECK(done(checkpoint) == k_lines);

    auto const arrived = drain(cluster, queue.name());
    std::uint64_t deliveries = 0;
    int missing = 0;
    int differing = 0;
    for (int i = 1; i <= k_lines; ++i) {
        auto const found = arrived.find(std::to_string(i));
        if (found == arrived.end()) {
            ++missing;
            continue;
        }
        deliveries += found->second.deliveries;
        differing += found->second.ids.size() == 1 && found->second.numbers == std::set<std::int64_t>{i} ? 0 : 1;
    }
    CHECK(missing == 0);
    CHECK(differing == 0);
    CHECK(arrived.size() == k_lines);
    CHECK(deliveries <= k_lines + static_cast<std::uint64_t>(kills) * k_window);
    CAPTURE(kills, deliveries);
}
