#include "base/wait.hpp"

#include "base/stop.hpp"

#include <poll.h>

namespace rmqha::base {

bool wait_readable(int fd, TimePoint deadline, Stop const& stop)
{
    for (;;) {
        pollfd waiting[2] = {{.fd = fd, .events = POLLIN, .revents = 0},
                             {.fd = stop.fd(), .events = POLLIN, .revents = 0}};
        int const ready = ::poll(waiting, 2, poll_timeout(deadline));
        stop.throw_if_requested();
        if (ready > 0 && waiting[0].revents != 0) {
            return true;
        }
        if (std::chrono::steady_clock::now() >= deadline) {
            return false;
        }
    }
}

} // namespace rmqha::base
