#pragma once

#include "base/clock.hpp"

namespace rmqha::base {

/// Waits until `fd` can be read without waiting, is at its end, or broken: true; or until `deadline`: false. Throws
/// Interrupted once a stop is requested. Thread-safe.
bool wait_readable(int fd, TimePoint deadline, Stop const& stop);

} // namespace rmqha::base
