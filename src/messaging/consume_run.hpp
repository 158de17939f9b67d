#pragma once

// Internal to src/messaging.

#include "amqp/channel.hpp"
#include "amqp/failure.hpp"
#include "messaging/consumer.hpp"
#include "messaging/handler.hpp"
#include "messaging/stream_position.hpp"

#include <deque>
#include <vector>

namespace rmqha::messaging {

/// One Consumer::run, from the first subscription to the last verdict. consume_run.cpp is the loop that subscribes and
/// waits, consume_fates.cpp what becomes of messages: verdicts, lost connections and channels, the end.
class ConsumeRun final : public amqp::Listener {
public:
    ConsumeRun(cluster::Connector& connector, ConsumeOptions const& options,
               std::function<void(std::string const&)> note, base::Stop& stop);

    void run(Handler& handler);

    ConsumeSummary const& summary() const noexcept { return m_summary; }

private:
    /// RabbitMQ 4 may take 53 s to say that the home node of a classic queue is gone (measured).
    static constexpr auto k_answer_time = std::chrono::seconds(15);

    void on_delivery(amqp::Delivery&& delivery) override;
    void on_cancel(std::string const& consumer_tag) override;

    void heed_cancel(Handler const& handler);

    void connect();
    void subscribe();
    void check_alone(base::TimePoint deadline);

    /// With a count always: without acknowledgements the broker sends, and forgets, as much as it can.
    bool acknowledging() const { return !m_options.auto_ack || m_options.count; }

    std::uint64_t missing() const { return *m_options.count - m_done - m_in_hand; }
    bool wants_more() const { return !m_options.count || missing() > 0; }
    /// Whether what the broker has sent is all that is wanted.
    bool enough_sent() const { return m_options.count && m_arrived.size() >= missing(); }
    std::uint16_t prefetch() const;

    /// Returns false when there is nothing more to do.
    bool turn(Handler& handler);
    void wait(Handler const& handler, amqp::Wait wait);
    bool hand_over(Handler& handler);

    void tell_broker();
    void apply_verdicts();
    void apply(Verdict const& verdict);

    void recover(amqp::Failure const& failure, Handler& handler);
    void close(Handler& handler);
    void wind_down(Handler& handler);

    cluster::Connector& m_connector;
    ConsumeOptions const m_options;
    std::function<void(std::string const&)> const m_note;
    base::Stop& m_stop;

    cluster::Attempt m_at; ///< the connection in use
    bool m_subscribed = false;
    bool m_cancelled = false;      ///< by the broker, and nothing was done about it yet
    bool m_channel_gone = false;   ///< closed by the broker, the connection lives
    base::TimePoint m_reopen_at{}; ///< then
    std::string m_consumer_tag;
    StreamPosition m_position;
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

} // namespace rmqha::messaging
