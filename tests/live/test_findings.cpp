// Findings that no other test causes, each seen and seen to go.
#include "monitored.hpp"

#include "base/file.hpp"
#include "support/catch.hpp"
#include "support/own_cluster.hpp"
#include "support/running_rmqha.hpp"
#include "support/temporary_folder.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/resource.h>

#include <optional>

using namespace rmqha;
using namespace std::chrono_literals;
using nlohmann::json;
using test::has;
using test::is_ok;
using test::Monitored;

namespace {

/// Figures of a node may be 5 s old: asks until this is found, or not any more.
auto finds(std::string const& code, std::string const& severity, std::string const& object = {})
{
    return [=](json const& status) { return has(status, code, severity, object); };
}
auto finds_no(std::string const& code)
{
    return [=](json const& status) {
        auto const& findings = status.at("findings");
        return std::none_of(findings.begin(), findings.end(),
                            [&](auto const& finding) { return finding.at("code") == code; });
    };
}

void tell(Monitored& monitored, int number, std::vector<std::string> argv)
{
    argv.insert(argv.begin(), "rabbitmqctl");
    monitored.cluster.tool(number, argv);
}

/// PUTs something into a vhost.
void put(Monitored& monitored, std::string const& path, std::string const& body)
{
    auto const status = monitored.cluster.manage(1, "PUT", path, body).status;
    INFO(path);
    REQUIRE((status == 201 || status == 204));
}

std::string in_vhost(test::TemporaryVhost const& vhost, std::string const& queue)
{
    return fmt::format("queue \"{}\" in vhost \"{}\"", queue, vhost.name());
}

} // namespace

TEST_CASE("memory and disk near their limits are found, and a disk alarm", "[live]")
{
    Monitored monitored;
    auto const healthy = monitored.json_until(is_ok);
    auto const free = healthy.at("nodes")[1].at("disk_free_bytes").get<std::uint64_t>();

    tell(monitored, 2, {"set_vm_memory_high_watermark", "absolute", "1GB"});
    monitored.json_until(finds("MEMORY-HIGH", "WARNING", "rabbit2@localhost"), {"--memory-usage-max", "1"});
    tell(monitored, 2, {"set_vm_memory_high_watermark", "0.6"});
    monitored.json_until(finds_no("MEMORY-HIGH"), {"--memory-usage-max", "85"});

    tell(monitored, 2, {"set_disk_free_limit", std::to_string(free / 5)});
    monitored.json_until(finds("DISK-LOW", "WARNING", "rabbit2@localhost"), {"--disk-usage-max", "10"});
    tell(monitored, 2, {"set_disk_free_limit", std::to_string(free * 2)});
    monitored.json_until(finds("ALARM-DISK", "CRITICAL", "rabbit2@localhost"));
    tell(monitored, 2, {"set_disk_free_limit", "50MB"});
    monitored.json_until(is_ok);
}

TEST_CASE("a queue with too few copies, and messages nobody fetches, are found", "[live]")
{
    Monitored monitored;
    test::TemporaryQueue const queue(monitored.cluster, "lonely");
    auto const label = fmt::format("queue \"{}\" in vhost \"/\"", queue.name());
    auto const& context = monitored.cluster.name();
    REQUIRE(test::run_rmqha({"--context", context, "queue", "declare", queue.name(), "--type", "classic"}).status == 0);
    monitored.json_until(finds("QUEUE-UNDER-REPLICATED", "WARNING", label), {"--replicas", "3"});
    monitored.json_until(finds_no("QUEUE-UNDER-REPLICATED"));

    REQUIRE(test::run_rmqha({"--context", context, "publish", "-r", queue.name(), "x"}).status == 0);
    monitored.json_until(finds("QUEUE-NO-CONSUMER", "WARNING", label));
    REQUIRE(test::run_rmqha({"--context", context, "consume", queue.name(), "-c", "1"}).status == 0);
    monitored.json_until(finds_no("QUEUE-NO-CONSUMER"));
}

TEST_CASE("leaders that are all on one node are found, until they are spread", "[live]")
{
    Monitored monitored;
    test::TemporaryVhost const vhost(monitored.cluster);
    constexpr int k_enough = 24; // ten more than an equal share, and by half, also when a few have moved
    for (int i = 0; i < k_enough; ++i) {
        put(monitored, fmt::format("/api/queues/{}/q{}", vhost.name(), i),
            R"({"durable": true, "arguments": {"x-queue-type": "quorum", "x-queue-leader-locator": "client-local"}})");
    }
    monitored.json_until(finds("LEADERS-SKEWED", "WARNING", "rabbit1@localhost"));
    REQUIRE(test::wait_until(3min, [&] {
        return test::run_rmqha({"--context", monitored.cluster.name(), "queue", "rebalance", "--yes"}).status == 0;
    }));
    monitored.json_until(finds_no("LEADERS-SKEWED"));
}

TEST_CASE("mirrors that are not synchronised are found, and critical after a time", "[live]")
{
    Monitored monitored;
    if (!monitored.cluster.version().starts_with("3.")) {
        return; // no mirrors there
    }
    test::TemporaryVhost const vhost(monitored.cluster);
    put(monitored, "/api/queues/" + vhost.name() + "/q", R"({"durable": true})");
    auto const& context = monitored.cluster.name();
    REQUIRE(test::run_rmqha({"--context", context, "--vhost", vhost.name(), "publish", "-r", "q", "x"}).status == 0);
    put(monitored, "/api/policies/" + vhost.name() + "/mirrored",
        R"({"pattern": "", "definition": {"ha-mode": "all", "ha-sync-mode": "manual"}})");
    monitored.json_until(finds("MIRROR-UNSYNCED", "WARNING", in_vhost(vhost, "q")));

    test::TemporaryFolder const folder;
    auto const check = [&] {
        return test::run_rmqha({"--context", context, "monitor", "check", "MIRROR-UNSYNCED", "--mirror-sync-delay-max",
                                "1s", "--state-file", (folder / "state").string()});
    };
    CHECK(check().status == 1);
    CHECK(test::wait_until(3min, [&] { return check().status == 2; }));
    auto const synced = test::run_rmqha({"--context", context, "--vhost", vhost.name(), "queue", "sync", "q"});
    INFO(synced.output << synced.errors);
    REQUIRE(synced.status == 0);
    monitored.json_until(finds_no("MIRROR-UNSYNCED"));
    CHECK(check().status == 0);
}

TEST_CASE("a node in maintenance is found, and a queue without its majority", "[cluster]")
{
    Monitored monitored;
    auto& cluster = monitored.cluster;
    test::TemporaryQueue const queue(cluster, "majority");
    REQUIRE(
        test::run_rmqha({"--context", cluster.name(), "queue", "declare", queue.name(), "--type", "quorum"}).status ==
        0);
    monitored.json_until(is_ok);
    cluster.tool(2, {"rabbitmq-upgrade", "drain"});
    // Up to RabbitMQ 3.12 nobody tells: its port is closed, and the peers see it running.
    bool const told = !cluster.version().starts_with("3.8.") && !cluster.version().starts_with("3.10.");
    monitored.json_until(finds(told ? "NODE-MAINTENANCE" : "NODE-UNREACHABLE", "WARNING", "rabbit2@localhost"));
    cluster.tool(2, {"rabbitmq-upgrade", "revive"});
    monitored.json_until(is_ok);

    cluster.kill(2);
    cluster.kill(3);
    monitored.json_until(finds("QUEUE-DOWN", "CRITICAL", fmt::format("queue \"{}\" in vhost \"/\"", queue.name())));
    cluster.restore();
    monitored.json_until(is_ok);
}

TEST_CASE("a partition is found when its sides see each other again", "[cluster]")
{
    Monitored monitored;
    if (monitored.cluster.version().starts_with("4.3")) {
        return; // no Mnesia, no partitions
    }
    monitored.json_until(is_ok);
    test::Isolated isolated(monitored.cluster, 3);
    monitored.json_until(finds("VIEWS-DISAGREE", "CRITICAL"));
    isolated.reconnect();
    monitored.json_until(finds("PARTITION", "CRITICAL"));
    isolated.heal();
    monitored.json_until(is_ok);
}

TEST_CASE("a side that pauses or restarts itself after a partition is not called well, and is found back", "[live]")
{
    auto const server = test::LiveCluster().server();
    if (!server.version.starts_with("3.10.")) {
        return; // one version tells; later ones advise against both, and RabbitMQ 4.3 knows neither
    }
    test::TemporaryFolder const folder;
    for (std::string const handling : {"pause_minority", "autoheal"}) {
        CAPTURE(handling);
        base::write_file(folder / "conf", "cluster_partition_handling = " + handling + "\n");
        test::OwnCluster const own(server, {"--nodes", "3", "--conf", (folder / "conf").string()});
        Monitored monitored(own.name());
        monitored.json_until(is_ok);
        test::Isolated isolated(monitored.cluster, 3);
        if (handling == "pause_minority") {
            monitored.json_until(finds("NODE-DOWN", "CRITICAL", "rabbit3@localhost"));
        } else {
            monitored.json_until(finds("VIEWS-DISAGREE", "CRITICAL"));
        }
        isolated.reconnect();
        monitored.json_until(is_ok); // without anybody's help
        isolated.leave();
    }
}

namespace {

/// What is started meanwhile may have so many files open.
class OpenFiles {
public:
    explicit OpenFiles(rlim_t most)
    {
        ::getrlimit(RLIMIT_NOFILE, &m_before);
        rlimit const low{.rlim_cur = most, .rlim_max = m_before.rlim_max};
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);
    }
    OpenFiles(OpenFiles const&) = delete;
    OpenFiles& operator=(OpenFiles const&) = delete;
    ~OpenFiles() { ::setrlimit(RLIMIT_NOFILE, &m_before); }

private:
    rlimit m_before{};
};

} // namespace

TEST_CASE("file descriptors and sockets that run out are found", "[live]")
{
    auto const server = test::LiveCluster().server();
    if (!server.version.starts_with("3.")) {
        return; // later brokers do not tell what they use
    }
    std::optional<OpenFiles> low(1024);
    test::OwnCluster const own(server);
    low.reset();
    Monitored monitored(own.name());
    Monitored::Words const options{"--descriptor-usage-max", "15"};
    monitored.json_until(is_ok, options);
    test::TemporaryFolder const folder;
    {
        test::RunningRmqha const pool({"--context", own.name(), "connect", "--pool", "300", "--hold", "10m"},
                                      folder.path());
        monitored.json_until(
            [](json const& status) {
                return has(status, "FDS-HIGH", "WARNING") && has(status, "SOCKETS-HIGH", "WARNING");
            },
            options);
    }
    monitored.json_until(is_ok, options);
}
