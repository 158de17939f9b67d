#pragma once

#include <chrono>

namespace rmqha::base {

class Stop;

using TimePoint = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;
using std::chrono::milliseconds;

/// "No deadline": far enough never to come, near enough never to overflow when something is added.
inline constexpr TimePoint k_never = TimePoint::max() - std::chrono::hours(24);

/// Time as the program sees it: real, or wound by hand in unit tests.
class Clock {
public:
    Clock() = default;
    Clock(Clock const&) = delete;
    Clock& operator=(Clock const&) = delete;
    virtual ~Clock() = default;

    virtual TimePoint now() const = 0;
    virtual std::chrono::system_clock::time_point wall() const = 0;
    /// Returns at `until`, or throws Interrupted as soon as `stop` is requested.
    virtual void sleep_until(TimePoint until, Stop const& stop) = 0;
};

/// The machine's clock. Thread-safe.
class SystemClock final : public Clock {
public:
    TimePoint now() const override;
    std::chrono::system_clock::time_point wall() const override;
    void sleep_until(TimePoint until, Stop const& stop) override;
};

/// Time left until `deadline` in whole milliseconds, rounded up, as poll(2) wants it: 0 when passed, at most one hour.
int poll_timeout(TimePoint deadline, TimePoint now = std::chrono::steady_clock::now());

} // namespace rmqha::base
