#include "base/file.hpp"
#include "messaging/consumer.hpp"
#include "messaging/publisher.hpp"
#include "support/brokers.hpp"
#include "support/catch.hpp"
#include "support/live_connector.hpp"
#include "support/temporary_folder.hpp"

#include <nlohmann/json.hpp>

#include <atomic>
#include <exception>
#include <limits>
#include <mutex>
#include <set>
#include <thread>

using namespace rmqha;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

constexpr int k_endless = std::numeric_limits<int>::max() - 1;

/// The cluster under test with everything a publisher and a consumer need.
struct Bench {
    test::LiveCluster cluster;
    test::TemporaryQueue queue{cluster, "messaging"};
    base::SystemClock clock;
    base::Stop stop;

    Bench()
    {
        auto const declared = test::run_rmqha({"--context", cluster.name(), "queue", "declare", queue.name()});
        INFO(declared.errors);
        REQUIRE(declared.status == 0);
    }

    cluster::Connector connector(cluster::Observer observer = {}) const
    {
        auto& self = const_cast<Bench&>(*this);
        return test::make_live_connector(cluster, self.clock, self.stop, {.observer = std::move(observer)});
    }

    base::Finished rmqha(std::vector<std::string> arguments) const
    {
        arguments.insert(arguments.begin(), {"--context", cluster.name()});
        return test::run_rmqha(arguments);
    }
};

/// Numbers as bodies, from `first` on, until `last` or until it is enough.
class Numbers final : public messaging::Source {
public:
    Numbers(std::string queue, int first, int last, std::atomic<bool> const& enough)
        : m_queue(std::move(queue)), m_next(first), m_last(last), m_enough(enough)
    {
    }

    messaging::Next next(messaging::Message& into) override
    {
        if (m_next > m_last || m_enough) {
            return messaging::Next::end;
        }
        into = {.exchange = "",
                .routing_key = m_queue,
                .properties = {.delivery_mode = 2},
                .body = std::to_string(m_next++)};
        return messaging::Next::message;
    }

private:
    std::string m_queue;
    int m_next;
    int m_last;
    std::atomic<bool> const& m_enough;
};

/// A publisher at work on a thread of its own.
class Publishing {
public:
    /// Publishes numbers from `first` to `last`, or until finish() or the end of a failed test.
    Publishing(Bench& bench, int first, int last, messaging::PublishOptions const& options)
        : m_connector(bench.connector()),
          m_publisher(m_connector, options,
                      {.progress =
                           [this](messaging::Ledger const& ledger, std::size_t, std::string const& node) {
                               std::lock_guard const lock(m_mutex);
                               m_confirmed = ledger.confirmed;
                               m_node = node;
                           },
                       .failed = {},
                       .note =
                           [this](std::string const& note) {
                               std::lock_guard const lock(m_mutex);
                               m_notes += note + "\n";
                           }},
                      bench.stop),
          m_thread([this, source = Numbers(bench.queue.name(), first, last, m_enough)]() mutable {
              try {
                  m_publisher.run(source);
              } catch (...) {
                  m_error = std::current_exception();
              }
          })
    {
    }
    Publishing(Publishing const&) = delete;
    Publishing& operator=(Publishing const&) = delete;
    ~Publishing()
    {
        m_enough = true;
        if (m_thread.joinable()) {
            m_thread.join();
        }
    }

    std::uint64_t confirmed() const
    {
        std::lock_guard const lock(m_mutex);
        return m_confirmed;
    }
    std::string node() const
    {
        std::lock_guard const lock(m_mutex);
        return m_node;
    }
    std::string notes() const
    {
        std::lock_guard const lock(m_mutex);
        return m_notes;
    }
    /// More was confirmed since: whatever happened meanwhile has been got over.
    bool goes_on()
    {
        auto const before = confirmed();
        return test::wait_until(3min, [&] { return confirmed() > before + 500; });
    }
    messaging::Ledger const& finish()
    {
        m_enough = true;
        return wait();
    }
    messaging::Ledger const& wait()
    {
        m_thread.join();
        if (m_error) {
            std::rethrow_exception(m_error);
        }
        return m_publisher.ledger();
    }

private:
    mutable std::mutex m_mutex;
    std::uint64_t m_confirmed = 0;
    std::string m_node;
    std::string m_notes;
    std::exception_ptr m_error;
    std::atomic<bool> m_enough{false};
    cluster::Connector m_connector;
    messaging::Publisher m_publisher;
    std::thread m_thread;
};

int number_of(test::LiveCluster const& cluster, std::string const& label)
{
    for (int number = 1; number <= 3; ++number) {
        if (config::label(cluster.node(number)) == label) {
            return number;
        }
    }
    FAIL("no node " << label);
    return 0;
}

/// What is in the queue, as a consumer with its own connector gets it: until so many different bodies have come, or
/// none for a minute.
std::set<std::string> drain(Bench& bench, int expected)
{
    auto connector = bench.connector();
    messaging::Consumer consumer(
        connector, {.queue = bench.queue.name(), .idle_timeout = 1min, .connection_attempts = 30}, [](auto const&) {},
        bench.stop);
    std::set<std::string> bodies;
    consumer.run({.take = [&](amqp::Delivery const& delivery) { bodies.insert(delivery.body); },
                  .flush = [&] { return bodies.size() < static_cast<std::size_t>(expected); }});
    return bodies;
}

std::size_t missing(std::set<std::string> const& bodies, int first, int count)
{
    std::size_t lost = 0;
    for (int i = first; i < first + count; ++i) {
        lost += bodies.contains(std::to_string(i)) ? 0U : 1U;
    }
    return lost;
}

} // namespace

TEST_CASE("killing the node the publisher is on, ten times, loses no confirmed message", "[cluster]")
{
    constexpr int k_rounds = 10;
    Bench bench;
    int published = 0;
    for (int round = 0; round < k_rounds; ++round) {
        Publishing publishing(bench, published, k_endless, {.window = 200, .rate = 2000, .nack_timeout = 2min});
        REQUIRE(test::wait_until(3min, [&] { return publishing.confirmed() > 500; }));
        auto const victim = number_of(bench.cluster, publishing.node());
        bench.cluster.kill(victim);
        CHECK(publishing.goes_on());
        auto const& ledger = publishing.finish();
        CAPTURE(round, victim, ledger.first_failure);
        CHECK(ledger.confirmed == ledger.read);
        CHECK(ledger.reconnects >= 1);
        published += static_cast<int>(ledger.read);
        bench.cluster.restart(victim);
    }
    CHECK(missing(drain(bench, published), 0, published) == 0);
}

TEST_CASE("a consumer goes on over another node when its own is killed", "[cluster]")
{
    constexpr int k_messages = 2000;
    Bench bench;
    Publishing(bench, 0, k_messages - 1, {}).wait();
    std::string node;
    auto connector = bench.connector([&](cluster::ConnectionEvent const& event) {
        if (event.kind == cluster::ConnectionEvent::Kind::connected) {
            node = event.node;
        }
    });
    messaging::Consumer consumer(
        connector, {.queue = bench.queue.name(), .idle_timeout = 1min, .prefetch = 50, .connection_attempts = 30},
        [](auto const&) {}, bench.stop);
    std::set<std::string> bodies;
    bool killed = false;
    consumer.run({.take =
                      [&](amqp::Delivery const& delivery) {
                          bodies.insert(delivery.body);
                          if (!killed && bodies.size() == k_messages / 4) {
                              killed = true;
                              bench.cluster.kill(number_of(bench.cluster, node));
                          }
                      },
                  .flush = [&] { return bodies.size() < k_messages; }});
    CHECK(consumer.summary().reconnects >= 1);
    CHECK(killed);
    CHECK(bodies.size() == k_messages);
}

TEST_CASE("a publisher leaves a node that is paused under it, and loses nothing", "[cluster]")
{
    Bench bench;
    Publishing publishing(
        bench, 0, k_endless,
        {.window = 200, .rate = 2000, .confirm_timeout = 3s, .nack_timeout = 2min, .connection_attempts = 30});
    REQUIRE(test::wait_until(3min, [&] { return publishing.confirmed() > 500; }));
    auto const paused = publishing.node();
    auto const before = publishing.confirmed();
    bench.cluster.pause(number_of(bench.cluster, paused));
    CHECK(test::wait_until(3min, [&] { return publishing.node() != paused; }));
    // With the queue's leader on the paused node, RabbitMQ 3.10 serves nobody until net_ticktime (60 s) is over, and is
    // partitioned then: the pause ends before.
    bool const went_on = test::wait_until(10s, [&] { return publishing.confirmed() > before + 500; });
    bench.cluster.restore();
    CHECK((went_on || publishing.goes_on()));
    auto const& ledger = publishing.finish();
    CHECK(ledger.confirmed == ledger.read);
    CHECK(ledger.reconnects >= 1);
    CHECK(missing(drain(bench, static_cast<int>(ledger.read)), 0, static_cast<int>(ledger.read)) == 0);
}

TEST_CASE("a memory alarm is told, waited for, and publishing goes on", "[cluster]")
{
    Bench bench;
    Publishing publishing(bench, 0, k_endless, {.rate = 2000});
    REQUIRE(test::wait_until(3min, [&] { return publishing.confirmed() > 500; }));
    bench.cluster.tool(1, {"rabbitmqctl", "set_vm_memory_high_watermark", "0.0001"});
    bool const told =
        test::wait_until(3min, [&] { return publishing.notes().find("low on memory") != std::string::npos; });
    bench.cluster.tool(1, {"rabbitmqctl", "set_vm_memory_high_watermark", "0.6"});
    CHECK(told);
    CHECK(publishing.goes_on());
    auto const& ledger = publishing.finish();
    CHECK(ledger.confirmed == ledger.read);
    CHECK(ledger.reconnects == 0);
    CHECK(ledger.blocked > 0s);
}

TEST_CASE("what does not make it has its fate, its reason and its exit code", "[live]")
{
    Bench bench;
    auto const ledger_of = [](base::Finished const& answer) { return nlohmann::json::parse(answer.output); };
    SECTION("no queue takes it")
    {
        auto const answer = bench.rmqha({"--format", "json", "publish", "-r", "no-such-queue", "x"});
        CHECK(answer.status == 3);
        CHECK(ledger_of(answer).at("returned") == 1);
        CHECK_THAT(answer.errors, Contains("NO_ROUTE"));
    }
    SECTION("no such exchange")
    {
        auto const answer = bench.rmqha({"--format", "json", "publish", "-e", "no-such-exchange", "-r", "x", "x"});
        CHECK(answer.status == 3);
        CHECK(ledger_of(answer).at("refused") == 1);
        CHECK_THAT(answer.errors, Contains("no exchange 'no-such-exchange'"));
    }
    SECTION("the queue is full and rejects")
    {
        test::TemporaryQueue const full(bench.cluster, "full");
        REQUIRE(bench
                    .rmqha({"queue", "declare", full.name(), "--type", "classic", "--argument", "x-max-length:int=2",
                            "--argument", "x-overflow=reject-publish"})
                    .status == 0);
        auto const answer = bench.rmqha({"--format", "json", "publish", "-r", full.name(), "--repeat", "5", "--window",
                                         "1", "--nack-timeout", "0s", "x"});
        CHECK(answer.status == 3);
        CHECK(ledger_of(answer).at("confirmed") == 2);
        CHECK(ledger_of(answer).at("nacked") == 3);
    }
    SECTION("a queue exists with other arguments")
    {
        auto const answer = bench.rmqha({"queue", "declare", bench.queue.name(), "--type", "classic"});
        CHECK(answer.status == 65);
        CHECK_THAT(answer.errors, Contains("inequivalent arg 'x-queue-type'"));
    }
    SECTION("consuming from a queue there is not")
    {
        auto const answer = bench.rmqha({"consume", "no-such-queue"});
        CHECK(answer.status == 65);
        CHECK_THAT(answer.errors, Contains("no queue 'no-such-queue'"));
    }
}

TEST_CASE("every byte comes back as it went", "[live]")
{
    Bench bench;
    std::string bytes;
    for (int i = 0; i < 100'000; ++i) {
        bytes.push_back(static_cast<char>(i * 7 + i / 256));
    }
    std::string const bodies[] = {"", bytes, std::string(3, '\0'), "\xff\xfe\x80 not UTF-8",
                                  std::string(5'000'000, 'x')};
    auto connector = bench.connector();
    auto attempt = connector.connect(bench.clock.now() + 10s);
    for (auto const& body : bodies) {
        auto const source = messaging::make_repeating_source({.routing_key = bench.queue.name(), .body = body}, 1);
        messaging::Publisher publisher(connector, {}, {}, bench.stop);
        publisher.run(*source);
        REQUIRE(publisher.ledger().confirmed == 1);
    }
    attempt.channel->close(bench.clock.now() + 3s);
    messaging::Consumer consumer(
        connector, {.queue = bench.queue.name(), .count = std::size(bodies)}, [](auto const&) {}, bench.stop);
    std::vector<std::string> received;
    consumer.run({.take = [&](amqp::Delivery const& delivery) { received.push_back(delivery.body); },
                  .flush = [] { return true; }});
    REQUIRE(received.size() == std::size(bodies));
    for (std::size_t i = 0; i < received.size(); ++i) {
        CAPTURE(i);
        CHECK(received[i] == bodies[i]);
    }
}

TEST_CASE("lines published from a file come out as the same lines", "[live]")
{
    Bench bench;
    test::TemporaryFolder const folder;
    std::string lines;
    for (int i = 0; i < 10'000; ++i) {
        lines += "line " + std::to_string(i) + std::string(static_cast<std::size_t>(i % 97), '.') + "\n";
    }
    auto const file = folder.path() / "lines";
    base::write_file(file, lines);
    auto const published = bench.rmqha({"publish", "-r", bench.queue.name(), "--lines", "-f", file.string()});
    INFO(published.errors);
    CHECK(published.status == 0);
    auto const consumed = bench.rmqha({"consume", bench.queue.name(), "-c", "10000"});
    CHECK(consumed.status == 0);
    CHECK(consumed.output == lines);
}

TEST_CASE("a closed pipe leaves the rest in the queue", "[live]")
{
    constexpr int k_messages = 50'000; // several times what a pipe holds
    Bench bench;
    Publishing(bench, 0, k_messages - 1, {}).wait();
    auto const command = test::rmqha_binary() + " --context " + bench.cluster.name() + " --quiet consume " +
                         bench.queue.name() + " | head -n 1";
    auto const answer = base::run({.argv = {"sh", "-c", command}}, bench.clock.now() + 3min, bench.stop);
    CHECK(answer.output == "0\n");
    // What reached the pipe before it closed was acknowledged: no more than it and its reader hold.
    auto const left = bench.rmqha({"--format", "json", "publish", "-r", bench.queue.name(), "end"});
    CHECK(left.status == 0);
    std::set<std::string> rest;
    auto connector = bench.connector();
    messaging::Consumer consumer(
        connector, {.queue = bench.queue.name(), .idle_timeout = 1min}, [](auto const&) {}, bench.stop);
    consumer.run({.take = [&](amqp::Delivery const& delivery) { rest.insert(delivery.body); },
                  .flush = [&] { return !rest.contains("end"); }});
    CHECK(missing(rest, 1, k_messages - 1) <= k_messages / 2);
}
