#include "base/clock.hpp"

#include "base/stop.hpp"

#include <poll.h>

#include <algorithm>

namespace rmqha::base {

TimePoint SystemClock::now() const
{
    return std::chrono::steady_clock::now();
}

std::chrono::system_clock::time_point SystemClock::wall() const
{
    return std::chrono::system_clock::now();
}

void SystemClock::sleep_until(TimePoint until, Stop const& stop)
{
    while (now() < until) {
        stop.throw_if_requested();
        pollfd waiting{.fd = stop.fd(), .events = POLLIN, .revents = 0};
        ::poll(&waiting, 1, poll_timeout(until));
    }
    stop.throw_if_requested();
}

int poll_timeout(TimePoint deadline, TimePoint now)
{
    if (deadline <= now) {
        return 0;
    }
    auto const left = std::chrono::ceil<milliseconds>(deadline - now);
    return static_cast<int>(std::min<milliseconds>(left, std::chrono::hours(1)).count());
}

} // namespace rmqha::base
