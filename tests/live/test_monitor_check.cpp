#include "base/file.hpp"
#include "support/brokers.hpp"
#include "support/catch.hpp"
#include "support/own_cluster.hpp"
#include "support/prometheus_text.hpp"
#include "support/scripted_server.hpp"
#include "support/temporary_folder.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include <regex>

using namespace rmqha;
using namespace std::chrono_literals;

namespace {

base::Finished check(test::LiveCluster const& cluster, std::vector<std::string> const& words)
{
    std::vector<std::string> arguments{"--context", cluster.name(), "monitor", "check"};
    arguments.insert(arguments.end(), words.begin(), words.end());
    return test::run_rmqha(arguments);
}

/// Checks until the answer is as wanted; fails after 3 minutes with the last one.
template <typename Wanted>
base::Finished check_until(test::LiveCluster const& cluster, std::vector<std::string> const& words, Wanted wanted)
{
    base::Finished answer;
    bool const came = test::wait_until(3min, [&] {
        answer = check(cluster, words);
        return wanted(answer);
    });
    INFO("still not as wanted after 3 minutes: " << answer.status << " " << answer.output << answer.errors);
    REQUIRE(came);
    return answer;
}

bool is_ok(base::Finished const& answer)
{
    return answer.status == 0;
}

/// A queue with one message, seen by a check that allows none.
struct OneMessage {
    explicit OneMessage(test::LiveCluster& cluster) : queue(cluster, "check")
    {
        auto const& name = cluster.name();
        REQUIRE(test::run_rmqha({"--context", name, "queue", "declare", queue.name()}).status == 0);
        REQUIRE(test::run_rmqha({"--context", name, "publish", "--routing-key", queue.name(), "x"}).status == 0);
        check_until(cluster, {"backlog", "--queue-backlog-max", "0"},
                    [](auto const& answer) { return answer.status == 1; });
    }

    test::TemporaryQueue queue;
};

} // namespace

TEST_CASE("monitor check speaks Nagios: one line, performance data, exit code", "[live]")
{
    test::LiveCluster cluster;
    auto const healthy = check_until(cluster, {}, is_ok);
    std::regex const line(R"([^|\n]{1,80}\| ('[^']+'|[a-z_]+)=[^ \n]+( ('[^']+'|[a-z_]+)=[^ \n]+)*\n)");
    INFO(healthy.output);
    CHECK(std::regex_match(healthy.output, line));
    CHECK_THAT(healthy.output, Catch::Contains("score=100;;80:;0;100 nodes_up=3;;;0;3 "));

    OneMessage const message(cluster);
    auto const high = check(cluster, {"backlog", "--queue-backlog-max", "0"});
    CHECK(high.status == 1);
    CHECK_THAT(high.output, Catch::StartsWith("RABBITMQ WARNING: ") && Catch::Contains("QUEUE-BACKLOG queue \""));
    CHECK(check(cluster, {"backlog", "--queue-backlog-max", "0,0"}).status == 2);
    CHECK(check(cluster, {"nodes", "--queue-backlog-max", "0,0"}).status == 0);
}

TEST_CASE("monitor check refuses wrong credentials with UNKNOWN", "[live]")
{
    test::LiveCluster const cluster;
    std::vector<std::string> arguments{"monitor", "check", "--user", "nobody"};
    for (auto const& node : cluster.nodes()) {
        arguments.insert(arguments.end(), {"--node", config::to_text(node)});
    }
    auto const answer = test::run_rmqha(arguments, {"RMQHA_PASSWORD=wrong"});
    INFO(answer.output);
    CHECK(answer.status == 3);
    CHECK_THAT(answer.output, Catch::StartsWith("RABBITMQ UNKNOWN: ") && Catch::Contains("all nodes refuse this user"));
}

TEST_CASE("monitor check writes a textfile that Prometheus reads, readable by all", "[live]")
{
    test::LiveCluster const cluster;
    test::TemporaryFolder const folder;
    auto const file = folder / "rmqha.prom";
    check_until(cluster, {"--textfile", file.string()}, is_ok);
    auto const read = test::read_prometheus(base::read_file(file).value_or(""));
    CHECK(read.complaints == std::vector<std::string>{});
    auto const label = fmt::format("{{cluster=\"{}\"}}", cluster.name());
    CHECK(read.samples.at("rmqha_up" + label) == 1);
    CHECK(read.samples.at("rmqha_score" + label) == 100);
    CHECK(read.samples.at("rmqha_last_run_timestamp_seconds" + label) > 1.7e9);
    struct stat info {};
    REQUIRE(::stat(file.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777U) == 0644);
}

TEST_CASE("monitor check lets a problem count when runs in a row have seen it, and tells changes only", "[live]")
{
    test::LiveCluster cluster;
    test::TemporaryFolder const folder;
    OneMessage const message(cluster);
    std::vector<std::string> const good{"backlog", "--state-file",  (folder / "state").string(), "--for",
                                        "2",       "--changes-only"};
    auto bad = good;
    bad.insert(bad.end(), {"--queue-backlog-max", "0"});
    auto const first = check(cluster, good);
    CHECK(first.status == 0);
    CHECK(first.output.empty());
    auto const seen_once = check(cluster, bad);
    CHECK(seen_once.status == 0);
    CHECK(seen_once.output.empty());
    auto const counts = check(cluster, bad);
    CHECK(counts.status == 1);
    CHECK_THAT(counts.output, Catch::Contains("QUEUE-BACKLOG"));
    auto const still = check(cluster, bad);
    CHECK(still.status == 1);
    CHECK(still.output.empty());
    auto const gone = check(cluster, good);
    CHECK(gone.status == 0);
    CHECK_THAT(gone.output, Catch::Contains("gone: QUEUE-BACKLOG queue \""));
}

TEST_CASE("monitor check answers in time when no node does", "[live]")
{
    test::BlackHole const hole;
    test::ScriptedServer const mute([](test::Peer& peer) { peer.stay_silent(); });
    for (auto const port : {hole.port(), mute.port()}) {
        auto const node = fmt::format("127.0.0.1:{0},management={0},prometheus={0}", port);
        auto const answer = test::run_rmqha({"monitor", "check", "--node", node});
        INFO(answer.output << answer.errors);
        CHECK(answer.status == 2);
        CHECK_THAT(answer.output, Catch::StartsWith("RABBITMQ CRITICAL: ") && Catch::Contains("UNREACHABLE"));
    }
}

TEST_CASE("monitor check sees a vhost that does not run on one node, and that it runs again", "[live]")
{
    test::LiveCluster cluster;
    test::TemporaryVhost const made(cluster);
    auto const& vhost = made.name();
    check_until(cluster, {"vhosts"}, is_ok);
    auto const down = check_until(cluster, {"vhosts"}, [&](auto const& answer) {
        if (answer.status != 2) { // again and again: RabbitMQ 4 starts now and then what does not run
            cluster.tool(2, {"rabbitmqctl", "eval",
                             fmt::format("rabbit_vhost_sup_sup:stop_and_delete_vhost(<<\"{}\">>).", vhost)});
        }
        return answer.status == 2;
    });
    CHECK_THAT(down.output, Catch::Contains(fmt::format("VHOST-DOWN vhost \"{}\" on rabbit2@localhost", vhost)));
    cluster.tool(2, {"rabbitmqctl", "restart_vhost", "-p", vhost});
    check_until(cluster, {"vhosts"}, is_ok);
}

TEST_CASE("monitor check names the member of a quorum queue that stands still, and that it has caught up", "[live]")
{
    test::LiveCluster cluster;
    test::TemporaryQueue const queue(cluster, "lag");
    REQUIRE(
        test::run_rmqha({"--context", cluster.name(), "queue", "declare", queue.name(), "--type", "quorum"}).status ==
        0);
    std::vector<std::string> const words{"REPLICA-LAGGING", "--replica-lag-max", "100"};
    check_until(cluster, words, is_ok);
    auto const told =
        test::run_rmqha({"--context", cluster.name(), "queue", "status", queue.name(), "--format", "json"});
    int const follower =
        nlohmann::json::parse(told.output).at("queues").at(0).at("leader") == "rabbit2@localhost" ? 3 : 2;
    auto const member = [&](char const* what) {
        cluster.tool(follower,
                     {"rabbitmqctl", "eval", fmt::format("sys:{}(list_to_atom(\"%2F_{}\")).", what, queue.name())});
    };
    member("suspend");
    REQUIRE(
        test::run_rmqha({"--context", cluster.name(), "publish", "--routing-key", queue.name(), "--repeat", "500", "x"})
            .status == 0);
    auto const behind = check_until(cluster, words, [](auto const& answer) { return answer.status == 1; });
    CHECK_THAT(behind.output, Catch::Contains(fmt::format("rabbit{}@localhost is ", follower)) &&
                                  Catch::Contains("log entries behind the leader"));
    member("resume");
    check_until(cluster, words, is_ok);
}

TEST_CASE("monitor check tells that stable feature flags are off, until they are enabled", "[live]")
{
    test::LiveCluster const cluster;
    if (cluster.version().starts_with("3.")) {
        return; // these always start with all of them
    }
    test::OwnCluster const node(cluster.server());
    auto const flags = [&] {
        return test::run_rmqha({"--context", node.name(), "monitor", "check", "FEATURE-FLAGS-OFF"});
    };
    CHECK(flags().status == 0);
    node.tool({"rabbitmqctl", "stop_app"});
    node.tool({"rabbitmqctl", "eval", "application:set_env(rabbit, forced_feature_flags_on_init, [quorum_queue])."});
    node.tool({"rabbitmqctl", "reset"});
    node.tool({"rabbitmqctl", "start_app"});
    auto const off = flags();
    INFO(off.output << off.errors);
    CHECK(off.status == 1);
    CHECK_THAT(off.output, Catch::Contains("stable feature flags are disabled: "));
    node.tool({"rabbitmqctl", "enable_feature_flag", "all"});
    CHECK(flags().status == 0);
}

TEST_CASE("monitor check end-to-end sends a message through every node, leaves nothing, and sees publishers blocked",
          "[live]")
{
    test::LiveCluster cluster;
    check_until(cluster, {"end-to-end"}, is_ok);
    auto const page =
        test::run_rmqha({"--context", cluster.name(), "monitor", "status", "--end-to-end", "--format", "json"});
    for (auto const& node : nlohmann::json::parse(page.output).at("nodes")) {
        CHECK(node.at("end_to_end").at("outcome") == "answered");
    }
    // The listing may be a moment behind.
    CHECK(test::wait_until(3min, [&] {
        return cluster.tool(1, {"rabbitmqctl", "-q", "list_queues", "name"}).find("rmqha.end-to-end") ==
               std::string::npos;
    }));
    cluster.tool(2, {"rabbitmqctl", "set_vm_memory_high_watermark", "0.00001"});
    auto const blocked = check_until(cluster, {"end-to-end"}, [](auto const& answer) { return answer.status == 2; });
    cluster.tool(2, {"rabbitmqctl", "set_vm_memory_high_watermark", "0.6"});
    CHECK_THAT(blocked.output, Catch::Contains("END-TO-END rabbit1@localhost") &&
                                   Catch::Contains("no message came through it: publishers are blocked: "));
    check_until(cluster, {"end-to-end"}, is_ok);
}

TEST_CASE("monitor check tells that nothing listens where AMQP is expected", "[live]")
{
    test::LiveCluster const cluster;
    auto const seen_at = [&](std::uint16_t port) {
        std::vector<std::string> arguments{"monitor", "check", "listeners", "--user", cluster.credentials().user};
        for (auto node : cluster.nodes()) {
            node.port = node.name == "rabbit2@localhost" ? port : node.port;
            arguments.insert(arguments.end(), {"--node", config::to_text(node)});
        }
        return test::run_rmqha(arguments, {"RMQHA_PASSWORD=" + cluster.credentials().password});
    };
    auto const missing = seen_at(1);
    INFO(missing.output);
    CHECK(missing.status == 2);
    CHECK_THAT(missing.output,
               Catch::Contains("LISTENER-MISSING rabbit2@localhost: nothing listens on port 1; it listens on "));
    CHECK(seen_at(cluster.nodes()[1].port).status == 0);
}

TEST_CASE("monitor check with a state file tells that a node was restarted, once", "[cluster]")
{
    test::LiveCluster cluster;
    test::TemporaryFolder const folder;
    std::vector<std::string> const words{"NODE-RESTARTED", "--state-file", (folder / "state").string(), "--for", "3"};
    check_until(cluster, {}, is_ok);
    CHECK(check_until(cluster, words, is_ok).status == 0);
    // A restart is known by an uptime that fell: as if it had been up for a day before.
    auto state = nlohmann::json::parse(base::read_file(folder / "state").value());
    for (auto& one : state.at("clusters")) {
        one.at("uptimes_ms").at("rabbit2@localhost") = 86'400'000;
    }
    base::write_file(folder / "state", state.dump());
    cluster.kill(2);
    cluster.restart(2);
    auto const restarted = check_until(cluster, words, [](auto const& answer) { return answer.status == 1; });
    CHECK_THAT(restarted.output, Catch::Contains("WARNING NODE-RESTARTED rabbit2@localhost: up for "));
    CHECK(check_until(cluster, words, is_ok).status == 0);
}

TEST_CASE("monitor check is CRITICAL within its deadline with a node paused, and OK again", "[cluster]")
{
    test::LiveCluster cluster;
    check_until(cluster, {}, is_ok);
    cluster.pause(3);
    auto const paused = check(cluster, {});
    INFO(paused.output);
    CHECK(paused.status == 2);
    CHECK_THAT(paused.output, Catch::Contains("NODE-SILENT rabbit3@localhost"));
    auto const memory = check_until(cluster, {"memory", "--deadline", "5s"},
                                    [](auto const& answer) { return answer.status == 3; }); // nobody knows the memory of the node that is silent
    CHECK_THAT(memory.output, Catch::Contains("UNKNOWN MEMORY-HIGH rabbit3@localhost"));
    cluster.resume(3);
    check_until(cluster, {}, is_ok);
}
