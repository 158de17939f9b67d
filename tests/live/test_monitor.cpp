#include "base/process.hpp"
#include "base/stop.hpp"
#include "support/catch.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>

using namespace rmqha;
using namespace std::chrono_literals;

namespace {

/// A local cluster of three nodes of one RabbitMQ version, made and disturbed with rmqha itself; gone with the object.
class Cluster {
public:
    explicit Cluster(std::string const& version)
    {
        std::string pattern = std::filesystem::temp_directory_path() / "rmqha-monitor-XXXXXX";
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        m_state = pattern;
        base::Command brokers;
        brokers.argv = {RMQHA_SCRIPTS "/brokers", version};
        auto const options = finish(brokers, 10min);
        REQUIRE(options.status == 0);
        std::vector<std::string> up{"cluster", "up", "--name", "monitor"};
        std::istringstream words(options.output);
        for (std::string word; words >> word;) {
            up.push_back(word);
        }
        auto const started = rmqha(up);
        INFO(started.errors);
        REQUIRE(started.status == 0);
        json_until([](auto const& status) { return status.at("state") == "OK"; });
    }
    Cluster(Cluster const&) = delete;
    Cluster& operator=(Cluster const&) = delete;
    ~Cluster()
    {
        rmqha({"cluster", "down", "--name", "monitor"});
        std::filesystem::remove_all(m_state);
    }

    base::Finished rmqha(std::vector<std::string> arguments) const
    {
        base::Command command;
        command.argv = {RMQHA_BINARY};
        std::move(arguments.begin(), arguments.end(), std::back_inserter(command.argv));
        command.environment = {"XDG_STATE_HOME=" + m_state, "XDG_CONFIG_HOME=" + m_state};
        return finish(command, 5min);
    }

    base::Finished status(std::vector<std::string> options = {}) const
    {
        std::vector<std::string> arguments{"--context", "monitor", "monitor", "status"};
        std::move(options.begin(), options.end(), std::back_inserter(arguments));
        return rmqha(arguments);
    }

    /// Asks until the answer is as wanted; fails after a minute with the last one.
    template <typename Wanted>
    nlohmann::json json_until(Wanted wanted) const
    {
        auto const deadline = std::chrono::steady_clock::now() + 1min;
        for (;;) {
            auto const answer = status({"--format", "json"});
            auto const json = nlohmann::json::parse(answer.output, nullptr, false);
            if (json.is_object() && wanted(json)) {
                return json;
            }
            if (std::chrono::steady_clock::now() > deadline) {
                FAIL("still not as wanted after a minute: " << answer.output << answer.errors);
            }
        }
    }

private:
    static base::Finished finish(base::Command const& command, base::milliseconds within)
    {
        base::Stop const stop;
        return base::run(command, std::chrono::steady_clock::now() + within, stop);
    }

    std::string m_state;
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

void sees_a_killed_node_and_its_return(Cluster const& cluster)
{
    auto const healthy = cluster.status();
    CHECK(healthy.status == 0);
    CHECK_THAT(healthy.output, Catch::Contains("OK  score 100 of 100"));
    REQUIRE(cluster.rmqha({"--context", "monitor", "queue", "declare", "orders", "--type", "quorum"}).status == 0);

    REQUIRE(cluster.rmqha({"cluster", "kill", "--name", "monitor", "rabbit2"}).status == 0);
    auto const down = cluster.json_until([](auto const& status) {
        return has(status, "NODE-DOWN", "CRITICAL") && has(status, "QUEUE-CRITICAL", "WARNING");
    });
    CHECK(down.at("score").at("value") <= 79);
    CHECK(down.at("nodes").size() == 3);
    auto const page = cluster.status();
    CHECK(page.status == 1);
    CHECK_THAT(page.output, Catch::Contains("NODE-DOWN rabbit2@localhost"));

    REQUIRE(cluster.rmqha({"cluster", "restart", "--name", "monitor", "rabbit2"}).status == 0);
    cluster.json_until(is_ok);
}

void answers_in_time_with_a_node_paused(Cluster const& cluster)
{
    REQUIRE(cluster.rmqha({"cluster", "pause", "--name", "monitor", "rabbit3"}).status == 0);
    auto const page = cluster.status({"--deadline", "6s"});
    CHECK(page.status == 1); // and not 75: there was an answer by the deadline
    CHECK_THAT(page.output, Catch::Contains("NODE-SILENT rabbit3@localhost"));
    CHECK_THAT(page.output, Catch::Contains("partial: not everything could be asked"));
    CHECK_THAT(page.output, Catch::Contains("UNKNOWN   PARTITION"));
    REQUIRE(cluster.rmqha({"cluster", "resume", "--name", "monitor", "rabbit3"}).status == 0);
    cluster.json_until(is_ok);
}

void sees_alarms_and_a_stopped_app(Cluster const& cluster)
{
    auto const ctl = [&](std::vector<std::string> words) {
        words.insert(words.begin(), {"cluster", "ctl", "--name", "monitor"});
        auto const done = cluster.rmqha(words);
        INFO(done.errors);
        REQUIRE(done.status == 0);
    };
    ctl({"rabbit1", "--", "rabbitmqctl", "set_vm_memory_high_watermark", "0.0001"});
    auto const alarm = cluster.json_until([](auto const& status) { return has(status, "ALARM-MEMORY", "CRITICAL"); });
    CHECK(alarm.at("nodes")[0].at("memory_alarm") == true);
    CHECK(alarm.at("nodes")[1].at("memory_alarm") == false);
    CHECK(cluster.status().status == 1);
    ctl({"rabbit1", "--", "rabbitmqctl", "set_vm_memory_high_watermark", "0.4"});

    ctl({"rabbit3", "--", "rabbitmqctl", "stop_app"});
    auto const stopped = cluster.json_until([](auto const& status) { return has(status, "NODE-DOWN", "CRITICAL"); });
    CHECK(stopped.at("nodes")[2].at("state") == "down");
    CHECK_THAT(stopped.at("nodes")[2].at("why").get<std::string>(), Catch::Contains("peers say it is not running"));
}

void tells_the_truth_about(std::string const& version)
{
    Cluster const cluster(version);
    sees_a_killed_node_and_its_return(cluster);
    answers_in_time_with_a_node_paused(cluster);
    sees_alarms_and_a_stopped_app(cluster);
}

} // namespace

TEST_CASE("monitor status sees nodes killed, paused, in alarm and stopped, on RabbitMQ 3.10")
{
    tells_the_truth_about("3.10");
}

TEST_CASE("monitor status sees nodes killed, paused, in alarm and stopped, on RabbitMQ 4.0")
{
    tells_the_truth_about("4.0");
}
