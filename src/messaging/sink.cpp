#include "messaging/sink.hpp"

#include <utility>

namespace rmqha::messaging {

SinkHandler::SinkHandler(Sink sink, Outcome outcome) : m_sink(std::move(sink)), m_outcome(outcome) {}

void SinkHandler::take(amqp::Delivery&& delivery)
{
    m_sink.take(delivery);
    m_last = delivery.delivery_tag;
    ++m_taken;
    m_unflushed = true;
}

bool SinkHandler::advance(std::span<pollfd const> /*waits*/, std::vector<Verdict>& verdicts)
{
    if (!m_unflushed) {
        return true;
    }
    if (!m_sink.flush()) {
        return false; // what was taken may not have arrived
    }
    m_unflushed = held() > 0;
    if (!m_unflushed && m_taken > 0) {
        verdicts.push_back({.tag = m_last, .messages = std::exchange(m_taken, 0), .outcome = m_outcome});
    }
    return true;
}

void SinkHandler::add_waits(std::vector<pollfd>& waits) const
{
    if (m_unflushed && m_sink.room) {
        waits.push_back(m_sink.room());
    }
}

bool SinkHandler::busy() const
{
    return m_unflushed && !m_winding_down;
}

std::size_t SinkHandler::held() const
{
    return m_sink.unwritten ? m_sink.unwritten() : 0;
}

} // namespace rmqha::messaging
