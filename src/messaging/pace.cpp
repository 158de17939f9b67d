#include "messaging/pace.hpp"

#include <algorithm>

namespace rmqha::messaging {

base::TimePoint Pace::due(std::uint64_t sent) const
{
    if (!limited()) {
        return base::TimePoint::min();
    }
    auto const after = std::chrono::duration<double>(static_cast<double>(sent) / m_rate);
    return m_from + std::chrono::duration_cast<base::Duration>(after);
}

void Pace::limit_arrears(base::TimePoint now, std::uint64_t sent)
{
    constexpr auto k_most = std::chrono::seconds(1);
    if (limited()) {
        m_from += std::max(now - k_most - due(sent), base::Duration::zero());
    }
}

} // namespace rmqha::messaging
