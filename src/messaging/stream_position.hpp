#pragma once

#include "amqp/message.hpp"
#include "messaging/stream_offset.hpp"

#include <deque>
#include <optional>

namespace rmqha::messaging {

/// How far a consumer has come in a stream, which forgets nothing and takes no acknowledgement for a place: whoever
/// subscribes again has to say where. Of other queues it knows nothing and asks for nothing. Not thread-safe.
class StreamPosition {
public:
    explicit StreamPosition(std::optional<StreamOffset> start) : m_start(start) {}

    /// The x-stream-offset of a subscription made at `now`: the first time what was asked for; then behind what has
    /// arrived, or after forget() behind what is done. Where nothing had come yet, "next" means what came since the
    /// first time, to the second.
    std::optional<amqp::Value> argument(std::chrono::system_clock::time_point now);

    void arrived(amqp::Delivery const& delivery);
    /// The handler is done with this one or, when `several`, with all up to it.
    void settled(std::uint64_t tag, bool several);
    /// The channel is no more, and its tags with it.
    void forget() { m_under_way.clear(); }

    bool in_stream() const { return m_kind == Kind::stream; }
    /// A place was asked for, and what arrived has none.
    bool misplaced() const { return m_kind == Kind::other && m_start; }
    /// Behind the last that, with all before it, is done with; nothing before there is one.
    std::optional<std::uint64_t> next() const { return m_next; }

private:
    enum class Kind { unknown, stream, other };
    struct UnderWay {
        std::uint64_t tag;
        std::uint64_t offset;
        bool done;
    };

    std::optional<StreamOffset> m_start;
    Kind m_kind = Kind::unknown;
    std::deque<UnderWay> m_under_way; ///< by tag
    std::optional<std::uint64_t> m_next;
    std::optional<std::chrono::sys_seconds> m_first_time; ///< of a subscription
};

} // namespace rmqha::messaging
