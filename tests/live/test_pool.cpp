#include "cluster/node_figures.hpp"
#include "cluster/pool.hpp"
#include "support/brokers.hpp"
#include "support/catch.hpp"

#include <nlohmann/json.hpp>
#include <unistd.h>

#include <algorithm>
#include <sstream>

using namespace rmqha;
using namespace std::chrono_literals;
using Catch::Contains;
using cluster::PoolEvent;

namespace {

/// A pool over the nodes of the cluster under test, dialled round robin, and what it told.
class LivePool {
public:
    struct Options {
        std::size_t size = 6;
        base::milliseconds heartbeat = 5s;
        std::string vhost = "/";
    };
    LivePool(test::LiveCluster const& cluster, Options const& options)
    {
        config::Settings settings;
        settings.nodes = cluster.nodes();
        settings.strategy = config::Strategy::round_robin;
        settings.connection_timeout = 10s;
        settings.connection_attempts = 0;
        settings.retry_delay = 200ms;
        settings.heartbeat = options.heartbeat;
        settings.vhost = options.vhost;
        auto const make = [this, settings, &cluster](base::Stop& stop, cluster::Observer observer) {
            return cluster::Connector(
                settings, {.dial = cluster::make_dial(settings, cluster.credentials(), m_command),
                           .figures = {},
                           .state = cluster::NodeStateFile(cluster::NodeStateFile::path_for(settings.nodes)),
                           .clock = m_clock,
                           .stop = stop,
                           .observer = std::move(observer)});
        };
        m_pool.emplace(cluster::Pool::Options{.size = options.size},
                       cluster::Pool::World{.make_connector = make,
                                            .clock = m_clock,
                                            .stop = m_stop,
                                            .observer = [this](PoolEvent const& event) { m_events.push_back(event); }});
        m_pool->open(std::chrono::steady_clock::now() + 60s);
        REQUIRE(m_pool->summary().open == options.size);
    }
    ~LivePool() { m_pool->close(); }

    /// Keeps the pool until this holds of it; false after two minutes.
    bool hold_until(std::function<bool(cluster::PoolSummary const&)> const& holds)
    {
        auto const give_up_at = std::chrono::steady_clock::now() + 2min;
        while (!holds(m_pool->summary())) {
            if (std::chrono::steady_clock::now() >= give_up_at) {
                return false;
            }
            m_pool->hold(std::chrono::steady_clock::now() + 20ms);
        }
        return true;
    }

    std::vector<PoolEvent> told(PoolEvent::Kind kind) const
    {
        std::vector<PoolEvent> found;
        std::ranges::copy_if(m_events, std::back_inserter(found),
                             [&](auto const& event) { return event.kind == kind; });
        return found;
    }
    cluster::Pool& pool() { return *m_pool; }
    /// In the connections' names, different for every pool.
    std::string const& command() const { return m_command; }

private:
    std::string const m_command = test::unique_name("pool");
    base::SystemClock m_clock;
    base::Stop m_stop;
    std::vector<PoolEvent> m_events;
    std::optional<cluster::Pool> m_pool;
};

/// The management API's connections of this pool: their names, as it calls them.
std::vector<std::string> connections_named(test::LiveCluster& cluster, std::string const& part)
{
    std::vector<std::string> names;
    auto const list = nlohmann::json::parse(cluster.manage(1, "GET", "/api/connections").body, nullptr, false);
    for (auto const& one : list.is_array() ? list : nlohmann::json::array()) {
        auto const properties = one.value("client_properties", nlohmann::json::object());
        if (properties.is_object() && properties.value("connection_name", "").find(part) != std::string::npos) {
            names.push_back(one.at("name"));
        }
    }
    return names;
}

std::string percent_encoded(std::string const& name)
{
    std::string encoded;
    for (char const letter : name) {
        encoded += fmt::format("%{:02X}", static_cast<unsigned char>(letter));
    }
    return encoded;
}

} // namespace

TEST_CASE("a pool's idle connections live through many heartbeats, and have names that tell whose they are", "[live]")
{
    test::LiveCluster cluster;
    LivePool pool(cluster, {.size = 3, .heartbeat = 3s});
    auto const until = std::chrono::steady_clock::now() + 12s; // the broker gives a silent client up after 6 to 9 s
    pool.pool().hold(until);
    auto const summary = pool.pool().summary();
    CHECK(summary.open == 3);
    CHECK(summary.lost == 0);
    CHECK(summary.nodes.size() == 3);
    std::vector<std::string> names;
    CHECK(pool.hold_until([&](auto const&) {
        names = connections_named(cluster, fmt::format("rmqha {} on ", pool.command()));
        return names.size() == 3;
    }));
    CHECK(connections_named(cluster, fmt::format("(pid {})", ::getpid())).size() == 3);
}

TEST_CASE("connections that the server closes are replaced, with the reason it gave", "[live]")
{
    test::LiveCluster cluster;
    LivePool pool(cluster, {.size = 3});
    std::vector<std::string> names;
    CHECK(pool.hold_until([&](auto const&) {
        names = connections_named(cluster, pool.command());
        return names.size() == 3;
    }));
    for (auto const& name : names) {
        cluster.manage(1, "DELETE", "/api/connections/" + percent_encoded(name));
    }
    CHECK(pool.hold_until([](auto const& summary) { return summary.lost == 3 && summary.open == 3; }));
    for (auto const& event : pool.told(PoolEvent::Kind::lost)) {
        CHECK_THAT(event.text, Contains("closed by the server: CONNECTION_FORCED"));
        CHECK_THAT(event.text, Contains("(320)"));
    }
}

TEST_CASE("a vhost deleted under a pool ends it, and is no reason to try other nodes", "[live]")
{
    test::LiveCluster cluster;
    test::TemporaryVhost const vhost(cluster);
    LivePool pool(cluster, {.size = 3, .vhost = vhost.name()});
    cluster.manage(1, "DELETE", "/api/vhosts/" + vhost.name());
    CHECK(pool.hold_until([](auto const& summary) { return summary.open + summary.dialling == 0; }));
    REQUIRE(pool.pool().error());
    INFO(pool.pool().error()->what());
    CHECK(pool.pool().error()->code() == base::ExitCode::denied);
    CHECK(pool.told(PoolEvent::Kind::replaced).empty());
}

TEST_CASE("what a killed and a paused node held of a pool goes to the others, which lose nothing", "[cluster]")
{
    test::LiveCluster cluster;
    LivePool pool(cluster, {.size = 9});
    auto const on = [](cluster::PoolSummary const& summary, config::Node const& node) {
        auto const found = summary.nodes.find(config::label(node));
        return found != summary.nodes.end() ? found->second : cluster::PoolSummary::Share{};
    };
    REQUIRE(on(pool.pool().summary(), cluster.node(2)).open == 3);
    cluster.kill(2);
    CHECK(pool.hold_until([](auto const& summary) { return summary.lost >= 3 && summary.open == 9; }));
    CHECK(on(pool.pool().summary(), cluster.node(2)).open == 0);
    auto const at_pause = on(pool.pool().summary(), cluster.node(3));
    CHECK(at_pause.lost == 0);
    cluster.pause(3);
    CHECK(pool.hold_until([&](auto const& summary) {
        return on(summary, cluster.node(3)).open == 0 && summary.open == 9 && summary.dialling == 0;
    }));
    auto const summary = pool.pool().summary();
    CHECK(on(summary, cluster.node(1)).open == 9);
    CHECK(on(summary, cluster.node(1)).lost == 0);
    CHECK(on(summary, cluster.node(3)).lost == at_pause.open);
    CHECK(summary.replaced == summary.lost);
    auto const lost = pool.told(PoolEvent::Kind::lost);
    CHECK(std::ranges::any_of(lost,
                              [](auto const& event) { return event.text.find("no heartbeat") != std::string::npos; }));
}

TEST_CASE("connect --pool tells its events and a summary, and ends well when all were open", "[live]")
{
    test::LiveCluster const cluster;
    auto const answer = test::run_rmqha(
        {"--context", cluster.name(), "connect", "--pool", "4", "--hold", "100ms", "--format", "ndjson"});
    INFO(answer.output << answer.errors);
    CHECK(answer.status == 0);
    std::vector<nlohmann::json> lines;
    std::istringstream text(answer.output);
    for (std::string line; std::getline(text, line);) {
        lines.push_back(nlohmann::json::parse(line));
    }
    REQUIRE(lines.size() == 5);
    CHECK(lines[0].at("event") == "opened");
    CHECK(lines[0].at("connection") == 1);
    CHECK(lines[4].at("event") == "summary");
    CHECK(lines[4].at("open") == 4);
    CHECK(lines[4].at("lost") == 0);
    auto const refused = test::run_rmqha({"--context", cluster.name(), "connect", "--pool", "50", "--vhost", "nosuch"});
    CHECK(refused.status == 77);
    CHECK_THAT(refused.errors, Contains("vhost nosuch not found"));
}
