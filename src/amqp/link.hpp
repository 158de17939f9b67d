#pragma once

// Internal to src/amqp.

#include "amqp/channel.hpp"
#include "amqp/codec.hpp"
#include "amqp/failure.hpp"
#include "amqp/transport.hpp"
#include "base/stop.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace rmqha::amqp {

/// Who takes the frames of a Link, in their order; heartbeats are kept by the link itself. A Failure thrown from here
/// passes through pump(); the frame counts as taken.
class FrameSink {
public:
    virtual ~FrameSink() = default;
    virtual void on_frame(Frame const& frame) = 0;
};

/// Frames over a transport: buffers both ways, the poll loop, heartbeats, and the order of things when the peer goes
/// away: everything that had arrived is given to the sink before the loss is told.
class Link {
public:
    Link(std::unique_ptr<Transport> transport, base::Stop const& stop, FrameSink& sink);

    Transport& transport() noexcept { return *m_transport; }
    void heed(base::Stop const& stop) noexcept { m_stop = &stop; }
    Buffer& out() noexcept { return m_out; }
    std::size_t unsent() const noexcept { return m_out.size(); }

    /// Limits agreed in the handshake; before it, 128 KiB and channel 0 hold.
    void agree(std::uint32_t frame_max, std::uint16_t channel_max, base::milliseconds heartbeat);
    std::uint32_t frame_max() const noexcept { return m_frame_max; }

    /// Channel::pump, on frames: true when the sink was given any.
    bool pump(Wait const& wait);
    /// Sends what the peer takes at once, for who will not pump at once, or at all; throws nothing.
    void send_some() noexcept;
    /// What pump() would wait for.
    Readiness readiness() const;

private:
    bool send();
    bool receive();
    bool dispatch();
    void keep_heartbeat(base::TimePoint now);
    base::TimePoint next_heartbeat() const;
    [[noreturn]] void finish_reading();

    std::unique_ptr<Transport> m_transport;
    base::Stop const* m_stop;
    FrameSink& m_sink;
    Buffer m_in;
    Buffer m_out;
    std::uint32_t m_frame_max = k_frame_max;
    std::uint16_t m_channel_max = 0;
    base::milliseconds m_heartbeat{};
    base::TimePoint m_last_sent;
    base::TimePoint m_last_received;
    std::optional<Failure> m_write_failure;
    bool m_first_frame = true;
    std::vector<pollfd> m_waiting;
};

} // namespace rmqha::amqp
