#include "cluster/node_score.hpp"
#include "support/catch.hpp"

#include <numeric>

using namespace rmqha;
using namespace std::chrono_literals;
using cluster::node_score;
using cluster::NodeFigures;

namespace {

/// The points this node loses, which must be the one deduction told.
int only_deduction(NodeFigures const& node, std::string const& reason, std::optional<base::Duration> best = {})
{
    auto const result = node_score(node, best);
    REQUIRE(result.deductions.size() == 1);
    CHECK_THAT(result.deductions.front().reason, Catch::Contains(reason));
    CHECK(result.score == 100 - result.deductions.front().points);
    return result.deductions.front().points;
}

bool is_free(NodeFigures const& node, std::optional<base::Duration> best = {})
{
    auto const result = node_score(node, best);
    return result.score == 100 && result.deductions.empty();
}

} // namespace

TEST_CASE("a node of which nothing is known but that it is up scores 100")
{
    CHECK(is_free({}));
    CHECK(is_free({}, 1ms));
}

TEST_CASE("a node that is down, draining or quarantined scores 0 and says why")
{
    CHECK(only_deduction({.up = false}, "down") == 100);
    CHECK(only_deduction({.draining = true}, "draining") == 100);
    CHECK(only_deduction({.quarantined = true}, "quarantined") == 100);
    CHECK(only_deduction({.up = false, .draining = true, .memory_alarm = true}, "down") == 100);
}

TEST_CASE("memory costs up to 30 points from half of the watermark on")
{
    CHECK(is_free({.memory_used = 0.0}));
    CHECK(is_free({.memory_used = 0.5}));
    CHECK(only_deduction({.memory_used = 0.75}, "memory 75% of the watermark") == 15);
    CHECK(only_deduction({.memory_used = 1.0}, "memory 100%") == 30);
    CHECK(only_deduction({.memory_used = 7.0}, "memory 700%") == 30);
}

TEST_CASE("free disk costs up to 20 points from twice its limit down")
{
    CHECK(is_free({.disk_margin = 1000.0}));
    CHECK(is_free({.disk_margin = 2.0}));
    CHECK(only_deduction({.disk_margin = 1.5}, "free disk 1.5 times its limit") == 10);
    CHECK(only_deduction({.disk_margin = 1.0}, "free disk 1.0 times") == 20);
    CHECK(only_deduction({.disk_margin = 0.0}, "free disk 0.0 times") == 20);
}

TEST_CASE("file descriptors cost up to 20 points from half of the limit on")
{
    CHECK(is_free({.descriptors_used = 0.5}));
    CHECK(only_deduction({.descriptors_used = 0.75}, "file descriptors 75% used") == 10);
    CHECK(only_deduction({.descriptors_used = 1.0}, "file descriptors 100% used") == 20);
    CHECK(only_deduction({.descriptors_used = 2.0}, "file descriptors 200% used") == 20);
}

TEST_CASE("an alarm costs 30 points")
{
    CHECK(only_deduction({.memory_alarm = true}, "memory alarm") == 30);
    CHECK(only_deduction({.disk_alarm = true}, "disk alarm") == 30);
}

TEST_CASE("a slow login costs a point per tenth above the best node's, up to 20, and noise costs nothing")
{
    CHECK(is_free({.latency = 5s}));
    CHECK(is_free({.latency = 100ms}, 100ms));
    CHECK(is_free({.latency = 120ms}, 100ms));
    CHECK(is_free({.latency = 21ms}, 1ms));
    CHECK(only_deduction({.latency = 121ms}, "login takes 121ms, the best node's 100ms", 100ms) == 2);
    CHECK(only_deduction({.latency = 150ms}, "150ms", 100ms) == 5);
    CHECK(only_deduction({.latency = 300ms}, "300ms", 100ms) == 20);
    CHECK(only_deduction({.latency = 10s}, "10.0s", 100ms) == 20);
    CHECK(only_deduction({.latency = 21ms}, "21ms", 0ms) == 20);
}

TEST_CASE("deductions add up, and a node that is up never falls below 1")
{
    auto const some = node_score({.memory_used = 0.75, .disk_margin = 1.5, .latency = 150ms}, 100ms);
    CHECK(some.deductions.size() == 3);
    CHECK(some.score == 100 - 15 - 10 - 5);
    auto const all = node_score({.memory_used = 1.0,
                                 .disk_margin = 0.5,
                                 .descriptors_used = 1.0,
                                 .memory_alarm = true,
                                 .disk_alarm = true,
                                 .latency = 1s},
                                100ms);
    auto const points = std::accumulate(all.deductions.begin(), all.deductions.end(), 0,
                                        [](int sum, auto const& deduction) { return sum + deduction.points; });
    CHECK(points == 150);
    CHECK(all.score == 1);
}
