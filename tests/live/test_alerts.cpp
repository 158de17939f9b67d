#include "serve/endpoint.hpp"
#include "support/brokers.hpp"
#include "support/catch.hpp"
#include "support/running_rmqha.hpp"
#include "support/scripted_server.hpp"
#include "support/service.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>

using namespace rmqha;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

/// A real Alertmanager that notifies nobody.
class Alertmanager {
public:
    Alertmanager()
    {
        std::ofstream(m_folder / "alertmanager.yml") << "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n";
        m_service.emplace(std::vector<std::string>{
            test::installed_program("prometheus-alertmanager"),
            "--config.file=" + (m_folder / "alertmanager.yml").string(),
            "--storage.path=" + (m_folder / "data").string(),
            fmt::format("--web.listen-address=127.0.0.1:{}", m_port),
            "--cluster.listen-address=",
        });
        bool const ready = test::wait_until(3min, [&] { return alerts().is_array(); });
        INFO(m_service->log());
        REQUIRE(ready);
    }

    std::string url() const { return fmt::format("http://127.0.0.1:{}", m_port); }

    /// Those that have not ended; null without an answer.
    json alerts() const
    {
        base::Stop const never;
        auto const result =
            http::make_curl_transport()
                ->perform({{.url = url() + "/api/v2/alerts"}}, std::chrono::steady_clock::now() + 10s, never)
                .front();
        auto const* const response = std::get_if<http::Response>(&result);
        return response == nullptr ? json() : json::parse(response->body, nullptr, false);
    }

    bool has(std::string const& code, std::string const& object) const
    {
        auto const all = alerts();
        return std::any_of(all.begin(), all.end(), [&](json const& alert) {
            auto const& labels = alert.at("labels");
            return labels.at("alertname") == code && labels.at("object") == object;
        });
    }

private:
    test::TemporaryFolder m_folder;
    std::uint16_t m_port = serve::listen_at({"127.0.0.1", 0}).endpoint.port;
    std::optional<test::Service> m_service;
};

} // namespace

TEST_CASE("Alertmanager learns from check and serve that a node is down, and that it is back", "[cluster]")
{
    test::LiveCluster cluster;
    Alertmanager const manager;
    test::TemporaryFolder const folder;
    auto const check = [&] {
        return test::run_rmqha({"--context", cluster.name(), "monitor", "check", "nodes", "--state-file",
                                (folder / "state").string(), "--alertmanager", manager.url(), "--alert-lifetime",
                                "1h"});
    };
    REQUIRE(test::wait_until(3min, [&] { return check().status == 0; }));
    CHECK(manager.alerts().empty());
    cluster.kill(2);
    CHECK(test::wait_until(3min, [&] { return check().status == 2; }));
    CHECK(test::wait_until(3min, [&] { return check().status == 2 && manager.has("NODE-DOWN", "rabbit2@localhost"); }));
    cluster.restart(2);
    CHECK(test::wait_until(3min, [&] { return check().status == 0; }));
    CHECK(
        test::wait_until(3min, [&] { return check().status == 0 && !manager.has("NODE-DOWN", "rabbit2@localhost"); }));

    test::Service const exporter({test::rmqha_binary(), "--context", cluster.name(), "monitor", "serve", "--listen",
                                  "127.0.0.1:0", "--interval", "1s", "--alertmanager", manager.url(),
                                  "--alert-lifetime", "1h"});
    cluster.kill(3);
    CHECK(test::wait_until(3min, [&] { return manager.has("NODE-DOWN", "rabbit3@localhost"); }));
    cluster.restart(3);
    bool const over = test::wait_until(3min, [&] { return !manager.has("NODE-DOWN", "rabbit3@localhost"); });
    INFO(exporter.log() << manager.alerts().dump(2));
    CHECK(over);
}

TEST_CASE("an Alertmanager that does not answer is told of, and hides nothing", "[live]")
{
    test::LiveCluster const cluster;
    auto const port = test::refusing_port();
    base::Finished answer;
    CHECK(test::wait_until(3min, [&] {
        answer = test::run_rmqha({"--context", cluster.name(), "monitor", "check", "nodes", "--alertmanager",
                                  fmt::format("http://me:secret@127.0.0.1:{}", port)});
        return answer.status == 3;
    }));
    INFO(answer.output);
    CHECK_THAT(answer.output,
               Catch::Contains(fmt::format(
                   "UNKNOWN ALERTMANAGER rmqha: cannot tell the Alertmanager at http://127.0.0.1:{}: refused", port)));
    CHECK_THAT(answer.output, !Catch::Contains("secret"));
}

TEST_CASE("commands of check and serve are given what begins and what has gone, once", "[cluster]")
{
    test::LiveCluster cluster;
    test::TemporaryFolder const folder;
    auto const notices = [&](std::string const& file) {
        std::ifstream in(folder / file);
        std::vector<std::string> found;
        for (std::string line; std::getline(in, line);) {
            auto const notice = json::parse(line);
            auto const& finding = notice.at("finding");
            if (finding.at("code") == "NODE-DOWN") {
                found.push_back(fmt::format("{} {}", notice.at("status").get<std::string>(),
                                            finding.at("object").get<std::string>()));
            }
        }
        return found;
    };
    auto const check = [&] {
        return test::run_rmqha({"--context", cluster.name(), "monitor", "check", "nodes", "--state-file",
                                (folder / "state").string(), "--exec", "cat >>" + (folder / "checked").string()});
    };
    test::Service const exporter({test::rmqha_binary(), "--context", cluster.name(), "monitor", "serve", "--listen",
                                  "127.0.0.1:0", "--interval", "1s", "--exec",
                                  "cat >>" + (folder / "served").string()});
    auto const down = [&](auto const& told) { return told == std::vector<std::string>{"firing rabbit2@localhost"}; };
    auto const over = [&](auto const& told) { // it may flap while it boots
        return !told.empty() && told.front() == "firing rabbit2@localhost" &&
               told.back() == "resolved rabbit2@localhost";
    };
    REQUIRE(test::wait_until(3min, [&] { return check().status == 0; }));
    cluster.kill(2);
    CHECK(test::wait_until(3min, [&] { return check().status == 2; }));
    CHECK(check().status == 2);
    CHECK(down(notices("checked")));
    CHECK(test::wait_until(3min, [&] { return down(notices("served")); }));
    cluster.restart(2);
    CHECK(test::wait_until(3min, [&] { return check().status == 0; }));
    CHECK(over(notices("checked")));
    CHECK(test::wait_until(3min, [&] { return over(notices("served")); }));
}

TEST_CASE("a command that fails, and one that never ends, is told of in time, and hides nothing", "[cluster]")
{
    test::LiveCluster cluster;
    cluster.kill(2);
    base::Finished answer;
    auto const check = [&](std::string const& command, std::string const& text) {
        bool const came = test::wait_until(3min, [&] {
            answer = test::run_rmqha({"--context", cluster.name(), "monitor", "check", "NODE-DOWN", "--exec", command,
                                      "--exec-timeout", "1s"});
            return answer.status == 2 && answer.output.find(text) != std::string::npos;
        });
        INFO(answer.output);
        CHECK(came);
        CHECK_THAT(answer.output, Catch::Contains("NODE-DOWN rabbit2@localhost"));
    };
    check("echo no mail >&2; exit 4",
          "UNKNOWN EXEC rmqha: \"echo no mail >&2; exit 4\" failed for 1 of 1 findings: exit status 4: no mail");
    check("sleep 1000", "did not end in time and was killed");
}
