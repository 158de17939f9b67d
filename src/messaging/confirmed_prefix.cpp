#include "messaging/confirmed_prefix.hpp"

namespace rmqha::messaging {

void ConfirmedPrefix::settled(std::uint64_t number, bool done)
{
    if (!done) {
        m_broken = true;
        return;
    }
    m_open.at(static_cast<std::size_t>(number - m_reached.messages - 1)).done = true;
    while (!m_open.empty() && m_open.front().done) {
        m_reached = m_open.front().behind;
        m_open.pop_front();
        ++m_unrecorded;
    }
}

} // namespace rmqha::messaging
