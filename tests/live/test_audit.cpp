#include "amqp/connection.hpp"
#include "base/stop.hpp"
#include "support/brokers.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <fstream>

using namespace rmqha;
using namespace std::chrono_literals;
using nlohmann::json;
using Words = std::vector<std::string>;

namespace {

/// Audits of the cluster under test.
class Auditor {
public:
    explicit Auditor(test::LiveCluster& cluster, Words more = {}) : m_cluster(cluster), m_more(std::move(more)) {}

    json audit()
    {
        Words arguments{"--context", m_cluster.name(), "monitor", "audit", "--format", "json"};
        arguments.insert(arguments.end(), m_more.begin(), m_more.end());
        base::Finished answer;
        bool const told = test::wait_until(3min, [&] {
            answer = test::run_rmqha(arguments);
            return answer.status == 0 || answer.status == 1 || answer.status == 3;
        });
        INFO(answer.errors);
        REQUIRE(told);
        return json::parse(answer.output);
    }

    /// The finding of this code that names `object`; null when there is none.
    json finding(std::string const& code, std::string const& object)
    {
        m_last = audit();
        for (auto const& finding : m_last.at("findings")) {
            auto const& objects = finding.at("objects");
            bool const names = std::any_of(objects.begin(), objects.end(), [&object](json const& named) {
                return named.get<std::string>().find(object) != std::string::npos;
            });
            if (finding.at("code") == code && names) {
                return finding;
            }
        }
        return nullptr;
    }

    void seen(std::string const& code, std::string const& object, std::string const& severity = "WARNING")
    {
        bool const came = test::wait_until(3min, [&] {
            auto const found = finding(code, object);
            return !found.is_null() && found.at("severity") == severity;
        });
        INFO(code << " never named " << object << ": " << m_last.at("findings").dump(2));
        REQUIRE(came);
    }

    void gone(std::string const& code, std::string const& object)
    {
        // Of connections that were closed the broker tells for up to half a minute more.
        bool const went = test::wait_until(3min, [&] { return finding(code, object).is_null(); });
        INFO(code << " still names " << object << ": " << m_last.at("findings").dump(2));
        REQUIRE(went);
    }

private:
    test::LiveCluster& m_cluster;
    Words m_more;
    json m_last;
};

/// Something of the broker's made for a test, and unmade at its end.
class Undo {
public:
    explicit Undo(std::function<void()> how) : m_how(std::move(how)) {}
    Undo(Undo const&) = delete;
    Undo& operator=(Undo const&) = delete;
    ~Undo()
    {
        try {
            now();
        } catch (...) { // the test has failed already
        }
    }
    void now()
    {
        if (auto const how = std::exchange(m_how, nullptr)) {
            how();
        }
    }

private:
    std::function<void()> m_how;
};

void declare(test::LiveCluster& cluster, std::string const& name, std::string const& body)
{
    REQUIRE(cluster.manage(1, "PUT", "/api/queues/%2F/" + name, body).status == 201);
}

bool mirrors(test::LiveCluster const& cluster)
{
    return cluster.version().starts_with("3.");
}

} // namespace

TEST_CASE("an audit sees what queues lack, and that it was mended", "[live]")
{
    test::LiveCluster cluster;
    Auditor auditor(cluster);
    test::TemporaryQueue const queue(cluster, "audit");
    test::TemporaryQueue const second(cluster, "audit");
    auto const& name = queue.name();

    declare(cluster, name, R"({"durable":true,"arguments":{"x-queue-type":"quorum","x-quorum-initial-group-size":1,
                               "x-delivery-limit":2}})");
    auditor.seen("AUDIT-QUORUM-MEMBERS", name);
    auditor.seen("AUDIT-DELIVERY-LIMIT", name);
    auditor.seen("AUDIT-LENGTH-LIMIT", name);

    auto const repair =
        test::run_rmqha({"--context", cluster.name(), "queue", "repair", "--target", "3", "--yes", name});
    INFO(repair.output << repair.errors);
    if (repair.status == 0) { // what the remedy says; brokers before 3.13 do it by their own tools
        auditor.gone("AUDIT-QUORUM-MEMBERS", name);
    }
    REQUIRE(test::run_rmqha({"--context", cluster.name(), "policy", "set", "audit", "^" + name, "max-length=1000"})
                .status == 0);
    Undo unset([&] { test::run_rmqha({"--context", cluster.name(), "policy", "delete", "audit", "--yes"}); });
    auditor.gone("AUDIT-LENGTH-LIMIT", name);
    cluster.manage(1, "DELETE", "/api/queues/%2F/" + name);
    auditor.gone("AUDIT-QUORUM-MEMBERS", name);
    auditor.gone("AUDIT-DELIVERY-LIMIT", name);

    // Without a limit of its own a quorum queue has none before 4.0.
    declare(cluster, second.name(), R"({"durable":true,"arguments":{"x-queue-type":"quorum"}})");
    if (mirrors(cluster)) {
        auditor.seen("AUDIT-DELIVERY-LIMIT", second.name());
    } else {
        auditor.seen("AUDIT-LENGTH-LIMIT", second.name());
        CHECK(auditor.finding("AUDIT-DELIVERY-LIMIT", second.name()).is_null());
    }
}

TEST_CASE("an audit sees policies that do not do what they say", "[live]")
{
    test::LiveCluster cluster;
    Auditor auditor(cluster);
    test::TemporaryQueue const queue(cluster, "audit");
    auto const label = "policy \"audit-keys\"";
    declare(cluster, queue.name(), R"({"durable":true,"arguments":{"x-queue-type":"classic"}})");
    auto const set = [&](std::string const& definition) {
        auto const body =
            fmt::format(R"({{"pattern":"^{}","apply-to":"queues","definition":{}}})", queue.name(), definition);
        REQUIRE(cluster.manage(1, "PUT", "/api/policies/%2F/audit-keys", body).status / 100 == 2);
    };
    Undo remove([&] { cluster.manage(1, "DELETE", "/api/policies/%2F/audit-keys"); });
    set(R"({"max-length":10,"max-age":"1D"})");
    auditor.seen("AUDIT-POLICY-KEYS", label);
    auditor.seen("AUDIT-LENGTH-LIMIT", queue.name()); // nothing of it applies
    set(R"({"max-length":10})");
    auditor.gone("AUDIT-POLICY-KEYS", label);
    auditor.gone("AUDIT-LENGTH-LIMIT", queue.name());
}

TEST_CASE("an audit sees mirrored queues that are not durable, and mirroring where there is none any more", "[live]")
{
    test::LiveCluster cluster;
    Auditor auditor(cluster);
    auto const label = "policy \"audit-ha\"";
    if (mirrors(cluster)) {
        test::TemporaryQueue const queue(cluster, "audit");
        auto const body =
            fmt::format(R"({{"pattern":"^{}","definition":{{"ha-mode":"exactly","ha-params":2}}}})", queue.name());
        REQUIRE(cluster.manage(1, "PUT", "/api/policies/%2F/audit-ha", body).status == 201);
        Undo remove([&] { cluster.manage(1, "DELETE", "/api/policies/%2F/audit-ha"); });
        declare(cluster, queue.name(), R"({"durable":false})");
        auditor.seen("AUDIT-NOT-DURABLE", queue.name());
        CHECK(auditor.finding("AUDIT-MIRRORING-REMOVED", label).is_null());
        cluster.manage(1, "DELETE", "/api/queues/%2F/" + queue.name());
        auditor.gone("AUDIT-NOT-DURABLE", queue.name());
        return;
    }
    // As an upgrade leaves it behind: today's broker refuses it.
    cluster.tool(1, {"rabbitmqctl", "eval",
                     R"(rabbit_db_rtparams:set(<<"/">>, <<"policy">>, <<"audit-ha">>, [{<<"pattern">>, <<"^nothing">>},
                        {<<"definition">>, [{<<"ha-mode">>, <<"all">>}]}, {<<"priority">>, 0},
                        {<<"apply-to">>, <<"all">>}]).)"});
    Undo remove([&] { cluster.manage(1, "DELETE", "/api/policies/%2F/audit-ha"); });
    auditor.seen("AUDIT-MIRRORING-REMOVED", label, "CRITICAL");
    remove.now();
    auditor.gone("AUDIT-MIRRORING-REMOVED", label);
}

TEST_CASE("an audit sees users that anybody could be", "[live]")
{
    test::LiveCluster cluster;
    Auditor auditor(cluster);
    REQUIRE(cluster.manage(1, "PUT", "/api/users/guest", R"({"password":"guest","tags":""})").status == 201);
    Undo remove([&] { cluster.manage(1, "DELETE", "/api/users/guest"); });
    auditor.seen("AUDIT-GUEST-USER", "user \"guest\"");
    auditor.seen("AUDIT-DEFAULT-PASSWORD", "user \"guest\"", "CRITICAL");
    REQUIRE(cluster.manage(1, "PUT", "/api/users/guest", R"({"password":"Zx91-kalm","tags":""})").status == 204);
    auditor.gone("AUDIT-DEFAULT-PASSWORD", "user \"guest\"");
    remove.now();
    auditor.gone("AUDIT-GUEST-USER", "user \"guest\"");
}

TEST_CASE("an audit sees clients that are lost unnoticed, take too much, may too much, or are all in one place",
          "[live]")
{
    test::LiveCluster cluster;
    Auditor auditor(cluster);
    test::TemporaryQueue const queue(cluster, "audit");
    auto const made = test::unique_name("audit connection");
    base::Stop stop;
    auto const soon = [] { return std::chrono::steady_clock::now() + 1min; };
    amqp::OpenOptions options;
    options.credentials = cluster.credentials();
    options.connection_name = made;
    options.heartbeat = 0ms;
    auto const open = [&](int number) {
        auto const& node = cluster.node(number);
        return amqp::Connection::open({node.host, node.port, {}}, options, soon(), stop);
    };
    auto client = open(1);
    client->declare_queue({.name = queue.name()}, soon());
    amqp::ConsumeOptions const all{};
    client->consume(queue.name(), all, soon());
    test::TemporaryFolder const folder;
    std::ofstream file(folder / "lines");
    for (int i = 0; i < 1500; ++i) {
        file << i << '\n';
    }
    file.close();
    auto const published = test::run_rmqha(
        {"--context", cluster.name(), "publish", "-r", queue.name(), "--lines", "--file", (folder / "lines").string()});
    INFO(published.errors);
    REQUIRE(published.status == 0);
    auditor.seen("AUDIT-HEARTBEAT-OFF", made);
    auditor.seen("AUDIT-ADMIN-TAG", "user \"" + cluster.credentials().user + "\"");
    auditor.seen("AUDIT-PREFETCH", queue.name());

    auto const node = "rabbit1@";
    std::vector<std::unique_ptr<amqp::Connection>> others;
    for (int i = 0; i < 4; ++i) {
        others.push_back(open(1));
    }
    auditor.seen("AUDIT-CONNECTIONS-ONE-NODE", node);
    others.push_back(open(2));
    auditor.gone("AUDIT-CONNECTIONS-ONE-NODE", node);

    for (auto& other : others) {
        other->close(soon());
    }
    client->close(soon());
    auditor.gone("AUDIT-HEARTBEAT-OFF", made);
    auditor.gone("AUDIT-ADMIN-TAG", "user");
    auditor.gone("AUDIT-PREFETCH", queue.name());
}

TEST_CASE("an audit sees listeners without TLS beyond loopback", "[live]")
{
    test::LiveCluster cluster;
    Auditor auditor(cluster);
    auto const port = cluster.node(1).port + 50;
    auto const eval = [&](std::string const& what) { cluster.tool(1, {"rabbitmqctl", "eval", what}); };
    eval(fmt::format(R"(rabbit_networking:start_tcp_listener({{"0.0.0.0", {}}}, 1).)", port));
    Undo stop([&] { eval(fmt::format(R"(rabbit_networking:stop_tcp_listener({{"0.0.0.0", {}}}).)", port)); });
    auditor.seen("AUDIT-AMQP-PLAIN", fmt::format("0.0.0.0:{}", port));
    CHECK(auditor.finding("AUDIT-AMQP-PLAIN", fmt::format(":{} ", cluster.node(1).port)).is_null());
    CHECK(auditor.finding("AUDIT-MANAGEMENT-PLAIN", "").is_null());
    stop.now();
    auditor.gone("AUDIT-AMQP-PLAIN", fmt::format("0.0.0.0:{}", port));
}

TEST_CASE("an audit sees limits that are none, and by a node's own tools what the API does not tell", "[live]")
{
    test::LiveCluster cluster;
    test::TemporaryFolder const folder;
    auto const file = (folder / "env.json").string();
    Auditor auditor(cluster, {"--environment", file});
    auto const ask = [&] {
        std::ofstream(file) << cluster.tool(1, {"rabbitmqctl", "environment", "--formatter", "json"});
    };
    auto const eval = [&](std::string const& what) { cluster.tool(1, {"rabbitmqctl", "eval", what}); };
    auto const everywhere = [&](std::string const& limit, std::string const& amount) {
        for (int number = 1; number <= 3; ++number) {
            Words words{"rabbitmqctl", "set_disk_free_limit", limit};
            if (!amount.empty()) {
                words.push_back(amount);
            }
            cluster.tool(number, words);
        }
    };
    ask();
    auditor.seen("AUDIT-DISK-LIMIT", "rabbit");
    auditor.seen("AUDIT-PARTITION-IGNORE", file, "CRITICAL");
    auditor.seen("AUDIT-VERSION-EOL", "rabbit");
    CHECK(auditor.finding("AUDIT-MEMORY-LIMIT", "").is_null());

    Undo disk([&] { everywhere("50MB", ""); });
    everywhere("1GB", "");
    auditor.gone("AUDIT-DISK-LIMIT", "rabbit");
    Undo handling([&] { eval("application:set_env(rabbit, cluster_partition_handling, ignore)."); });
    eval("application:set_env(rabbit, cluster_partition_handling, pause_minority).");
    auto const watermark = [&](char const* fraction) {
        eval(fmt::format("application:set_env(rabbit, vm_memory_high_watermark, {}).", fraction));
    };
    Undo memory([&] { watermark(mirrors(cluster) ? "0.4" : "0.6"); });
    watermark("0.95");
    ask();
    auditor.gone("AUDIT-PARTITION-IGNORE", file);
    auditor.seen("AUDIT-MEMORY-LIMIT", file);
    memory.now();
    ask();
    auditor.gone("AUDIT-MEMORY-LIMIT", file);
}

TEST_CASE("an audit sees all leaders on one node, and that they were spread", "[live]")
{
    test::LiveCluster cluster;
    Auditor auditor(cluster);
    std::vector<std::unique_ptr<test::TemporaryQueue>> queues;
    for (int i = 0; i < 6; ++i) {
        queues.push_back(std::make_unique<test::TemporaryQueue>(cluster, "audit-lead"));
        declare(cluster, queues.back()->name(),
                R"({"durable":true,"arguments":{"x-queue-type":"quorum","x-queue-leader-locator":"client-local"}})");
    }
    auditor.seen("AUDIT-LEADERS-ONE-NODE", "@");
    CHECK(test::wait_until(3min, [&] {
        return test::run_rmqha({"--context", cluster.name(), "queue", "rebalance", "--yes"}).status == 0;
    }));
    auditor.gone("AUDIT-LEADERS-ONE-NODE", "@");
}

TEST_CASE("an audit by a user who may not see all never calls it fine", "[live]")
{
    test::LiveCluster cluster;
    test::TemporaryVhost const vhost(cluster);
    auto const user = test::unique_name("auditor");
    REQUIRE(cluster.manage(1, "PUT", "/api/users/" + user, R"({"password":"Zx91-kalm","tags":"monitoring"})").status ==
            201);
    Undo remove([&] { cluster.manage(1, "DELETE", "/api/users/" + user); });
    auto const state_of = [&](std::string const& code) {
        Words arguments{"monitor", "audit", "--format", "json", "--user", user, "--skip", "AUDIT-VERSION-EOL"};
        for (auto const& node : cluster.nodes()) {
            arguments.insert(arguments.end(), {"--node", config::to_text(node)});
        }
        auto const answer = test::run_rmqha(arguments, {"RMQHA_PASSWORD=Zx91-kalm"});
        INFO(answer.output << answer.errors);
        auto const told = json::parse(answer.output);
        for (auto const& rule : told.at("rules")) {
            if (rule.at("code") == code) {
                return rule.at("state").get<std::string>();
            }
        }
        return std::string("not judged");
    };
    CHECK(state_of("AUDIT-POLICY-KEYS") == "UNKNOWN");
    CHECK(state_of("AUDIT-GUEST-USER") == "UNKNOWN");
    CHECK(state_of("AUDIT-NODES-EVEN") == "OK");
    CHECK(state_of("AUDIT-VERSION-EOL") == "not judged");
    for (auto const& name : {std::string("%2F"), vhost.name()}) {
        REQUIRE(cluster
                    .manage(1, "PUT", "/api/permissions/" + name + "/" + user,
                            R"({"configure":"^$","write":"^$","read":"^$"})")
                    .status == 201);
    }
    CHECK(state_of("AUDIT-POLICY-KEYS") == "OK");
}
