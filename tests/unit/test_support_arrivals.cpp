#include "support/arrivals.hpp"
#include "support/catch.hpp"

using namespace rmqha::test;

namespace {

constexpr std::uint64_t k_most = 10;

} // namespace

TEST_CASE("arrivals: what came once, in order, to one consumer or several, is in order")
{
    Arrivals arrivals(2, 2, k_most);
    for (std::uint64_t number = 1; number <= 6; ++number) {
        arrivals.take(number % 2, 0, number, false);
        arrivals.take(0, 1, number, false);
    }
    auto const account = arrivals.account({{.read = 6}, {.read = 6}});
    CHECK(arrivals.distinct() == 12);
    CHECK(account.confirmed == 12);
    CHECK(account.distinct == 12);
    CHECK(account.lost == 0);
    CHECK(account.redelivered + account.copies + account.strangers == 0);
    CHECK(account.younger == std::vector<std::uint64_t>{0, 0});
}

TEST_CASE("arrivals: a confirmed message that did not come is lost, a failed one is not")
{
    Arrivals arrivals(1, 1, k_most);
    arrivals.take(0, 0, 1, false);
    arrivals.take(0, 0, 3, false);
    auto const account = arrivals.account({{.read = 4, .failed = {3, 4}}});
    CHECK(account.confirmed == 2);
    CHECK(account.distinct == 1);
    CHECK(account.lost == 1);
    CHECK(account.failed_but_came == 1);
}

TEST_CASE("arrivals: what comes again is told apart by the broker's mark")
{
    Arrivals arrivals(1, 1, k_most);
    arrivals.take(0, 0, 1, false);
    arrivals.take(0, 0, 1, true);
    arrivals.take(0, 0, 2, true); // its first delivery never arrived
    arrivals.take(0, 0, 3, false);
    arrivals.take(0, 0, 3, false);
    arrivals.take(0, 0, 3, true);
    auto const account = arrivals.account({{.read = 3}});
    CHECK(account.distinct == 3);
    CHECK(account.redelivered == 2);
    CHECK(account.copies == 1);
}

TEST_CASE(
    "arrivals: an older message after a younger one breaks the order, unless it came several times or was put back")
{
    Arrivals arrivals(1, 2, k_most);
    arrivals.take(0, 0, 5, false);
    SECTION("once, to the same consumer")
    {
        arrivals.take(0, 0, 4, false);
        CHECK(arrivals.account({{.read = 5}}).younger == std::vector<std::uint64_t>{1});
    }
    SECTION("to another consumer")
    {
        arrivals.take(1, 0, 4, false);
        CHECK(arrivals.account({{.read = 5}}).younger == std::vector<std::uint64_t>{0});
    }
    SECTION("put back")
    {
        arrivals.take(0, 0, 4, true);
        CHECK(arrivals.account({{.read = 5}}).younger == std::vector<std::uint64_t>{0});
    }
    SECTION("a copy of what came before")
    {
        arrivals.take(0, 0, 4, false);
        arrivals.take(0, 0, 4, false);
        CHECK(arrivals.account({{.read = 5}}).younger == std::vector<std::uint64_t>{0});
    }
}

TEST_CASE("arrivals: nobody's messages are strangers")
{
    Arrivals arrivals(1, 1, k_most);
    arrivals.take(0, 1, 1, false);
    arrivals.take(0, 0, 0, false);
    arrivals.take(0, 0, k_most + 1, false);
    arrivals.take(0, 0, 3, false); // never read
    arrivals.take_stranger();
    CHECK(arrivals.account({{.read = 2}}).strangers == 5);
}
