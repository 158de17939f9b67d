#include "base/error.hpp"
#include "base/stop.hpp"
#include "support/catch.hpp"

#include <poll.h>

#include <csignal>

using namespace rmqha::base;

namespace {

bool readable(int fd)
{
    pollfd one{.fd = fd, .events = POLLIN, .revents = 0};
    return ::poll(&one, 1, 0) == 1;
}

} // namespace

TEST_CASE("a stop is seen by whoever asks and whoever polls, and stays", "[base]")
{
    Stop stop;
    CHECK_FALSE(stop.requested());
    CHECK_FALSE(readable(stop.fd()));
    CHECK_NOTHROW(stop.throw_if_requested());
    stop.request(SIGTERM);
    stop.request(SIGINT); // the first one counts
    CHECK(stop.requested());
    CHECK(readable(stop.fd()));
    CHECK(readable(stop.fd()));
    try {
        stop.throw_if_requested();
        FAIL("not thrown");
    } catch (Interrupted const& interrupted) {
        CHECK(interrupted.signal == SIGTERM);
    }
}

TEST_CASE("a stop is not an error, so that no handler of errors swallows it", "[base]")
{
    Stop stop;
    stop.request();
    auto const swallowed = [&] {
        try {
            stop.throw_if_requested();
        } catch (std::exception const&) {
            return true;
        } catch (Interrupted const& interrupted) {
            CHECK(interrupted.signal == 0);
        }
        return false;
    };
    CHECK_FALSE(swallowed());
}
