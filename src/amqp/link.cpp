#include "amqp/link.hpp"

#include "base/units.hpp"

#include <algorithm>
#include <utility>

namespace rmqha::amqp {

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t k_read_size = 256U << 10U;
constexpr std::size_t k_most_per_turn = 4 * k_read_size; // then the caller has its turn

/// Speaks up when the first bytes of a peer are not AMQP 0-9-1's.
void check_greeting(std::span<char const> bytes)
{
    std::string_view const start(bytes.data(), bytes.size());
    if (start.front() == static_cast<char>(FrameType::method)) {
        return;
    }
    if (start.front() == 'A') {
        throw Failure(FailureKind::not_amqp, "the peer speaks another version of AMQP than 0-9-1", 0,
                      "Check that the port is RabbitMQ's AMQP port (default 5672).");
    }
    if (start.front() == 'H') {
        throw Failure(FailureKind::not_amqp, "the peer speaks HTTP, not AMQP", 0,
                      "This may be the management port (default 15672); AMQP listens on 5672.");
    }
    constexpr char k_tls_alert = 0x15;
    if (start.front() == k_tls_alert) {
        throw Failure(FailureKind::not_amqp, "the peer speaks TLS on this port", 0,
                      "Add --tls, or use the port without TLS.");
    }
    throw Failure(FailureKind::not_amqp, "the peer does not speak AMQP", 0,
                  "Check host and port: RabbitMQ's AMQP port is 5672 by default.");
}

} // namespace

Link::Link(std::unique_ptr<Transport> transport, base::Stop const& stop, FrameSink& sink)
    : m_transport(std::move(transport)),
      m_stop(&stop),
      m_sink(sink),
      m_last_sent(SteadyClock::now()),
      m_last_received(m_last_sent)
{
}

void Link::agree(std::uint32_t frame_max, std::uint16_t channel_max, base::milliseconds heartbeat)
{
    m_frame_max = frame_max;
    m_channel_max = channel_max;
    m_heartbeat = heartbeat;
}

bool Link::pump(Wait const& wait)
{
    if (wait.heed_stop) {
        m_stop->throw_if_requested();
    }
    bool const sent = send();
    bool const given = wait.receive && receive();
    auto const now = SteadyClock::now();
    if (!wait.receive) {
        m_last_received = now; // the silence is ours
    }
    keep_heartbeat(now);
    if (given || sent || wait.deadline <= now) {
        return given;
    }
    auto const own = readiness();
    auto const events = wait.receive ? own.events : own.events & POLLOUT;
    m_waiting.assign(wait.also.begin(), wait.also.end());
    m_waiting.push_back({.fd = own.fd, .events = static_cast<short>(events), .revents = 0});
    m_waiting.push_back({.fd = wait.heed_stop ? m_stop->fd() : -1, .events = POLLIN, .revents = 0});
    auto const until = std::min(wait.deadline, own.until);
    int const ready = ::poll(m_waiting.data(), m_waiting.size(), base::poll_timeout(until, now));
    for (std::size_t i = 0; i < wait.also.size(); ++i) {
        wait.also[i].revents = ready > 0 ? m_waiting[i].revents : short{0};
    }
    if (wait.heed_stop) {
        m_stop->throw_if_requested();
    }
    send();
    bool const given_now = wait.receive && receive();
    keep_heartbeat(SteadyClock::now());
    return given_now;
}

bool Link::send()
{
    bool sent = false;
    if (m_write_failure) {
        finish_reading();
    }
    try {
        while (!m_out.empty()) {
            auto const written = m_transport->write(m_out.data());
            if (written == 0) {
                return sent;
            }
            m_out.consume(written);
            m_last_sent = SteadyClock::now();
            sent = true;
        }
        return sent;
    } catch (Failure const& failure) {
        m_write_failure = failure;
        finish_reading();
    }
}

void Link::send_some() noexcept
{
    try {
        for (std::size_t written = 1; written > 0 && !m_out.empty();) {
            written = m_transport->write(m_out.data());
            m_out.consume(written);
        }
    } catch (...) { // the next pump() tells
    }
}

Readiness Link::readiness() const
{
    short const writing = m_out.empty() ? 0 : POLLOUT;
    return {.fd = m_transport->fd(),
            .events = static_cast<short>(POLLIN | writing | m_transport->wanted_events()),
            .until = next_heartbeat()};
}

/// The peer takes nothing any more, but confirms and the reason it gave for closing may still be on their way to us.
void Link::finish_reading()
{
    constexpr auto k_patience = std::chrono::milliseconds(500);
    auto const deadline = SteadyClock::now() + k_patience;
    m_out.truncate(0);
    while (SteadyClock::now() < deadline) {
        receive(); // ends this by throwing, as a rule
        pollfd waiting{.fd = m_transport->fd(), .events = POLLIN, .revents = 0};
        ::poll(&waiting, 1, base::poll_timeout(deadline));
    }
    throw Failure(*m_write_failure);
}

bool Link::receive()
{
    bool given = dispatch(); // what was left when a frame before it ended in a Failure
    for (std::size_t taken = 0; taken < k_most_per_turn;) {
        auto const room = m_in.reserve(k_read_size);
        auto const got = m_transport->read(room.first(k_read_size));
        if (got == 0) {
            return given;
        }
        m_in.commit(got);
        m_last_received = SteadyClock::now();
        given = dispatch() || given;
        taken += got;
        if (got < k_read_size && !m_transport->encrypted()) {
            return given; // a short read: the socket is empty, save the call that would say so
        }
    }
    return given;
}

bool Link::dispatch()
{
    bool given = false;
    if (m_first_frame && !m_in.empty()) {
        check_greeting(m_in.data());
    }
    while (auto const frame = frame_at(m_in.data(), m_frame_max, m_channel_max)) {
        m_first_frame = false;
        if (frame->type == FrameType::heartbeat) {
            m_in.consume(wire_size(*frame));
            continue;
        }
        given = true;
        try {
            m_sink.on_frame(*frame);
        } catch (...) {
            m_in.consume(wire_size(*frame));
            throw;
        }
        m_in.consume(wire_size(*frame));
    }
    return given;
}

base::TimePoint Link::next_heartbeat() const
{
    if (m_heartbeat.count() == 0) {
        return base::k_never;
    }
    return std::min(m_last_sent + m_heartbeat / 2, m_last_received + 2 * m_heartbeat);
}

void Link::keep_heartbeat(base::TimePoint now)
{
    if (m_heartbeat.count() == 0) {
        return;
    }
    if (now >= m_last_received + 2 * m_heartbeat) {
        throw Failure(FailureKind::heartbeat, fmt::format("no heartbeat: nothing received for {}",
                                                          base::format_duration(now - m_last_received)));
    }
    if (now >= m_last_sent + m_heartbeat / 2) {
        if (m_out.empty()) { // with bytes waiting the peer hears from us as soon as it listens
            append_heartbeat(m_out);
        }
        m_last_sent = now;
        send();
    }
}

} // namespace rmqha::amqp
