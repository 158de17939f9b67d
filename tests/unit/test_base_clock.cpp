#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/stop.hpp"
#include "support/catch.hpp"

#include <thread>

using namespace rmqha::base;
using namespace std::chrono_literals;

TEST_CASE("the time to poll is rounded up, never negative and at most an hour", "[base]")
{
    TimePoint const now{100h};
    CHECK(poll_timeout(now - 1ms, now) == 0);
    CHECK(poll_timeout(now, now) == 0);
    CHECK(poll_timeout(now + 1us, now) == 1);
    CHECK(poll_timeout(now + 1500us, now) == 2);
    CHECK(poll_timeout(now + 3s, now) == 3000);
    CHECK(poll_timeout(now + 5h, now) == 3'600'000);
    CHECK(poll_timeout(k_never, now) == 3'600'000);
}

TEST_CASE("never is so far that adding to it does not overflow", "[base]")
{
    CHECK(k_never + 23h > k_never);
}

TEST_CASE("a sleep lasts until its time", "[base]")
{
    SystemClock clock;
    Stop const stop;
    auto const until = clock.now() + 5ms;
    clock.sleep_until(until, stop);
    CHECK(clock.now() >= until);
}

TEST_CASE("a sleep ends as soon as a stop is requested", "[base]")
{
    SystemClock clock;
    Stop stop;
    std::thread asking([&] { stop.request(); });
    CHECK_THROWS_AS(clock.sleep_until(k_never, stop), Interrupted);
    asking.join();
    CHECK_THROWS_AS(clock.sleep_until(clock.now() - 1s, stop), Interrupted);
}
