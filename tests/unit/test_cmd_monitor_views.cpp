#include "cmd/monitor_views_page.hpp"

#include "support/catch.hpp"
#include "support/health_samples.hpp"

#include <nlohmann/json.hpp>

#include <vector>

using namespace rmqha;

namespace {

cmd::Status views_of(health::Snapshot snapshot)
{
    cmd::Status status;
    status.snapshot = std::move(snapshot);
    status.findings = health::findings_of(status.snapshot, {});
    std::erase_if(status.findings, [](auto const& finding) { return !cmd::is_about_views(finding); });
    return status;
}

health::Snapshot divided()
{
    auto snapshot = test::healthy_snapshot();
    snapshot.nodes[0].view->running = {"r1@h1", "r2@h2"};
    snapshot.nodes[1].view->running = {"r1@h1", "r2@h2"};
    snapshot.nodes[2].view->running = {"r3@h3"};
    return snapshot;
}

} // namespace

TEST_CASE("nodes that agree are shown as a matrix and nothing else")
{
    auto const status = views_of(test::healthy_snapshot());
    CHECK(cmd::views_page(status, {}) == R"(prod: the nodes agree; 3 of 3 tell who runs

   NODE   SEES 1  SEES 2  SEES 3  TOLD BY
1  r1@h1  up      up      up      management
2  r2@h2  up      up      up      management
3  r3@h3  up      up      up      management
)");
    CHECK_FALSE(cmd::views_disagree(status));
    CHECK(cmd::views_complete(status));
}

TEST_CASE("what nodes differ on is marked, also without colour")
{
    auto const status = views_of(divided());
    CHECK(cmd::views_disagree(status));
    auto const page = cmd::views_page(status, {});
    CHECK_THAT(page, Catch::StartsWith("prod: the nodes do not agree; 3 of 3 tell who runs"));
    CHECK_THAT(page, Catch::Contains("1  r1@h1  up !    up !    down !  management"));
    CHECK_THAT(page, Catch::Contains("3  r3@h3  down !  down !  up !    management"));
    CHECK_THAT(page, Catch::Contains("VIEWS-DISAGREE"));
}

TEST_CASE("a view over metrics does not contradict one over management")
{
    auto snapshot = divided();
    snapshot.nodes[2].view->source = "metrics";
    auto const status = views_of(std::move(snapshot));
    CHECK_FALSE(cmd::views_disagree(status));
    CHECK_THAT(cmd::views_page(status, {}), Catch::Contains("3  r3@h3  down    down    up      metrics"));
}

TEST_CASE("a running node that does not tell leaves the views incomplete, a node that is down does not")
{
    auto snapshot = test::healthy_snapshot();
    snapshot.nodes[1].view.reset();
    snapshot.nodes[1].why = "management says nothing";
    auto status = views_of(snapshot);
    CHECK_FALSE(cmd::views_complete(status));
    CHECK_THAT(cmd::views_page(status, {}), Catch::Contains("2  r2@h2  -       -       -       nobody\n"));
    CHECK_THAT(cmd::views_page(status, {}), Catch::EndsWith("\nr2@h2: management says nothing\n"));

    snapshot.nodes[1].state = health::NodeState::down;
    CHECK(cmd::views_complete(views_of(snapshot)));
}

TEST_CASE("one node alone agrees with nobody")
{
    auto snapshot = test::healthy_snapshot();
    snapshot.nodes[0].view.reset();
    snapshot.nodes[1].view.reset();
    CHECK_THAT(cmd::views_page(views_of(snapshot), {}), Catch::Contains("too few tell to compare; 1 of 3"));
}

TEST_CASE("a member that nobody configured has its column; JSON names who is not seen")
{
    auto snapshot = divided();
    snapshot.nodes[0].view->running.insert("r4@h4");
    auto const status = views_of(std::move(snapshot));
    CHECK_THAT(cmd::views_page(status, {}), Catch::Contains("SEES 4"));
    auto const json = nlohmann::json::parse(cmd::views_json(status, false));
    CHECK(json.at("agree") == false);
    CHECK(json.at("nodes")[0].at("not_running") == std::vector<std::string>{"r3@h3"});
    CHECK(json.at("nodes")[2].at("not_running") == std::vector<std::string>{"r1@h1", "r2@h2", "r4@h4"});
    CHECK_FALSE(json.at("findings").empty());
}
