#include "messaging/consumer.hpp"

#include "base/stop.hpp"
#include "base/units.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace rmqha::messaging {

namespace {

using SteadyClock = std::chrono::steady_clock;

/// RabbitMQ 4 may take 53 s to say that the home node of a classic queue is gone (measured).
constexpr auto k_answer_time = std::chrono::seconds(15);
constexpr auto k_farewell = std::chrono::seconds(3);
constexpr auto k_lasting = std::chrono::minutes(1); ///< a connection that held so long was a good one, even if idle

} // namespace

class Consumer::Impl final : public amqp::Listener {
public:
    Impl(cluster::Connector& connector, ConsumeOptions const& options, std::function<void(std::string const&)> note,
         base::Stop& stop)
        : m_connector(connector), m_options(options), m_note(std::move(note)), m_stop(stop)
    {
    }

    void run(Sink const& sink)
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
                    if (!m_subscribed) {
                        subscribe();
                    }
                    more = turn(sink);
                } catch (amqp::Failure const& failure) {
                    if (!acknowledging() && !m_arrived.empty() && !hand_over(sink)) { // nobody will send these again
                        break;
                    }
                    recover(failure);
                }
                m_summary.elapsed = SteadyClock::now() - started;
            }
        } catch (...) {
            close();
            m_summary.elapsed = SteadyClock::now() - started;
            throw;
        }
        close();
    }

    ConsumeSummary const& summary() const noexcept { return m_summary; }

private:
    void on_delivery(amqp::Delivery&& delivery) override { m_arrived.push_back(std::move(delivery)); }
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
        m_at.channel->consume(m_options.queue,
                              {.no_ack = !acknowledging(), .exclusive = false, .arguments = m_options.arguments},
                              deadline);
        m_subscribed = true;
        m_last_message = SteadyClock::now(); // before it nothing could come: that was not idleness
    }

    /// With a count always: without acknowledgements the broker sends, and forgets, as much as it can.
    bool acknowledging() const { return !m_options.auto_ack || m_options.count; }

    /// Never ask for more than is still wanted: the surplus would only be put back, marked as redelivered.
    std::uint16_t prefetch() const
    {
        auto const wanted = m_options.count ? *m_options.count - m_summary.received : m_options.prefetch;
        return static_cast<std::uint16_t>(std::clamp<std::uint64_t>(wanted, 1, m_options.prefetch));
    }

    /// Returns false when there is nothing more to do.
    bool turn(Sink const& sink)
    {
        if (SteadyClock::now() >= m_options.deadline) {
            throw base::Error(base::ExitCode::timeout,
                              fmt::format("the deadline passed after {} messages", m_summary.received),
                              "Allow more time with --deadline, or end earlier with --count or --idle-timeout.");
        }
        auto const idle_until = m_options.idle_timeout ? m_last_message + *m_options.idle_timeout : base::k_never;
        bool const ended = m_options.idle_timeout && SteadyClock::now() >= idle_until;
        m_at.channel->pump({.deadline = ended ? SteadyClock::now() : std::min(idle_until, m_options.deadline)});
        if (m_arrived.empty()) {
            return !ended;
        }
        m_last_message = SteadyClock::now();
        return hand_over(sink);
    }

    bool hand_over(Sink const& sink)
    {
        auto batch = std::exchange(m_arrived, {});
        std::uint64_t last = 0;
        std::uint64_t taken = 0;
        std::uint64_t redelivered = 0;
        for (auto const& delivery : batch) {
            if (m_options.count && m_summary.received + taken == *m_options.count) {
                break;
            }
            sink.take(delivery);
            last = delivery.delivery_tag;
            redelivered += delivery.redelivered ? 1U : 0U;
            ++taken;
        }
        if (!sink.flush()) {
            return false; // what was taken may not have arrived: unacknowledged, it goes back to the queue
        }
        m_summary.received += taken;
        m_summary.redelivered += redelivered;
        m_fruitless = 0;
        if (acknowledging()) {
            m_at.channel->ack(last, true);
            m_summary.acknowledged += taken;
        }
        return !m_options.count || m_summary.received < *m_options.count;
    }

    void recover(amqp::Failure const& failure)
    {
        m_arrived.clear(); // their tags died with the channel: they will come again
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

    void close()
    {
        if (m_at.channel) {
            m_at.channel->close(SteadyClock::now() + k_farewell); // sends the last acknowledgement first
            m_at.channel.reset();
        }
    }

    cluster::Connector& m_connector;
    ConsumeOptions const m_options;
    std::function<void(std::string const&)> const m_note;
    base::Stop& m_stop;

    cluster::Attempt m_at; ///< the connection in use
    bool m_subscribed = false;
    bool m_channel_gone = false;           ///< closed by the broker, the connection lives
    std::vector<amqp::Delivery> m_arrived; ///< not yet given to the sink
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

void Consumer::run(Sink const& sink)
{
    m_impl->run(sink);
}

ConsumeSummary const& Consumer::summary() const noexcept
{
    return m_impl->summary();
}

} // namespace rmqha::messaging
