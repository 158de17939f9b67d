#include "cmd/monitor_notice_json.hpp"

#include "support/catch.hpp"

#include <nlohmann/json.hpp>

using namespace rmqha;
using nlohmann::json;

TEST_CASE("a command reads what has begun and what has gone, each as a document of one line")
{
    health::Report report;
    report.context = "prod";
    report.time = std::chrono::system_clock::from_time_t(1'700'000'000);
    report.begun = {{"NODE-DOWN", health::Severity::critical, "r2@h2", "peers say so \xff", "start it", "node r2@h2"},
                    {"PARTITION", health::Severity::skipped, "cluster", "not told", {}, {}}};
    report.gone = {{"QUEUE-BACKLOG", "queue \"a\nb\"", report.time, health::Severity::warning}};
    auto const notices = cmd::notices_of(report);
    REQUIRE(notices.size() == 2);
    for (auto const& notice : notices) {
        CHECK(notice.find('\n') == notice.size() - 1);
    }
    auto const begun = json::parse(notices[0]);
    CHECK(begun.at("schema_version") == 1);
    CHECK(begun.at("status") == "firing");
    CHECK(begun.at("context") == "prod");
    CHECK(begun.at("time") == "2023-11-14T22:13:20.000Z");
    CHECK(begun.at("finding").at("code") == "NODE-DOWN");
    CHECK(begun.at("finding").at("severity") == "CRITICAL");
    CHECK(begun.at("finding").at("remedy") == "start it");
    auto const gone = json::parse(notices[1]);
    CHECK(gone.at("status") == "resolved");
    CHECK(gone.at("finding") == json({{"code", "QUEUE-BACKLOG"},
                                      {"severity", "WARNING"},
                                      {"object", "queue \"a\nb\""},
                                      {"since", "2023-11-14T22:13:20.000Z"}}));
}
