#include "messaging/consume_run.hpp"

#include "base/stop.hpp"

#include <algorithm>
#include <utility>

namespace rmqha::messaging {

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t k_most_held = 64U << 20U;  ///< bytes of messages; beyond it nothing more is read
constexpr std::uint64_t k_most_prefetch = 65535; ///< of the protocol

} // namespace

ConsumeRun::ConsumeRun(cluster::Connector& connector, ConsumeOptions const& options,
                       std::function<void(std::string const&)> note, base::Stop& stop)
    : m_connector(connector), m_options(options), m_note(std::move(note)), m_stop(stop), m_position(options.offset)
{
}

void ConsumeRun::run(Handler& handler)
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
                if (m_channel_gone && SteadyClock::now() >= m_reopen_at) {
                    m_at.channel->reopen(SteadyClock::now() + k_answer_time);
                    m_channel_gone = false;
                }
                if (!m_channel_gone && !m_subscribed && !enough_sent()) {
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

void ConsumeRun::on_delivery(amqp::Delivery&& delivery)
{
    m_arrived_bytes += delivery.body.size();
    m_position.arrived(delivery);
    m_arrived.push_back(std::move(delivery));
}

void ConsumeRun::on_cancel(std::string const& /*consumer_tag*/)
{
    m_subscribed = false;
    m_cancelled = true;
    ++m_summary.cancelled;
}

/// What is being handled was the cancelled consumer's. RabbitMQ 4.3 cancels the consumer of a quorum queue that holds a
/// message for too long, and then takes no acknowledgement of it: it comes again, as with the channels that earlier
/// versions close. What is left of a queue that is deleted, or whose node is gone, cannot be acknowledged either.
void ConsumeRun::heed_cancel(Handler const& handler)
{
    if (!std::exchange(m_cancelled, false)) {
        return;
    }
    auto const what = fmt::format("the broker ended the subscription to queue \"{}\"", m_options.queue);
    if (acknowledging() && handler.busy()) {
        throw amqp::Failure(amqp::FailureKind::cancelled,
                            what + " (deleted, its node is gone, or a message was held for too long)", 0,
                            "Acknowledge sooner, or raise the broker's consumer_timeout (usually 30 minutes).");
    }
    m_note(what + " (deleted, or its node is gone); subscribing again");
}

void ConsumeRun::connect()
{
    m_at = m_connector.connect(m_options.deadline);
    m_connected_at = SteadyClock::now();
    m_at.channel->listen(this);
    m_subscribed = false;
}

void ConsumeRun::subscribe()
{
    auto const deadline = SteadyClock::now() + k_answer_time;
    auto arguments = m_options.arguments;
    if (auto offset = m_position.argument(std::chrono::system_clock::now())) {
        arguments.push_back({"x-stream-offset", std::move(*offset)});
    }
    m_at.channel->set_prefetch(prefetch(), deadline);
    m_consumer_tag = m_at.channel->consume(
        m_options.queue, {.no_ack = !acknowledging(), .exclusive = m_options.exclusive, .arguments = arguments},
        deadline);
    m_subscribed = true;
    m_last_message = SteadyClock::now(); // before it nothing could come: that was not idleness
    if (m_options.exclusive) {
        check_alone(deadline);
    }
}

/// Quorum queues and streams let an exclusive consumer in beside others.
void ConsumeRun::check_alone(base::TimePoint deadline)
{
    auto const consumers = m_at.channel->declare_queue({.name = m_options.queue, .passive = true}, deadline).consumers;
    if (consumers > 1) {
        throw base::Error(base::ExitCode::denied,
                          fmt::format("queue \"{}\": no exclusive use, as it has {} other {}", m_options.queue,
                                      consumers - 1, consumers == 2 ? "consumer" : "consumers"),
                          "Stop the others, or leave --exclusive out.");
    }
}

/// Never ask for more than is still wanted: the surplus would only be put back, marked as redelivered.
std::uint16_t ConsumeRun::prefetch() const
{
    auto const most = m_options.prefetch == 0 ? k_most_prefetch + 1 : m_options.prefetch;
    auto const wanted = m_options.count ? missing() - m_arrived.size() : most;
    auto const asked = std::clamp<std::uint64_t>(wanted, 1, most);
    return static_cast<std::uint16_t>(asked > k_most_prefetch ? 0 : asked);
}

bool ConsumeRun::turn(Handler& handler)
{
    auto const now = SteadyClock::now();
    if (now >= m_options.deadline) {
        throw base::Error(base::ExitCode::timeout,
                          fmt::format("the deadline passed after {} messages", m_summary.received),
                          "Allow more time with --deadline, or end earlier with --count or --idle-timeout.");
    }
    bool const may_idle = m_options.idle_timeout && !handler.busy() && !m_channel_gone;
    auto const idle_until = may_idle ? m_last_message + *m_options.idle_timeout : base::k_never;
    bool const ended = now >= idle_until;
    bool const waits = !ended && (m_arrived.empty() || !wants_more()); // some come together with the consume-ok
    auto const reopen_at = m_channel_gone ? m_reopen_at : base::k_never;
    wait(handler, {.deadline = waits ? std::min({idle_until, m_options.deadline, handler.wake_at(), reopen_at}) : now});
    heed_cancel(handler);
    bool const was_busy = handler.busy();
    if (!m_arrived.empty() || was_busy) {
        m_last_message = SteadyClock::now();
    } else if (ended) {
        return false;
    }
    return hand_over(handler);
}

void ConsumeRun::wait(Handler const& handler, amqp::Wait wait)
{
    m_waits.clear();
    handler.add_waits(m_waits);
    wait.also = m_waits;
    wait.receive = handler.held() + m_arrived_bytes < k_most_held;
    m_at.channel->pump(wait);
}

bool ConsumeRun::hand_over(Handler& handler)
{
    if (m_position.misplaced()) {
        throw base::Error(base::ExitCode::usage, fmt::format("--offset: queue \"{}\" is no stream", m_options.queue),
                          "Leave --offset out: another queue always gives its oldest message first.");
    }
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

} // namespace rmqha::messaging
