#include "health/alerts.hpp"
#include "support/catch.hpp"
#include "support/health_samples.hpp"

#include <nlohmann/json.hpp>

using namespace rmqha;
using namespace rmqha::health;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

Report report_at(std::chrono::system_clock::time_point time)
{
    Report report;
    report.context = "prod";
    report.time = time;
    return report;
}

Finding down(Severity severity = Severity::critical)
{
    return {"NODE-DOWN", severity, "r2@h2", "peers say it is not running", "start it", "node r2@h2"};
}

} // namespace

TEST_CASE("what counts becomes an alert that ends unless it is told again", "[alerts]")
{
    auto report = report_at(std::chrono::system_clock::from_time_t(1'700'000'000));
    report.findings = {down(), {"PARTITION", Severity::skipped, "cluster", "not told", {}, {}}};
    auto const alerts = json::parse(alerts_json(report, 5min));
    REQUIRE(alerts.size() == 1);
    CHECK(alerts[0].at("labels") ==
          json({{"alertname", "NODE-DOWN"}, {"cluster", "prod"}, {"object", "r2@h2"}, {"severity", "critical"}}));
    CHECK(alerts[0].at("annotations").at("summary") == "NODE-DOWN r2@h2");
    CHECK(alerts[0].at("annotations").at("description") == "peers say it is not running");
    CHECK(alerts[0].at("annotations").at("remedy") == "start it");
    CHECK(alerts[0].at("endsAt") == "2023-11-14T22:18:20.000Z");
}

TEST_CASE("what has gone ends now, under the labels it had", "[alerts]")
{
    auto const now = std::chrono::system_clock::from_time_t(1'700'000'000);
    auto report = report_at(now);
    report.gone = {{"NODE-DOWN", "r2@h2", now - 1h, Severity::warning}};
    auto const alerts = json::parse(alerts_json(report, 5min));
    REQUIRE(alerts.size() == 1);
    CHECK(alerts[0].at("labels").at("severity") == "warning");
    CHECK(alerts[0].at("startsAt") == "2023-11-14T21:13:20.000Z");
    CHECK(alerts[0].at("endsAt") == "2023-11-14T22:13:20.000Z");
}

TEST_CASE("what is there no more has gone; what could not be looked for has not", "[alerts]")
{
    auto report = report_at({});
    CHECK(gone_since({down()}, report).size() == 1);
    report.findings = {down()};
    CHECK(gone_since({down()}, report).empty());
    CHECK(gone_since({down(Severity::warning)}, report).size() == 1); // another severity is another alert
    report.findings = {{"ALARM-MEMORY", Severity::unknown, "cluster", "not asked", {}, {}}};
    report.findings.front().also = {"NODE-DOWN"};
    CHECK(gone_since({down()}, report).empty());
}

TEST_CASE("names that are no UTF-8 do not keep the others from being told", "[alerts]")
{
    auto report = report_at({});
    report.findings = {down()};
    report.findings.front().object = "queue \"\xff\"";
    CHECK(json::parse(alerts_json(report, 5min)).size() == 1);
}
