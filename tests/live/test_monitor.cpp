#include "monitored.hpp"

#include "support/catch.hpp"
#include "support/scripted_server.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

using namespace rmqha;
using namespace std::chrono_literals;
using test::has;
using test::is_ok;
using test::Monitored;

namespace {

/// The status when, of the cluster's nodes, that of this number (4: one more) is reached at `port` only; 5 s for it.
struct SeenAt {
    SeenAt(test::LiveCluster const& cluster, std::size_t number, std::uint16_t port)
    {
        auto nodes = cluster.nodes();
        nodes.resize(std::max(nodes.size(), number));
        nodes[number - 1] = {.host = "127.0.0.1",
                             .port = port,
                             .management_port = port,
                             .prometheus_port = port,
                             .name = fmt::format("rabbit{}@localhost", number)};
        std::vector<std::string> arguments{"monitor", "status", "--format", "json", "--deadline", "5s"};
        arguments.insert(arguments.end(), {"--user", cluster.credentials().user});
        for (auto const& one : nodes) {
            arguments.insert(arguments.end(), {"--node", config::to_text(one)});
        }
        answer = test::run_rmqha(arguments, {"RMQHA_PASSWORD=" + cluster.credentials().password});
        INFO(answer.output << answer.errors);
        json = nlohmann::json::parse(answer.output, nullptr, false);
        REQUIRE(json.is_object());
        node = json.at("nodes").at(number - 1);
    }

    base::Finished answer;
    nlohmann::json json;
    nlohmann::json node;
};

} // namespace

TEST_CASE("monitor status sees a node killed, the queue at risk, and the node's return", "[cluster]")
{
    Monitored monitored;
    auto const& name = monitored.cluster.name();
    test::TemporaryQueue const queue(monitored.cluster, "orders");
    monitored.json_until(is_ok);
    auto const healthy = monitored.status();
    CHECK(healthy.status == 0);
    CHECK_THAT(healthy.output, Catch::Contains("OK  score 100 of 100"));
    REQUIRE(test::run_rmqha({"--context", name, "queue", "declare", queue.name(), "--type", "quorum"}).status == 0);

    monitored.cluster.kill(2);
    auto const down = monitored.json_until([](auto const& status) {
        return has(status, "NODE-DOWN", "CRITICAL") && has(status, "QUEUE-CRITICAL", "WARNING");
    });
    CHECK(down.at("score").at("value") <= 79);
    CHECK(down.at("nodes").size() == 3);
    auto const page = monitored.status();
    CHECK(page.status == 1);
    CHECK_THAT(page.output, Catch::Contains("NODE-DOWN rabbit2@localhost"));

    monitored.cluster.restart(2);
    monitored.json_until(is_ok);
}

TEST_CASE("monitor status answers in time with a node paused", "[cluster]")
{
    Monitored monitored;
    monitored.json_until(is_ok);
    monitored.cluster.pause(3);
    auto const page = monitored.status({"--deadline", "6s"});
    CHECK(page.status == 1); // and not 75: there was an answer by the deadline
    CHECK_THAT(page.output, Catch::Contains("NODE-SILENT rabbit3@localhost"));
    CHECK_THAT(page.output, Catch::Contains("partial: not everything could be asked"));
    CHECK_THAT(page.output, Catch::Contains("UNKNOWN   PARTITION"));
    monitored.cluster.resume(3);
    monitored.json_until(is_ok);
}

TEST_CASE("monitor status sees a memory alarm on the node that has it", "[cluster]")
{
    Monitored monitored;
    auto& cluster = monitored.cluster;
    cluster.tool(1, {"rabbitmqctl", "set_vm_memory_high_watermark", "0.0001"});
    auto const alarm = monitored.json_until([](auto const& status) { return has(status, "ALARM-MEMORY", "CRITICAL"); });
    CHECK(alarm.at("nodes")[0].at("memory_alarm") == true);
    CHECK(alarm.at("nodes")[1].at("memory_alarm") == false);
    CHECK(monitored.status().status == 1);
    cluster.tool(1, {"rabbitmqctl", "set_vm_memory_high_watermark", "0.4"});
    monitored.json_until(is_ok);
}

TEST_CASE("monitor status takes a node whose RabbitMQ is stopped for down, though Erlang runs", "[cluster]")
{
    Monitored monitored;
    monitored.cluster.tool(3, {"rabbitmqctl", "stop_app"});
    auto const stopped = monitored.json_until([](auto const& status) { return has(status, "NODE-DOWN", "CRITICAL"); });
    CHECK(stopped.at("nodes")[2].at("state") == "down");
    CHECK_THAT(stopped.at("nodes")[2].at("why").get<std::string>(), Catch::Contains("peers say it is not running"));
    monitored.cluster.tool(3, {"rabbitmqctl", "start_app"});
    monitored.json_until(is_ok);
}

TEST_CASE("monitor views shows a node that has lost its peers, and that all agree again", "[cluster]")
{
    Monitored monitored;
    auto const views = [&] {
        auto const answer =
            test::run_rmqha({"--context", monitored.cluster.name(), "monitor", "views", "--format", "json"});
        return std::pair(answer.status, nlohmann::json::parse(answer.output, nullptr, false));
    };
    monitored.json_until(is_ok);
    CHECK(views().first == 0);

    test::Isolated isolated(monitored.cluster, 3);
    nlohmann::json divided;
    CHECK(test::wait_until(3min, [&] {
        auto const [status, json] = views();
        divided = json;
        return status == 1 && json.at("nodes")[2].at("not_running").size() == 2;
    }));
    INFO(divided.dump(2));
    CHECK(divided.at("agree") == false);
    CHECK(divided.at("findings")[0].at("severity") == "CRITICAL");
    CHECK(has(divided, "VIEWS-DISAGREE", "CRITICAL"));

    isolated.heal();
    monitored.json_until(is_ok);
    CHECK(views().first == 0);
}

TEST_CASE("monitor status names a node whose packets vanish, and answers by the deadline", "[live]")
{
    test::LiveCluster const cluster;
    test::BlackHole const hole;
    SeenAt const gone(cluster, 4, hole.port());
    CHECK(gone.answer.status == 1); // and not 75: there was an answer by the deadline
    CHECK(gone.node.at("name") == "rabbit4@localhost");
    CHECK(gone.node.at("amqp").at("reason") == "connecting timed out");
    CHECK(has(gone.json, "NODE-DOWN", "CRITICAL"));

    // That its peers see it running is no alarm yet: the way from here is what is broken.
    SeenAt const cut_off(cluster, 3, hole.port());
    CHECK((cut_off.answer.status == 0 || cut_off.answer.status == 3)); // 3: a busy broker left something unanswered
    CHECK(cut_off.node.at("name") == "rabbit3@localhost");
    CHECK(cut_off.node.at("state") == "unreachable");
    CHECK(has(cut_off.json, "NODE-UNREACHABLE", "WARNING"));
}

TEST_CASE("monitor status names a node that accepts and says nothing, and answers by the deadline", "[live]")
{
    test::LiveCluster const cluster;
    test::ScriptedServer const mute([](test::Peer& peer) { peer.stay_silent(); });
    SeenAt const silent(cluster, 3, mute.port());
    CHECK(silent.answer.status == 1);
    CHECK(silent.node.at("name") == "rabbit3@localhost");
    CHECK(silent.node.at("state") == "silent");
    CHECK(has(silent.json, "NODE-SILENT", "CRITICAL"));
}
