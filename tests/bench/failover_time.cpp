// failover_time: how long a publisher is without confirms when its node is killed, less what the broker itself needs.
//
//   failover_time [ROUNDS]            (RMQHA_TEST_CLUSTER names the cluster, as in the live tests)
//
// Two publishers send to one quorum queue: one over the node that is killed with SIGKILL, one over a node that stays.
// The longest time without a confirm of the second is what the broker needs to elect and to go on; what the first has
// beyond that is what failing over costs. The killed node is the queue's leader in every second round, and the
// publisher chooses nodes by health, asking the management API, or in order, in turn. Exit 1 when a round costs half a
// second or more.
#include "base/units.hpp"
#include "messaging/publisher.hpp"
#include "support/live_connector.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <thread>

using namespace rmqha;
using namespace std::chrono_literals;

namespace {

constexpr auto k_goal = 500ms;

class Endless final : public messaging::Source {
public:
    Endless(std::string queue, std::atomic<bool> const& enough) : m_queue(std::move(queue)), m_enough(enough) {}
    messaging::Next next(messaging::Message& into) override
    {
        if (m_enough) {
            return messaging::Next::end;
        }
        into = {
            .exchange = "", .routing_key = m_queue, .properties = {.delivery_mode = 2}, .body = std::string(100, 'x')};
        return messaging::Next::message;
    }

private:
    std::string m_queue;
    std::atomic<bool> const& m_enough;
};

/// Publishes 1,000 messages a second on a thread of its own until finish().
class Publishing {
public:
    Publishing(test::LiveCluster& cluster, std::string const& queue, test::LiveConnectorOptions options)
        : m_connector(test::make_live_connector(cluster, m_clock, m_stop, std::move(options))),
          m_publisher(m_connector, {.rate = 1000},
                      {.progress =
                           [this](messaging::Ledger const& ledger, std::size_t, std::string const& node) {
                               std::lock_guard const lock(m_mutex);
                               m_confirmed = ledger.confirmed;
                               m_node = node;
                           },
                       .failed = {},
                       .note = {}},
                      m_stop),
          m_thread([this, source = Endless(queue, m_enough)]() mutable {
              try {
                  m_publisher.run(source);
              } catch (std::exception const& error) {
                  m_error = error.what();
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

    std::string node() const
    {
        std::lock_guard const lock(m_mutex);
        return m_node;
    }
    void await(std::uint64_t more) const
    {
        auto const confirmed = [&] {
            std::lock_guard const lock(m_mutex);
            return m_confirmed;
        };
        auto const enough = confirmed() + more;
        if (!test::wait_until(1min, [&] { return confirmed() >= enough; })) {
            throw std::runtime_error("a publisher stands still");
        }
    }
    messaging::Ledger const& finish()
    {
        m_enough = true;
        m_thread.join();
        if (!m_error.empty()) {
            throw std::runtime_error(m_error);
        }
        return m_publisher.ledger();
    }

private:
    base::SystemClock m_clock;
    base::Stop m_stop;
    mutable std::mutex m_mutex;
    std::uint64_t m_confirmed = 0;
    std::string m_node;
    std::string m_error;
    std::atomic<bool> m_enough{false};
    cluster::Connector m_connector;
    messaging::Publisher m_publisher;
    std::thread m_thread;
};

/// Where the queue's leader is, as a node that serves tells.
int leader_of(test::LiveCluster& cluster, std::string const& queue)
{
    int leader = 0;
    auto const known = [&] {
        auto const answer = cluster.manage(1, "GET", "/api/queues/%2F/" + queue + "?columns=leader");
        auto const document = nlohmann::json::parse(answer.body, nullptr, false);
        for (int number = 1; number <= 3 && document.is_object(); ++number) {
            leader = document.value("leader", "") == cluster.node(number).name ? number : leader;
        }
        return leader != 0;
    };
    if (!test::wait_until(1min, known)) {
        throw std::runtime_error("the queue has no leader");
    }
    return leader;
}

struct Round {
    bool leader_dies;
    config::Strategy strategy;
    base::Duration stayed{};   ///< longest silence of the publisher that stayed
    base::Duration switched{}; ///< of the one whose node died
    base::Duration cost() const { return std::max(switched - stayed, base::Duration{}); }
};

/// A publisher over the node; one that chooses by health gets there by and by.
std::unique_ptr<Publishing> publish_over(test::LiveCluster& cluster, std::string const& queue, int node, int then,
                                         config::Strategy strategy)
{
    auto const wanted = config::label(cluster.node(node));
    for (int tries = 0; tries < 50; ++tries) {
        auto publishing = std::make_unique<Publishing>(
            cluster, queue,
            test::LiveConnectorOptions{.strategy = strategy, .figures = true, .nodes = {node, then, 6 - node - then}});
        publishing->await(100);
        if (publishing->node() == wanted) {
            return publishing;
        }
    }
    throw std::runtime_error("no connection to " + wanted);
}

void run(test::LiveCluster& cluster, std::string const& queue, Round& round)
{
    int const leader = leader_of(cluster, queue);
    int const victim = round.leader_dies ? leader : leader % 3 + 1;
    int const survivor = victim % 3 + 1;
    auto const switching = publish_over(cluster, queue, victim, 6 - victim - survivor, round.strategy);
    auto const staying = publish_over(cluster, queue, survivor, 6 - victim - survivor, config::Strategy::in_order);
    switching->await(1000);
    staying->await(1000);
    cluster.kill(victim);
    switching->await(1000);
    staying->await(1000);
    round.switched = switching->finish().longest_silence;
    auto const& ledger = staying->finish();
    round.stayed = ledger.longest_silence;
    if (ledger.reconnects > 0) {
        throw std::runtime_error("the publisher that was to stay did not");
    }
    cluster.restore();
}

} // namespace

int main(int argc, char** argv)
try {
    int const rounds = argc > 1 ? std::atoi(argv[1]) : 10;
    test::LiveCluster cluster;
    test::TemporaryQueue const queue(cluster, "failover");
    auto const declared =
        test::run_rmqha({"--context", cluster.name(), "queue", "declare", queue.name(), "--type", "quorum"});
    if (declared.status != 0) {
        throw std::runtime_error(declared.errors);
    }
    fmt::print("RabbitMQ {}\n{:>10} {:>14} {:>12} {:>12} {:>12}\n", cluster.version(), "dies", "strategy", "stayed",
               "switched", "cost");
    std::vector<base::Duration> costs;
    for (int i = 0; i < rounds; ++i) {
        Round round{.leader_dies = i % 2 == 0,
                    .strategy = i / 2 % 2 == 0 ? config::Strategy::health_based : config::Strategy::in_order};
        run(cluster, queue.name(), round);
        fmt::print("{:>10} {:>14} {:>12} {:>12} {:>12}\n", round.leader_dies ? "leader" : "follower",
                   config::to_string(round.strategy), base::format_duration(round.stayed),
                   base::format_duration(round.switched), base::format_duration(round.cost()));
        std::fflush(stdout);
        costs.push_back(round.cost());
    }
    std::ranges::sort(costs);
    fmt::print("cost: median {}, most {}; the goal is under {}\n", base::format_duration(costs.at(costs.size() / 2)),
               base::format_duration(costs.back()), base::format_duration(k_goal));
    return costs.back() < k_goal ? 0 : 1;
} catch (std::exception const& error) {
    fmt::print(stderr, "failover_time: {}\n", error.what());
    return 2;
}
