#include "messaging/pace.hpp"
#include "support/catch.hpp"

using namespace rmqha;
using namespace std::chrono_literals;
using messaging::Pace;

namespace {

constexpr base::TimePoint k_start{1h};

/// How many messages are due at `now` beyond the `sent` first.
int due_at(Pace const& pace, base::TimePoint now, std::uint64_t sent)
{
    int count = 0;
    while (pace.due(sent + static_cast<std::uint64_t>(count)) <= now) {
        ++count;
    }
    return count;
}

} // namespace

TEST_CASE("messages are due evenly from the start on, however long it goes on")
{
    Pace const pace(4, k_start);
    CHECK(pace.due(0) == k_start);
    CHECK(pace.due(1) == k_start + 250ms);
    CHECK(pace.due(4'000'001) == k_start + 1'000'000s + 250ms);
}

TEST_CASE("without a rate every message is due, and nothing is ever owed")
{
    Pace pace(0, k_start);
    CHECK_FALSE(pace.limited());
    pace.limit_arrears(k_start + 24h, 5);
    CHECK(pace.due(1'000'000) < k_start);
}

TEST_CASE("after a pause a second's worth is made up for, not all of it")
{
    Pace pace(10, k_start);
    auto const after_pause = k_start + 60s;
    REQUIRE(due_at(pace, after_pause, 5) == 596);
    pace.limit_arrears(after_pause, 5);
    CHECK(due_at(pace, after_pause, 5) == 11);
    CHECK(due_at(pace, after_pause + 1s, 5) == 21); // and on at the same rate
}

TEST_CASE("what is late by less than a second is all made up for")
{
    Pace pace(10, k_start);
    auto const late = k_start + 900ms;
    pace.limit_arrears(late, 0);
    CHECK(pace.due(0) == k_start);
    pace.limit_arrears(k_start, 9); // ahead
    CHECK(pace.due(9) == k_start + 900ms);
}
