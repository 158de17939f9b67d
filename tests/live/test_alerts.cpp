#include "serve/endpoint.hpp"
#include "support/brokers.hpp"
#include "support/catch.hpp"
#include "support/running_rmqha.hpp"
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
        bool const ready = test::wait_until(1min, [&] { return alerts().is_array(); });
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
    REQUIRE(test::wait_until(1min, [&] { return check().status == 0; }));
    CHECK(manager.alerts().empty());
    cluster.kill(2);
    CHECK(test::wait_until(1min, [&] { return check().status == 2; }));
    CHECK(manager.has("NODE-DOWN", "rabbit2@localhost"));
    cluster.restart(2);
    CHECK(test::wait_until(1min, [&] { return check().status == 0; }));
    CHECK_FALSE(manager.has("NODE-DOWN", "rabbit2@localhost"));

    test::Service const exporter({test::rmqha_binary(), "--context", cluster.name(), "monitor", "serve", "--listen",
                                  "127.0.0.1:0", "--interval", "1s", "--alertmanager", manager.url(),
                                  "--alert-lifetime", "1h"});
    cluster.kill(3);
    CHECK(test::wait_until(1min, [&] { return manager.has("NODE-DOWN", "rabbit3@localhost"); }));
    cluster.restart(3);
    bool const over = test::wait_until(1min, [&] { return !manager.has("NODE-DOWN", "rabbit3@localhost"); });
    INFO(exporter.log() << manager.alerts().dump(2));
    CHECK(over);
}

TEST_CASE("an Alertmanager that does not answer is told of, and hides nothing", "[live]")
{
    test::LiveCluster const cluster;
    auto const port = serve::listen_at({"127.0.0.1", 0}).endpoint.port;
    auto const answer = test::run_rmqha({"--context", cluster.name(), "monitor", "check", "nodes", "--alertmanager",
                                         fmt::format("http://me:secret@127.0.0.1:{}", port)});
    INFO(answer.output);
    CHECK(answer.status == 3);
    CHECK_THAT(answer.output,
               Catch::Contains(fmt::format(
                   "UNKNOWN ALERTMANAGER rmqha: cannot tell the Alertmanager at http://127.0.0.1:{}: refused", port)));
    CHECK_THAT(answer.output, !Catch::Contains("secret"));
}
