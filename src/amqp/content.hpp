#pragma once

// Internal to src/amqp.

#include "amqp/channel.hpp"
#include "amqp/codec.hpp"

#include <cstdint>

namespace rmqha::amqp {

/// Puts a delivery or a return together from its method, header and body frames.
class ContentAssembler {
public:
    bool busy() const noexcept { return m_kind != Kind::none; }
    void begin(Delivery delivery);
    void begin(Returned returned);
    /// Takes the next header or body frame; gives the whole message to `listener` (which may be null) with its last.
    /// Throws Failure(not_amqp) for frames out of order.
    void take(Frame const& frame, Decoder& decoder, Listener* listener);
    void reset() noexcept { m_kind = Kind::none; }

private:
    enum class Kind { none, delivery, returned };
    void begin(Kind kind);
    std::string& body() { return m_kind == Kind::delivery ? m_delivery.body : m_returned.body; }

    Kind m_kind = Kind::none;
    bool m_header_seen = false;
    std::uint64_t m_missing = 0; ///< body bytes still to come
    Delivery m_delivery;
    Returned m_returned;
};

} // namespace rmqha::amqp
