#include "messaging/publisher.hpp"

#include "amqp/channel.hpp"
#include "base/stop.hpp"
#include "base/units.hpp"
#include "messaging/confirm_window.hpp"

#include <algorithm>
#include <deque>
#include <random>
#include <utility>

namespace rmqha::messaging {

namespace {

using SteadyClock = std::chrono::steady_clock;
using Slot = ConfirmWindow::Slot;

constexpr std::size_t k_enough_unsent = 256U << 10U;     ///< bytes encoded ahead of the socket
constexpr std::size_t k_most_bytes = 64U << 20U;         ///< of bodies under way: bounds the memory for large messages
constexpr auto k_answer_time = std::chrono::seconds(15); ///< for confirm.select and the like
/// RabbitMQ 3.10 keeps nacking on a channel whose first publish met a quorum queue within 0.2 s of its leader's death,
/// until that node is back; a new channel, half a second later, is served (measured; other versions are not harmed).
constexpr auto k_pause_after_nack = std::chrono::milliseconds(500);
constexpr auto k_farewell = std::chrono::seconds(3);
constexpr auto k_lasting = std::chrono::minutes(1); ///< a connection that held so long was a good one, even if idle

std::string random_name()
{
    std::random_device random;
    return fmt::format("{:08x}{:08x}", random(), random());
}

} // namespace

std::string_view to_string(Fate fate)
{
    switch (fate) {
    case Fate::confirmed:
        return "confirmed";
    case Fate::nacked:
        return "nacked";
    case Fate::returned:
        return "returned";
    case Fate::refused:
        return "refused";
    case Fate::unknown:
        break;
    }
    return "unknown";
}

class Publisher::Impl final : public amqp::Listener {
public:
    Impl(cluster::Connector& connector, PublishOptions const& options, PublishObserver observer, base::Stop& stop)
        : m_connector(connector),
          m_options(options),
          m_observer(std::move(observer)),
          m_stop(stop),
          m_run(random_name())
    {
    }

    void run(Source& source)
    {
        auto const started = SteadyClock::now();
        m_rate_from = started;
        m_last_confirm = started;
        try {
            while (!done()) {
                try {
                    m_stop.throw_if_requested();
                    if (!m_at.channel) {
                        connect();
                    }
                    turn(source);
                } catch (amqp::Failure const& failure) {
                    recover(failure);
                }
                m_ledger.elapsed = SteadyClock::now() - started;
            }
            finish();
        } catch (...) { // a stop, or an error: what is under way may well be confirmed
            collect_last_confirms();
            finish();
            m_ledger.elapsed = SteadyClock::now() - started;
            throw;
        }
        m_ledger.elapsed = SteadyClock::now() - started;
    }

    Ledger const& ledger() const noexcept { return m_ledger; }

private:
    /// Without confirms, "done" is when the last byte was handed over.
    bool done() const { return m_ended && m_window.used() == 0 && (!m_at.channel || m_at.channel->unsent() == 0); }

    void on_confirm(amqp::Confirm const& confirm) override
    {
        auto const now = SteadyClock::now();
        m_ledger.longest_silence = std::max(m_ledger.longest_silence, now - m_last_confirm);
        m_last_confirm = now;
        m_window.confirm(confirm.tag, confirm.multiple, [&](Slot slot) { resolve(slot, confirm.positive, now); });
    }

    void on_return(amqp::Returned&& returned) override
    {
        // A return carries no tag; it comes before its message's confirm. Equal messages are interchangeable.
        auto const slot = m_window.find([&](Pending const& pending) {
            auto const& sent = pending.message;
            return sent.routing_key == returned.routing_key && sent.exchange == returned.exchange &&
                   sent.properties.message_id == returned.properties.message_id && sent.body == returned.body;
        });
        if (slot) {
            m_window.at(*slot).returned = fmt::format("{} ({})", returned.reply_text, returned.reply_code);
        }
    }

    void on_blocked(std::string const& reason) override
    {
        m_blocked_reason = reason;
        m_blocked_since = SteadyClock::now();
        note(fmt::format("the broker blocks publishers ({}); waiting up to {}", reason,
                         base::format_duration(m_options.blocked_timeout)));
    }

    void on_unblocked() override
    {
        if (m_blocked_since) {
            auto const now = SteadyClock::now();
            m_timers_from = now; // the messages under way have only now a chance to be confirmed
            note(fmt::format("no longer blocked, after {}", base::format_duration(now - *m_blocked_since)));
            end_block();
        }
    }

    /// Unblocked, or no longer connected.
    void end_block()
    {
        if (m_blocked_since) {
            m_ledger.blocked += SteadyClock::now() - *m_blocked_since;
            m_blocked_since.reset();
        }
    }

    void note(std::string const& text) const
    {
        if (m_observer.note) {
            m_observer.note(text);
        }
    }

    void resolve(Slot slot, bool positive, base::TimePoint now)
    {
        auto& pending = m_window.at(slot);
        if (positive) {
            settle(slot, pending.returned ? Fate::returned : Fate::confirmed, pending.returned.value_or(""));
            return;
        }
        pending.first_nack = pending.first_nack.value_or(now);
        if (now - *pending.first_nack >= m_options.nack_timeout) {
            settle(slot, Fate::nacked, "the broker refused it (basic.nack): its queue is full or has no leader");
            return;
        }
        m_unsent.push_back(slot);
        m_fresh_channel_at = now + k_pause_after_nack;
    }

    void settle(Slot slot, Fate fate, std::string const& reason)
    {
        auto& count = fate == Fate::confirmed  ? m_ledger.confirmed
                      : fate == Fate::nacked   ? m_ledger.nacked
                      : fate == Fate::returned ? m_ledger.returned
                      : fate == Fate::refused  ? m_ledger.refused
                                               : m_ledger.unknown;
        ++count;
        if (fate == Fate::confirmed) {
            m_refused_in_row = 0;
        } else {
            if (m_ledger.first_failure.empty()) {
                m_ledger.first_failure = reason;
            }
            if (m_observer.failed) {
                m_observer.failed(m_window.at(slot).message, fate, reason);
            }
        }
        m_window.release(slot);
    }

    void connect()
    {
        m_at = m_connector.connect(base::k_never);
        m_connected_at = SteadyClock::now();
        m_at.channel->listen(this);
        if (m_options.confirms) {
            m_at.channel->select_confirms(SteadyClock::now() + k_answer_time);
        }
    }

    /// A fresh channel: what is in flight on the old one will never be confirmed there, and goes out again.
    void resend_unconfirmed()
    {
        m_fresh_channel_at.reset();
        auto const again = m_window.restart();
        m_unsent.insert(m_unsent.end(), again.begin(), again.end());
        std::ranges::sort(m_unsent, {}, [&](Slot slot) { return m_window.at(slot).sequence; });
        for (auto const slot : again) {
            auto& pending = m_window.at(slot);
            m_ledger.maybe_duplicate += std::exchange(pending.duplicate, true) ? 0U : 1U;
            pending.returned.reset();
        }
    }

    void recover(amqp::Failure const& failure)
    {
        if (failure.kind() == amqp::FailureKind::channel_closed) {
            recover_channel(failure);
            return;
        }
        m_connector.lost(m_at.node, failure);
        m_at.channel.reset();
        end_block();
        ++m_ledger.reconnects;
        resend_unconfirmed();
        auto const progress = m_ledger.read - m_window.used(); // messages with a fate
        bool const fruitful =
            progress > std::exchange(m_progress_at_loss, progress) || SteadyClock::now() - m_connected_at >= k_lasting;
        m_fruitless = fruitful ? 1 : m_fruitless + 1;
        bool const too_often = m_options.connection_attempts != 0 && m_fruitless > m_options.connection_attempts;
        if (failure.retry() == amqp::Retry::never || too_often) {
            throw base::Error(failure.code(), fmt::format("{}: {}", config::label(m_at.node), failure.what()),
                              failure.hint());
        }
        if (m_fruitless > 1) {
            pause(m_options.retry_delay);
        }
    }

    /// The broker closed the channel over some message. With one under way that is the culprit; with several, they go
    /// out again one at a time until it shows. When several in a row fail alike, they all will.
    void recover_channel(amqp::Failure const& failure)
    {
        constexpr int k_alike = 3;
        if (!m_options.confirms && failure.retry() == amqp::Retry::never) {
            throw base::Error(failure.code(), failure.what(), failure.hint());
        }
        if (failure.retry() == amqp::Retry::never && m_window.in_flight() == 1) {
            auto const culprit = m_window.restart().front();
            settle(culprit, Fate::refused, failure.what());
            m_refused_in_row = failure.what() == m_last_refusal ? m_refused_in_row + 1 : 1;
            m_last_refusal = failure.what();
            if (m_refused_in_row >= k_alike) {
                throw base::Error(failure.code(), failure.what(), failure.hint());
            }
        } else {
            resend_unconfirmed();
            m_isolating = true;
            if (failure.retry() != amqp::Retry::never) {
                note(fmt::format("{}; trying again", failure.what()));
                pause(m_options.retry_delay);
            }
        }
        reopen();
    }

    void reopen()
    {
        try {
            m_at.channel->reopen(SteadyClock::now() + k_answer_time);
            if (m_options.confirms) {
                m_at.channel->select_confirms(SteadyClock::now() + k_answer_time);
            }
        } catch (amqp::Failure const& failure) {
            recover(failure);
        }
    }

    void pause(base::milliseconds time)
    {
        auto const until = SteadyClock::now() + time;
        pollfd waiting{.fd = m_stop.fd(), .events = POLLIN, .revents = 0};
        ::poll(&waiting, 1, base::poll_timeout(until));
        m_stop.throw_if_requested();
    }

    void turn(Source& source)
    {
        auto const now = SteadyClock::now();
        if (m_fresh_channel_at && m_window.in_flight() == 0 && now >= *m_fresh_channel_at) {
            resend_unconfirmed();
            reopen();
            return;
        }
        bool const starving = send_what_can_be_sent(source, now);
        if (done()) {
            return; // nothing to wait for
        }
        pollfd input{.fd = starving ? source.fd() : -1, .events = POLLIN, .revents = 0};
        m_at.channel->pump({.deadline = next_event(now), .also = {&input, starving ? 1U : 0U}});
        check_timers(SteadyClock::now());
        report(now);
    }

    std::size_t window() const { return m_isolating ? 1 : m_options.window; }

    bool may_send(base::TimePoint now) const
    {
        return !m_blocked_since && !m_fresh_channel_at && m_window.in_flight() < window() &&
               m_window.bytes() < k_most_bytes && m_at.channel->unsent() < k_enough_unsent && now >= next_by_rate();
    }

    base::TimePoint next_by_rate() const
    {
        if (m_options.rate <= 0) {
            return base::TimePoint::min();
        }
        auto const due = std::chrono::duration<double>(static_cast<double>(m_ledger.read) / m_options.rate);
        return m_rate_from + std::chrono::duration_cast<base::Duration>(due);
    }

    /// Returns true when the source has nothing to give yet.
    bool send_what_can_be_sent(Source& source, base::TimePoint now)
    {
        while (may_send(now)) {
            if (!m_unsent.empty()) {
                auto const slot = m_unsent.front();
                m_unsent.pop_front();
                send(slot, now);
                continue;
            }
            m_isolating = false;
            if (m_ended || m_window.used() >= m_options.window) {
                return false;
            }
            auto const slot = m_window.take();
            auto const next = source.next(m_window.at(slot).message);
            if (next != Next::message) {
                m_window.release(slot);
                m_ended = next == Next::end;
                return next == Next::later;
            }
            m_window.at(slot).sequence = ++m_ledger.read;
            identify(m_window.at(slot));
            send(slot, now);
        }
        return false;
    }

    void identify(Pending& pending) const
    {
        if (m_options.identify) {
            auto& properties = pending.message.properties;
            properties.headers.push_back({"x-rmqha-seq", {static_cast<std::int64_t>(pending.sequence)}});
            if (!properties.message_id) {
                properties.message_id = fmt::format("{}-{}", m_run, pending.sequence);
            }
        }
    }

    void send(Slot slot, base::TimePoint now)
    {
        auto& pending = m_window.at(slot);
        auto const& message = pending.message;
        try {
            m_at.channel->publish({.exchange = message.exchange,
                                   .routing_key = message.routing_key,
                                   .mandatory = m_options.mandatory,
                                   .properties = message.properties,
                                   .body = message.body});
        } catch (amqp::Failure const&) {
            m_unsent.push_front(slot);
            throw;
        } catch (base::Error const& error) { // cannot be encoded: this one alone
            settle(slot, Fate::refused, error.what());
            return;
        }
        m_ledger.resent += pending.sendings++ > 0 ? 1U : 0U;
        pending.sent_at = now;
        if (m_options.confirms) {
            if (m_window.in_flight() == 0) {
                m_last_confirm = now; // silence counts from when something was asked for
            }
            m_window.sent(slot);
        } else {
            ++m_ledger.unconfirmed;
            m_window.release(slot);
        }
    }

    base::TimePoint next_event(base::TimePoint now) const
    {
        auto next = now + std::chrono::seconds(1); // progress is shown now and then
        if (m_blocked_since) {
            return std::min(next, *m_blocked_since + m_options.blocked_timeout);
        }
        if (m_fresh_channel_at) {
            next = std::min(next, std::max(*m_fresh_channel_at, now + std::chrono::milliseconds(1)));
        }
        if (m_window.in_flight() > 0) {
            next = std::min(next, confirm_due());
        }
        if (m_options.rate > 0 && !m_ended) {
            next = std::min(next, next_by_rate());
        }
        return next;
    }

    base::TimePoint confirm_due() const
    {
        return std::max(m_window.oldest().sent_at, m_timers_from) + m_options.confirm_timeout;
    }

    void check_timers(base::TimePoint now) const
    {
        if (m_blocked_since) {
            if (now - *m_blocked_since >= m_options.blocked_timeout) {
                throw base::Error(
                    base::ExitCode::timeout,
                    fmt::format("the broker has blocked publishers for {}: {}",
                                base::format_duration(now - *m_blocked_since), m_blocked_reason),
                    "Clear the alarm (rmqha monitor status names the node), or wait longer with --blocked-timeout.");
            }
            return;
        }
        if (m_window.in_flight() > 0 && now >= confirm_due()) {
            throw amqp::Failure(amqp::FailureKind::timed_out,
                                fmt::format("no confirm for {}", base::format_duration(m_options.confirm_timeout)));
        }
    }

    void report(base::TimePoint now)
    {
        constexpr auto k_interval = std::chrono::milliseconds(100);
        if (m_observer.progress && now >= m_reported + k_interval) {
            m_reported = now;
            m_observer.progress(m_ledger, m_window.in_flight(), config::label(m_at.node));
        }
    }

    void collect_last_confirms()
    {
        auto const deadline = SteadyClock::now() + k_farewell;
        try {
            while (m_at.channel && !m_blocked_since && m_window.in_flight() > 0 && SteadyClock::now() < deadline) {
                m_at.channel->pump({.deadline = deadline, .heed_stop = false});
            }
        } catch (amqp::Failure const&) { // no more will come
        }
    }

    /// Everything that has no fate yet ends as unknown; then the connection is closed.
    void finish()
    {
        for (auto const slot : m_window.restart()) {
            settle(slot, Fate::unknown, "no answer from the broker");
        }
        for (auto const slot : std::exchange(m_unsent, {})) {
            settle(slot, Fate::unknown, m_window.at(slot).sendings > 0 ? "no answer from the broker" : "not sent");
        }
        end_block();
        if (m_at.channel) {
            m_at.channel->close(SteadyClock::now() + k_farewell);
            m_at.channel.reset();
        }
    }

    cluster::Connector& m_connector;
    PublishOptions const m_options;
    PublishObserver const m_observer;
    base::Stop& m_stop;
    std::string const m_run; ///< makes message ids unique across runs

    cluster::Attempt m_at; ///< the connection in use
    ConfirmWindow m_window;
    std::deque<Slot> m_unsent; ///< to be sent (again), in order
    Ledger m_ledger;
    bool m_ended = false;     ///< the source is
    bool m_isolating = false; ///< looking for the message that closes the channel
    std::string m_last_refusal;
    int m_refused_in_row = 0;
    int m_fruitless = 0; ///< connections lost in a row without progress between
    std::uint64_t m_progress_at_loss = 0;
    std::optional<base::TimePoint> m_fresh_channel_at;
    std::optional<base::TimePoint> m_blocked_since;
    std::string m_blocked_reason;
    base::TimePoint m_connected_at{};
    base::TimePoint m_timers_from{};
    base::TimePoint m_last_confirm{};
    base::TimePoint m_rate_from{};
    base::TimePoint m_reported{};
};

Publisher::Publisher(cluster::Connector& connector, PublishOptions const& options, PublishObserver observer,
                     base::Stop& stop)
    : m_impl(std::make_unique<Impl>(connector, options, std::move(observer), stop))
{
}

Publisher::~Publisher() = default;

void Publisher::run(Source& source)
{
    m_impl->run(source);
}

Ledger const& Publisher::ledger() const noexcept
{
    return m_impl->ledger();
}

} // namespace rmqha::messaging
