#pragma once

#include "base/clock.hpp"

#include <cstdint>

namespace rmqha::messaging {

/// When the next message may go out at so many per second. What a pause kept from being sent is not all sent at once
/// after it: at most a second's worth is.
class Pace {
public:
    /// `rate`: messages per second; 0 is as fast as it goes, and then every message is long due.
    Pace(double rate, base::TimePoint start) : m_rate(rate), m_from(start) {}

    bool limited() const { return m_rate > 0; }
    /// For the message after `sent` others.
    base::TimePoint due(std::uint64_t sent) const;
    /// Forgives what is owed at `now`, with `sent` messages gone, beyond a second's worth.
    void limit_arrears(base::TimePoint now, std::uint64_t sent);

private:
    double m_rate;
    base::TimePoint m_from;
};

} // namespace rmqha::messaging
