#include "support/brokers.hpp"
#include "support/catch.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

using namespace rmqha;
using namespace std::chrono_literals;

namespace {

/// The cluster under test, as `rmqha monitor status` shows it and as rmqha itself disturbs it.
class Monitored {
public:
    base::Finished status(std::vector<std::string> const& options = {}) const
    {
        std::vector<std::string> arguments{"--context", cluster.name(), "monitor", "status"};
        arguments.insert(arguments.end(), options.begin(), options.end());
        return test::run_rmqha(arguments);
    }

    /// Asks until the answer is as wanted; fails after a minute with the last one.
    template <typename Wanted>
    nlohmann::json json_until(Wanted wanted) const
    {
        nlohmann::json json;
        base::Finished answer;
        bool const came = test::wait_until(1min, [&] {
            answer = status({"--format", "json"});
            json = nlohmann::json::parse(answer.output, nullptr, false);
            return json.is_object() && wanted(json);
        });
        INFO("still not as wanted after a minute: " << answer.output << answer.errors);
        REQUIRE(came);
        return json;
    }

    test::LiveCluster cluster;
};

bool has(nlohmann::json const& status, std::string const& code, std::string const& severity)
{
    auto const& findings = status.at("findings");
    return std::any_of(findings.begin(), findings.end(), [&](auto const& finding) {
        return finding.at("code") == code && finding.at("severity") == severity;
    });
}

bool is_ok(nlohmann::json const& status)
{
    return status.at("state") == "OK";
}

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
