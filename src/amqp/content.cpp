#include "amqp/content.hpp"

#include "amqp/failure.hpp"

#include <algorithm>
#include <utility>

namespace rmqha::amqp {

void ContentAssembler::begin(Kind kind)
{
    if (busy()) {
        throw Failure(FailureKind::not_amqp, "the peer broke the protocol: a message within a message");
    }
    m_kind = kind;
    m_header_seen = false;
    m_missing = 0;
}

void ContentAssembler::begin(Delivery delivery)
{
    begin(Kind::delivery);
    m_delivery = std::move(delivery);
}

void ContentAssembler::begin(Returned returned)
{
    begin(Kind::returned);
    m_returned = std::move(returned);
}

void ContentAssembler::take(Frame const& frame, Decoder& decoder, Listener* listener)
{
    bool const wanted =
        frame.type == FrameType::header ? !m_header_seen : m_header_seen && frame.payload.size() <= m_missing;
    if (!busy() || !wanted) {
        throw Failure(FailureKind::not_amqp, "the peer broke the protocol: message content out of order");
    }
    if (frame.type == FrameType::header) {
        constexpr std::uint64_t k_trusted = 16U << 20U; // a size alone must not make us allocate more
        m_header_seen = true;
        m_missing = body_size(frame.payload);
        (m_kind == Kind::delivery ? m_delivery.properties : m_returned.properties) = decoder.properties(frame.payload);
        body().reserve(static_cast<std::size_t>(std::min(m_missing, k_trusted)));
    } else {
        body().append(frame.payload.data(), frame.payload.size());
        m_missing -= frame.payload.size();
    }
    if (m_missing > 0) {
        return;
    }
    auto const kind = std::exchange(m_kind, Kind::none);
    if (listener == nullptr) {
        return;
    }
    if (kind == Kind::delivery) {
        listener->on_delivery(std::move(m_delivery));
    } else {
        listener->on_return(std::move(m_returned));
    }
}

} // namespace rmqha::amqp
