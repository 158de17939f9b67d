#include "support/manual_clock.hpp"

#include "base/stop.hpp"

namespace rmqha::test {

base::TimePoint ManualClock::now() const
{
    std::scoped_lock const lock(m_mutex);
    return m_start + m_passed;
}

std::chrono::system_clock::time_point ManualClock::wall() const
{
    std::scoped_lock const lock(m_mutex);
    std::chrono::system_clock::time_point const epoch{std::chrono::hours(24 * 365 * 50)};
    return epoch + std::chrono::duration_cast<std::chrono::system_clock::duration>(m_passed);
}

void ManualClock::sleep_until(base::TimePoint until, base::Stop const& stop)
{
    stop.throw_if_requested();
    std::scoped_lock const lock(m_mutex);
    auto const pause = until - (m_start + m_passed);
    m_pauses.push_back(pause);
    if (pause > base::Duration::zero()) {
        m_passed += pause;
    }
}

void ManualClock::advance(base::Duration by)
{
    std::scoped_lock const lock(m_mutex);
    m_passed += by;
}

std::vector<base::Duration> ManualClock::pauses() const
{
    std::scoped_lock const lock(m_mutex);
    return m_pauses;
}

} // namespace rmqha::test
