#include "cmd/monitor_diff_page.hpp"

#include "support/catch.hpp"

#include <nlohmann/json.hpp>

using namespace rmqha;

namespace {

cmd::Comparison sample()
{
    cmd::Comparison comparison;
    for (auto* const moment : {&comparison.before, &comparison.after}) {
        moment->time = std::chrono::sys_days(std::chrono::year(2026) / 1 / 31);
        moment->cluster = "prod";
        moment->state = "OK";
        moment->score = 100;
    }
    comparison.before_from = "prod.ndjson";
    comparison.after_from = "now";
    return comparison;
}

} // namespace

TEST_CASE("no difference is said, with what could not be compared")
{
    auto comparison = sample();
    comparison.difference.not_compared = {"queues: not told at the first moment"};
    CHECK(cmd::diff_page(comparison, {}) == "- 2026-01-31T00:00:00.000Z  prod.ndjson  prod: OK score 100\n"
                                            "+ 2026-01-31T00:00:00.000Z  now  prod: OK score 100\n"
                                            "\n"
                                            "no difference\n"
                                            "? not compared: queues: not told at the first moment\n");
}

TEST_CASE("a difference has a line for each change")
{
    auto comparison = sample();
    comparison.difference.changes = {{"node", "r2", "running", "down"},
                                     {"finding", "NODE-DOWN r2", "", "CRITICAL: refused"},
                                     {"leader", "queue \"a\" in vhost \"/\"", "r2", "r1"},
                                     {"queue", "queue \"b\" in vhost \"/\"", "quorum", ""}};
    auto const page = cmd::diff_page(comparison, {});
    CHECK_THAT(page, Catch::EndsWith("~ node r2: running → down\n"
                                     "+ finding NODE-DOWN r2: CRITICAL: refused\n"
                                     "~ leader queue \"a\" in vhost \"/\": r2 → r1\n"
                                     "- queue \"b\" in vhost \"/\": quorum\n"));
    auto const json = nlohmann::json::parse(cmd::diff_json(comparison));
    CHECK(json["before"]["from"] == "prod.ndjson");
    CHECK(json["changes"].size() == 4);
    CHECK(json["changes"][1]["before"].is_null());
    CHECK(json["changes"][3]["after"].is_null());
    auto const lines = cmd::diff_ndjson(comparison);
    CHECK(std::count(lines.begin(), lines.end(), '\n') == 4);
}

TEST_CASE("of ten thousand changes of a kind a page has the first twenty, JSON all")
{
    auto comparison = sample();
    for (int i = 0; i < 10'000; ++i) {
        comparison.difference.changes.push_back({"leader", "queue " + std::to_string(i), "r1", "r2"});
    }
    comparison.difference.changes.push_back({"policy", "policy \"p\"", "", "x"});
    auto const page = cmd::diff_page(comparison, {});
    CHECK_THAT(page, Catch::Contains("queue 19:") && !Catch::Contains("queue 20:") &&
                         Catch::Contains("… and 9,980 more of leader (--format json lists all)\n+ policy \"p\": x\n"));
    CHECK(nlohmann::json::parse(cmd::diff_json(comparison))["changes"].size() == 10'001);
}
