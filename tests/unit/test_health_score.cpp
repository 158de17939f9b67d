#include "health/score.hpp"
#include "support/catch.hpp"
#include "support/health_samples.hpp"

using namespace rmqha;
using namespace rmqha::health;
using test::healthy_snapshot;

namespace {

Score score(Snapshot const& snapshot)
{
    return score_of(snapshot, findings_of(snapshot, {}));
}

} // namespace

TEST_CASE("a healthy cluster scores 100 and is OK")
{
    auto const result = score(healthy_snapshot());
    CHECK(result.value == 100);
    CHECK(result.state == Severity::ok);
    CHECK(result.deductions.empty());
    CHECK_FALSE(result.partial);
}

TEST_CASE("availability is by weight: a heavy node counts more")
{
    auto snapshot = healthy_snapshot();
    snapshot.queues->clear();
    snapshot.nodes[0].weight = 8;
    test::take_down(snapshot, 2);
    auto const result = score(snapshot);
    CHECK(result.weight_up == 9);
    CHECK(result.weight_all == 10);
    CHECK(result.availability == Approx(90));
    CHECK(result.value == 79); // a critical finding caps
    CHECK(result.capped);
    CHECK(result.state == Severity::critical);
}

TEST_CASE("a cause costs its most expensive finding once, however many findings share it")
{
    auto snapshot = healthy_snapshot();
    for (int i = 0; i < 50; ++i) {
        snapshot.queues->push_back(test::healthy_queue("q" + std::to_string(i)));
    }
    snapshot.queues->front().leader = "r3@h3"; // this one is down, the others are short of a member
    test::take_down(snapshot, 3);
    auto const result = score(snapshot);
    REQUIRE(result.deductions.size() == 2); // the node, and 50 leaders on one of the two that are left
    CHECK(result.deductions[0].cause == "node r3@h3");
    CHECK(result.deductions[0].code == "QUEUE-DOWN");
    CHECK(result.deductions[0].points == points_of("QUEUE-DOWN"));
    CHECK(result.deductions[0].findings == 52);
    CHECK(result.value == 66 - points_of("QUEUE-DOWN") - points_of("LEADERS-SKEWED"));
}

TEST_CASE("different causes add up, and the sum can be done by hand")
{
    auto snapshot = healthy_snapshot();
    snapshot.nodes[0].fds_used = 999;
    snapshot.nodes[1].fds_used = 999;
    snapshot.nodes[2].version = "4.1.0";
    auto const result = score(snapshot);
    int sum = 100;
    for (auto const& deduction : result.deductions) {
        sum -= deduction.points;
    }
    CHECK(result.deductions.size() == 3);
    CHECK(result.value == sum);
    CHECK(result.value == 100 - 2 * points_of("FDS-HIGH") - points_of("VERSIONS-MIXED"));
    CHECK(result.state == Severity::warning);
    CHECK_FALSE(result.capped);
}

TEST_CASE("the score never falls below 0")
{
    auto snapshot = healthy_snapshot();
    for (int i = 1; i <= 3; ++i) {
        test::take_down(snapshot, i);
    }
    CHECK(score(snapshot).value == 0);
    snapshot.nodes.clear();
    CHECK(score(snapshot).value == 0);
}

TEST_CASE("what is not known costs no points but makes the score partial; what is skipped does neither")
{
    auto snapshot = healthy_snapshot();
    snapshot.gaps = {{"PARTITION", "cluster", "not told", "", true}};
    CHECK(score(snapshot).state == Severity::ok);
    CHECK_FALSE(score(snapshot).partial);
    snapshot.gaps.push_back({"QUEUE-DOWN", "queues", "no answer", "", false});
    auto const result = score(snapshot);
    CHECK(result.value == 100);
    CHECK(result.state == Severity::unknown);
    CHECK(result.partial);
    CHECK(result.deductions.empty());
}

TEST_CASE("every finding has its points in the table")
{
    for (std::string const code :
         {"NODE-UNREACHABLE", "NODE-MAINTENANCE", "VIEWS-DISAGREE", "PARTITION", "ALARM-MEMORY", "ALARM-DISK",
          "MEMORY-HIGH", "DISK-LOW", "FDS-HIGH", "QUEUE-DOWN", "QUEUE-CRITICAL", "QUEUE-UNDER-REPLICATED",
          "MIRROR-UNSYNCED", "QUEUE-BACKLOG", "QUEUE-NO-CONSUMER", "VERSIONS-MIXED", "LEADERS-SKEWED"}) {
        INFO(code);
        CHECK(points_of(code) > 0);
    }
    CHECK(points_of("NODE-DOWN") == 0); // availability counts it
}
