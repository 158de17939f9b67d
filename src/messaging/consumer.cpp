#include "messaging/consumer.hpp"

#include "base/stop.hpp"
#include "base/units.hpp"

#include <algorithm>
#include <deque>
#include <exception>
#include <utility>
#include <vector>

namespace rmqha::messaging {

namespace {

using SteadyClock = std::chrono::steady_clock;

/// RabbitMQ 4 may take 53 s to say that the home node of a classic queue is gone (measured).
constexpr auto k_answer_time = std::chrono::seconds(15);
constexpr auto k_farewell = std::chrono::seconds(3);
constexpr auto k_grace = std::chrono::seconds(5);   ///< for what the handler is at in the end
constexpr auto k_force = std::chrono::seconds(1);   ///< and then
constexpr std::size_t k_most_held = 64U << 20U;     ///< bytes of messages; beyond it nothing more is read
constexpr std::uint64_t k_most_prefetch = 65535;    ///< of the protocol
constexpr auto k_lasting = std::chrono::minutes(1); ///< a connection that held so long was a good one, even if idle

} // namespace

class Consumer::Impl final : public amqp::Listener {
public:
    Impl(cluster::Connector& connector, ConsumeOptions const& options, std::function<void(std::string const&)> note,
         base::Stop& stop)
        : m_connector(connector), m_options(options), m_note(std::move(note)), m_stop(stop)
    {
    }

    void run(Handler& handler)
    {
        auto const started = SteadyClock::now();
        m_last_message = started;
        try {
            bool more = m_options.count != std::uint64_t{0};
            while (more) {
                try {
                    m_stop.throw_if_requested();
                    if (!m_at.channel) {
                        connect();
                    }
                    if (std::exchange(m_channel_gone, false)) {
                        m_at.channel->reopen(SteadyClock::now() + k_answer_time);
                    }
                    if (!m_subscribed && !enough_sent()) {
                        subscribe();
                    }
                    more = turn(handler);
                } catch (amqp::Failure const& failure) {
                    if (!acknowledging() && !m_arrived.empty() && !hand_over(handler)) { // they will not come again
                        break;
                    }
                    recover(failure, handler);
                }
                m_summary.elapsed = SteadyClock::now() - started;
            }
        } catch (...) {
            close(handler);
            m_summary.elapsed = SteadyClock::now() - started;
            throw;
        }
        close(handler);
        m_summary.elapsed = SteadyClock::now() - started;
    }

    ConsumeSummary const& summary() const noexcept { return m_summary; }

private:
    void on_delivery(amqp::Delivery&& delivery) override
    {
        m_arrived_bytes += delivery.body.size();
        m_arrived.push_back(std::move(delivery));
    }
    void on_cancel(std::string const& /*consumer_tag*/) override
    {
        m_subscribed = false;
        ++m_summary.cancelled;
        m_note(fmt::format(
            "the broker ended the subscription to queue \"{}\" (deleted, or its node is gone); subscribing again",
            m_options.queue));
    }

    void connect()
    {
        m_at = m_connector.connect(m_options.deadline);
        m_connected_at = SteadyClock::now();
        m_at.channel->listen(this);
        m_subscribed = false;
    }

    void subscribe()
    {
        auto const deadline = SteadyClock::now() + k_answer_time;
        m_at.channel->set_prefetch(prefetch(), deadline);
        m_consumer_tag = m_at.channel->consume(
            m_options.queue,
            {.no_ack = !acknowledging(), .exclusive = m_options.exclusive, .arguments = m_options.arguments}, deadline);
        m_subscribed = true;
        m_last_message = SteadyClock::now(); // before it nothing could come: that was not idleness
    }

    /// With a count always: without acknowledgements the broker sends, and forgets, as much as it can.
    bool acknowledging() const { return !m_options.auto_ack || m_options.count; }

    std::uint64_t missing() const { return *m_options.count - m_done - m_in_hand; }
    bool wants_more() const { return !m_options.count || missing() > 0; }
    /// Whether what the broker has sent is all that is wanted.
    bool enough_sent() const { return m_options.count && m_arrived.size() >= missing(); }

    /// Never ask for more than is still wanted: the surplus would only be put back, marked as redelivered.
    std::uint16_t prefetch() const
    {
        auto const most = m_options.prefetch == 0 ? k_most_prefetch + 1 : m_options.prefetch;
        auto const wanted = m_options.count ? missing() - m_arrived.size() : most;
        auto const asked = std::clamp<std::uint64_t>(wanted, 1, most);
        return static_cast<std::uint16_t>(asked > k_most_prefetch ? 0 : asked);
    }

    /// Returns false when there is nothing more to do.
    bool turn(Handler& handler)
    {
        auto const now = SteadyClock::now();
        if (now >= m_options.deadline) {
            throw base::Error(base::ExitCode::timeout,
                              fmt::format("the deadline passed after {} messages", m_summary.received),
                              "Allow more time with --deadline, or end earlier with --count or --idle-timeout.");
        }
        bool const may_idle = m_options.idle_timeout && !handler.busy();
        auto const idle_until = may_idle ? m_last_message + *m_options.idle_timeout : base::k_never;
        bool const ended = now >= idle_until;
        bool const waits = !ended && (m_arrived.empty() || !wants_more()); // some come together with the consume-ok
        wait(handler, {.deadline = waits ? std::min({idle_until, m_options.deadline, handler.wake_at()}) : now});
        bool const was_busy = handler.busy();
        if (!m_arrived.empty() || was_busy) {
            m_last_message = SteadyClock::now();
        } else if (ended) {
            return false;
        }
        return hand_over(handler);
    }

    void wait(Handler const& handler, amqp::Wait wait)
    {
        m_waits.clear();
        handler.add_waits(m_waits);
        wait.also = m_waits;
        wait.receive = handler.held() + m_arrived_bytes < k_most_held;
        m_at.channel->pump(wait);
    }

    bool hand_over(Handler& handler)
    {
        for (; !m_arrived.empty() && wants_more(); m_arrived.pop_front()) {
            m_summary.redelivered += m_arrived.front().redelivered ? 1U : 0U;
            m_arrived_bytes -= m_arrived.front().body.size();
            ++m_in_hand;
            handler.take(std::move(m_arrived.front()));
        }
        bool const more = handler.advance(m_waits, m_verdicts);
        m_waits.clear();
        tell_broker();
        return more && (!m_options.count || m_done < *m_options.count);
    }

    void tell_broker()
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

    void apply_verdicts()
    {
        std::ranges::for_each(m_verdicts, [this](Verdict const& verdict) { apply(verdict); });
        m_verdicts.clear();
    }

    void apply(Verdict const& verdict)
    {
        bool const several = verdict.messages > 1;
        m_in_hand -= verdict.messages;
        m_summary.received += verdict.messages;
        m_done += verdict.outcome == Outcome::requeue ? 0 : verdict.messages;
        if (!acknowledging() || verdict.outcome == Outcome::keep) {
            return;
        }
        if (verdict.outcome == Outcome::acknowledge) {
            m_at.channel->ack(verdict.tag, several);
            m_summary.acknowledged += verdict.messages;
            return;
        }
        bool const requeue = verdict.outcome == Outcome::requeue;
        m_at.channel->reject(verdict.tag, several, requeue);
        (requeue ? m_summary.requeued : m_summary.rejected) += verdict.messages;
    }

    void recover(amqp::Failure const& failure, Handler& handler)
    {
        handler.forget(); // the tags died with the channel: the messages will come again
        m_arrived.clear();
        m_arrived_bytes = 0;
        m_in_hand = 0;
        m_verdicts.clear();
        m_subscribed = false;
        bool const lasting = SteadyClock::now() - m_connected_at >= k_lasting;
        m_fruitless = lasting ? 1 : m_fruitless + 1;
        bool const too_often = m_options.connection_attempts != 0 && m_fruitless > m_options.connection_attempts;
        if (failure.kind() == amqp::FailureKind::channel_closed) {
            if (failure.retry() == amqp::Retry::never || too_often) {
                throw base::Error(failure.code(), failure.what(), failure.hint());
            }
            m_note(fmt::format("{}; trying again", failure.what()));
            base::SystemClock().sleep_until(SteadyClock::now() + m_options.retry_delay, m_stop);
            m_channel_gone = true;
            return;
        }
        m_connector.lost(m_at.node, failure);
        m_at.channel.reset();
        m_channel_gone = false;
        ++m_summary.reconnects;
        if (failure.retry() == amqp::Retry::never || too_often) {
            throw base::Error(failure.code(), fmt::format("{}: {}", config::label(m_at.node), failure.what()),
                              failure.hint());
        }
        if (m_fruitless > 1) {
            base::SystemClock().sleep_until(SteadyClock::now() + m_options.retry_delay, m_stop);
        }
    }

    void close(Handler& handler)
    {
        wind_down(handler);
        if (m_at.channel) {
            m_at.channel->close(SteadyClock::now() + k_farewell); // sends the last acknowledgement first
            m_at.channel.reset();
        }
    }

    void wind_down(Handler& handler)
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

    cluster::Connector& m_connector;
    ConsumeOptions const m_options;
    std::function<void(std::string const&)> const m_note;
    base::Stop& m_stop;

    cluster::Attempt m_at; ///< the connection in use
    bool m_subscribed = false;
    bool m_channel_gone = false; ///< closed by the broker, the connection lives
    std::string m_consumer_tag;
    std::deque<amqp::Delivery> m_arrived; ///< not yet given to the handler
    std::size_t m_arrived_bytes = 0;      ///< of their bodies
    std::uint64_t m_in_hand = 0;          ///< messages the handler has, without a verdict
    std::uint64_t m_done = 0;             ///< messages that count
    std::vector<pollfd> m_waits;          ///< the handler's
    std::vector<Verdict> m_verdicts;
    base::TimePoint m_connected_at{};
    base::TimePoint m_last_message{}; ///< or subscription
    int m_fruitless = 0;              ///< outages in a row without a message between
    ConsumeSummary m_summary;
};

Consumer::Consumer(cluster::Connector& connector, ConsumeOptions const& options,
                   std::function<void(std::string const&)> note, base::Stop& stop)
    : m_impl(std::make_unique<Impl>(connector, options, std::move(note), stop))
{
}

Consumer::~Consumer() = default;

void Consumer::run(Handler& handler)
{
    m_impl->run(handler);
}

void Consumer::run(Sink const& sink)
{
    SinkHandler handler(sink);
    run(handler);
}

ConsumeSummary const& Consumer::summary() const noexcept
{
    return m_impl->summary();
}

} // namespace rmqha::messaging
