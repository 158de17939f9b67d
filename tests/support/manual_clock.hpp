#pragma once

#include "base/clock.hpp"

#include <mutex>
#include <vector>

namespace rmqha::test {

/// Time that passes only when told to, or when somebody sleeps: sleeping takes no real time. It starts at the machine's
/// own steady time, so that deadlines made from it hold for real waits as well. Thread-safe.
class ManualClock final : public base::Clock {
public:
    base::TimePoint now() const override;
    std::chrono::system_clock::time_point wall() const override;
    void sleep_until(base::TimePoint until, base::Stop const& stop) override;

    void advance(base::Duration by);
    std::vector<base::Duration> pauses() const; ///< how long each sleep was, in order

private:
    mutable std::mutex m_mutex;
    base::TimePoint const m_start = std::chrono::steady_clock::now();
    base::Duration m_passed{};
    std::vector<base::Duration> m_pauses;
};

} // namespace rmqha::test
