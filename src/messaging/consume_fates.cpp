#include "base/stop.hpp"
#include "messaging/consume_run.hpp"

#include <algorithm>
#include <exception>

namespace rmqha::messaging {

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr auto k_farewell = std::chrono::seconds(3);
constexpr auto k_grace = std::chrono::seconds(5);   ///< for what the handler is at in the end
constexpr auto k_force = std::chrono::seconds(1);   ///< and then
constexpr auto k_lasting = std::chrono::minutes(1); ///< a connection that held so long was a good one, even if idle

} // namespace

void ConsumeRun::tell_broker()
{
    if (m_verdicts.empty()) {
        return;
    }
    m_fruitless = 0;
    // Before the first acknowledgement, to which the broker would answer with another message.
    if (m_subscribed && acknowledging() && enough_sent()) {
        m_subscribed = false;
        m_at.channel->cancel(m_consumer_tag, SteadyClock::now() + k_answer_time);
    }
    apply_verdicts();
}

void ConsumeRun::apply_verdicts()
{
    std::ranges::for_each(m_verdicts, [this](Verdict const& verdict) { apply(verdict); });
    m_verdicts.clear();
}

void ConsumeRun::apply(Verdict const& verdict)
{
    bool const several = verdict.messages > 1;
    bool const requeue = verdict.outcome == Outcome::requeue;
    if (requeue && m_position.in_stream()) { // the broker would pass over it
        throw base::Error(base::ExitCode::usage,
                          fmt::format("queue \"{}\" is a stream, which takes no message back", m_options.queue),
                          "Use --on-failure stop, and go on later with --offset; or reject, to pass over the message.");
    }
    m_in_hand -= verdict.messages;
    m_summary.received += verdict.messages;
    m_done += requeue ? 0 : verdict.messages;
    if (!acknowledging() || verdict.outcome == Outcome::keep) {
        return;
    }
    m_position.settled(verdict.tag, several);
    m_summary.next_offset = m_position.next();
    if (verdict.outcome == Outcome::acknowledge) {
        m_at.channel->ack(verdict.tag, several);
        m_summary.acknowledged += verdict.messages;
        return;
    }
    m_at.channel->reject(verdict.tag, several, requeue);
    (requeue ? m_summary.requeued : m_summary.rejected) += verdict.messages;
}

void ConsumeRun::recover(amqp::Failure const& failure, Handler& handler)
{
    handler.forget(); // the tags died with the channel: the messages will come again
    m_position.forget();
    m_arrived.clear();
    m_arrived_bytes = 0;
    m_in_hand = 0;
    m_verdicts.clear();
    m_subscribed = false;
    m_cancelled = false;
    bool const lasting = SteadyClock::now() - m_connected_at >= k_lasting;
    m_fruitless = lasting ? 1 : m_fruitless + 1;
    bool const too_often = m_options.connection_attempts != 0 && m_fruitless > m_options.connection_attempts;
    bool const connected =
        failure.kind() == amqp::FailureKind::channel_closed || failure.kind() == amqp::FailureKind::cancelled;
    if (!connected) {
        m_at.channel.reset();
        if (failure.retry() != amqp::Retry::never) {
            m_connector.lost(m_at.node, failure);
        }
    }
    if (failure.retry() == amqp::Retry::never || too_often) {
        throw base::Error(failure.code(),
                          connected ? failure.what() : fmt::format("{}: {}", config::label(m_at.node), failure.what()),
                          failure.hint());
    }
    if (connected && failure.retry() == amqp::Retry::wait) {
        m_note(fmt::format("{}; trying again", failure.what()));
        m_channel_gone = true;
        m_reopen_at = SteadyClock::now() + m_options.retry_delay;
        return;
    }
    if (connected) {
        m_connector.leave(m_at.node, failure);
        m_at.channel->close(SteadyClock::now() + k_farewell);
        m_at.channel.reset();
    }
    m_channel_gone = false;
    ++m_summary.reconnects;
    if (m_fruitless > 1) {
        base::SystemClock().sleep_until(SteadyClock::now() + m_options.retry_delay, m_stop);
    }
}

void ConsumeRun::close(Handler& handler)
{
    wind_down(handler);
    if (m_at.channel) {
        m_at.channel->close(SteadyClock::now() + k_farewell); // sends the last acknowledgement first
        m_at.channel.reset();
    }
}

void ConsumeRun::wind_down(Handler& handler)
{
    auto const force = SteadyClock::now() + k_grace;
    auto const end = force + k_force;
    handler.wind_down(force);
    try {
        while (m_at.channel) {
            apply_verdicts();
            if (!handler.busy() || SteadyClock::now() >= end) {
                break;
            }
            wait(handler, {.deadline = std::min(handler.wake_at(), end), .heed_stop = false});
            handler.advance(m_waits, m_verdicts);
        }
    } catch (std::exception const&) {
        // The reason to end is told by whoever ends it; what has no verdict yet goes back to the queue.
    } catch (base::Interrupted const&) {
    }
}

} // namespace rmqha::messaging
