#include "health/alerts.hpp"
#include "support/catch.hpp"
#include "support/health_samples.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

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

namespace {

/// What has begun and what has gone, as "NODE-DOWN CRITICAL r2@h2".
struct Changes {
    std::vector<std::string> begun;
    std::vector<std::string> gone;
};

Changes after(std::vector<Finding>& counted, std::vector<Finding> const& findings, bool reached = true)
{
    auto report = report_at({});
    report.findings = findings;
    compare(counted, report, reached);
    Changes changes;
    auto const text = [](auto const& one) {
        return one.code + " " + std::string(to_string(one.severity)) + " " + one.object;
    };
    std::transform(report.begun.begin(), report.begun.end(), std::back_inserter(changes.begun), text);
    std::transform(report.gone.begin(), report.gone.end(), std::back_inserter(changes.gone), text);
    return changes;
}

using Words = std::vector<std::string>;

} // namespace

TEST_CASE("what counts begins once, and goes when it is there no more", "[alerts]")
{
    std::vector<Finding> counted;
    CHECK(after(counted, {down()}).begun == Words{"NODE-DOWN CRITICAL r2@h2"});
    auto const again = after(counted, {down()});
    CHECK(again.begun.empty());
    CHECK(again.gone.empty());
    CHECK(after(counted, {}).gone == Words{"NODE-DOWN CRITICAL r2@h2"});
    CHECK(after(counted, {}).gone.empty());
    CHECK(after(counted, {{"PARTITION", Severity::skipped, "cluster", "not told", {}, {}}}).begun.empty());
}

TEST_CASE("another severity is another alert", "[alerts]")
{
    std::vector<Finding> counted{down(Severity::warning)};
    auto const worse = after(counted, {down()});
    CHECK(worse.begun == Words{"NODE-DOWN CRITICAL r2@h2"});
    CHECK(worse.gone == Words{"NODE-DOWN WARNING r2@h2"});
}

TEST_CASE("what could not be looked for has neither gone nor begun again", "[alerts]")
{
    std::vector<Finding> counted{down()};
    Finding not_asked{"ALARM-MEMORY", Severity::unknown, "cluster", "not asked", {}, {}};
    not_asked.also = {"NODE-DOWN"};
    CHECK(after(counted, {not_asked}).gone.empty());
    auto const back = after(counted, {down()});
    CHECK(back.begun.empty());
    CHECK(back.gone == Words{"ALARM-MEMORY UNKNOWN cluster"});
    CHECK(after(counted, {}).gone == Words{"NODE-DOWN CRITICAL r2@h2"});
}

TEST_CASE("while no node answers nothing goes, and that none does begins once", "[alerts]")
{
    std::vector<Finding> counted{down()};
    Finding const unreachable{"UNREACHABLE", Severity::critical, "cluster", "no node answers", {}, {}};
    auto const lost = after(counted, {unreachable}, false);
    CHECK(lost.begun == Words{"UNREACHABLE CRITICAL cluster"});
    CHECK(lost.gone.empty());
    CHECK(after(counted, {unreachable}, false).begun.empty());
    CHECK(after(counted, {}).gone == Words{"NODE-DOWN CRITICAL r2@h2", "UNREACHABLE CRITICAL cluster"});
}

TEST_CASE("names that are no UTF-8 do not keep the others from being told", "[alerts]")
{
    auto report = report_at({});
    report.findings = {down()};
    report.findings.front().object = "queue \"\xff\"";
    CHECK(json::parse(alerts_json(report, 5min)).size() == 1);
}
