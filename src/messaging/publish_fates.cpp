#include "base/units.hpp"
#include "messaging/publish_run.hpp"

#include <algorithm>
#include <utility>

namespace rmqha::messaging {

namespace {

using SteadyClock = std::chrono::steady_clock;

/// RabbitMQ 3.10 keeps nacking on a channel whose first publish met a quorum queue within 0.2 s of its leader's death,
/// until that node is back; a channel made once there is a new leader is served (measured; other versions are not
/// harmed). That takes 0.1 to 0.6 s, on a busy machine longer: every pause until then is time lost.
constexpr auto k_election = std::chrono::seconds(3);
constexpr auto k_pause_in_election = std::chrono::milliseconds(100);
constexpr auto k_pause_after_nack = std::chrono::milliseconds(500);
constexpr auto k_calm = std::chrono::seconds(10); ///< without a nack: the next one is another story
constexpr auto k_farewell = std::chrono::seconds(3);
constexpr auto k_not_sent = "not sent";
constexpr auto k_lasting = std::chrono::minutes(1); ///< a connection that held so long was a good one, even if idle

} // namespace

void PublishRun::on_confirm(amqp::Confirm const& confirm)
{
    auto const now = SteadyClock::now();
    if (confirm.positive) {
        m_ledger.longest_silence = std::max(m_ledger.longest_silence, now - m_last_confirm);
        m_last_confirm = now;
    }
    m_window.confirm(confirm.tag, confirm.multiple, [&](Slot slot) { resolve(slot, confirm.positive, now); });
}

void PublishRun::on_return(amqp::Returned&& returned)
{
    // A return carries no tag; it comes before its message's confirm. Equal messages are interchangeable.
    auto const similar = [&](Pending const& pending) {
        auto const& sent = pending.message;
        return sent.routing_key == returned.routing_key && sent.exchange == returned.exchange &&
               sent.properties.message_id == returned.properties.message_id && sent.body == returned.body;
    };
    auto const equal = [&](Pending const& pending) {
        return similar(pending) && pending.message.properties.headers == returned.properties.headers;
    };
    auto slot = m_window.find(equal);
    if (!slot) { // the broker takes away the header BCC
        slot = m_window.find(similar);
    }
    if (slot) {
        m_window.at(*slot).returned = fmt::format("{} ({})", returned.reply_text, returned.reply_code);
    }
}

void PublishRun::on_blocked(std::string const& reason)
{
    m_blocked_reason = reason;
    m_blocked_since = SteadyClock::now();
    note(fmt::format("the broker blocks publishers ({}); waiting up to {}", reason,
                     base::format_duration(m_options.blocked_timeout)));
}

void PublishRun::on_unblocked()
{
    if (m_blocked_since) {
        auto const now = SteadyClock::now();
        m_timers_from = now; // the messages under way have only now a chance to be confirmed
        note(fmt::format("no longer blocked, after {}", base::format_duration(now - *m_blocked_since)));
        end_block();
    }
}

void PublishRun::end_block()
{
    if (m_blocked_since) {
        m_ledger.blocked += SteadyClock::now() - *m_blocked_since;
        m_blocked_since.reset();
    }
}

void PublishRun::resolve(Slot slot, bool positive, base::TimePoint now)
{
    auto& pending = m_window.at(slot);
    if (positive) {
        settle(slot, pending.returned ? Fate::returned : Fate::confirmed, pending.returned.value_or(""));
        return;
    }
    pending.first_nack = pending.first_nack.value_or(now);
    // Neither a block nor an outage counts: meanwhile it could not be tried.
    if (now - std::max(*pending.first_nack, m_timers_from) >= m_options.nack_timeout) {
        settle(slot, Fate::nacked, "the broker refused it (basic.nack): its queue is full or has no leader");
        return;
    }
    m_unsent.push_back(slot);
    m_nacked_since = now - m_last_nack >= k_calm ? now : m_nacked_since;
    m_last_nack = now;
    m_fresh_channel_at = now + (now - m_nacked_since < k_election ? k_pause_in_election : k_pause_after_nack);
}

void PublishRun::settle(Slot slot, Fate fate, std::string const& reason)
{
    auto& count = fate == Fate::confirmed  ? m_ledger.confirmed
                  : fate == Fate::nacked   ? m_ledger.nacked
                  : fate == Fate::returned ? m_ledger.returned
                  : fate == Fate::refused  ? m_ledger.refused
                                           : m_ledger.unknown;
    ++count;
    m_closes_in_row = 0;
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
    if (m_checkpoint != nullptr) {
        m_checkpoint->settled(m_window.at(slot).sequence, fate == Fate::confirmed);
    }
    m_window.release(slot);
}

void PublishRun::resend_unconfirmed()
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

void PublishRun::recover(amqp::Failure const& failure)
{
    if (failure.kind() == amqp::FailureKind::channel_closed) {
        recover_channel(failure);
        return;
    }
    m_connector.lost(m_at.node, failure);
    m_at.channel.reset();
    m_channel_gone = false;
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
        base::SystemClock().sleep_until(SteadyClock::now() + m_options.retry_delay, m_stop);
    }
}

void PublishRun::recover_channel(amqp::Failure const& failure)
{
    int const most_alike = m_ledger.confirmed == 0 ? 3 : 100; // where others are taken, it may be some messages' fault
    if (!m_options.confirms && failure.retry() == amqp::Retry::never) {
        throw base::Error(failure.code(), failure.what(), failure.hint());
    }
    if (failure.retry() == amqp::Retry::never && m_window.in_flight() == 1) {
        auto const culprit = m_window.restart().front();
        settle(culprit, Fate::refused, failure.what());
        m_ledger.denied += failure.code() == base::ExitCode::denied ? 1U : 0U;
        m_refused_in_row = failure.what() == m_last_refusal ? m_refused_in_row + 1 : 1;
        m_last_refusal = failure.what();
        if (m_refused_in_row >= most_alike) {
            throw base::Error(failure.code(), failure.what(), failure.hint());
        }
    } else {
        resend_unconfirmed();
        m_isolating = true;
        if (failure.retry() != amqp::Retry::never) {
            note(fmt::format("{}; trying again", failure.what()));
            base::SystemClock().sleep_until(SteadyClock::now() + m_options.retry_delay, m_stop);
        }
    }
    constexpr int k_most_closes = 10; // two suffice to find a culprit; more without a fate lead nowhere
    if (++m_closes_in_row > k_most_closes) {
        throw base::Error(failure.code(), failure.what(), failure.hint());
    }
    m_channel_gone = true;
}

void PublishRun::await_reader()
{
    if (m_options.confirms || !m_at.channel) {
        return;
    }
    try { // a question that is answered once all before it has been read
        m_at.channel->set_prefetch(1, SteadyClock::now() + m_options.confirm_timeout);
    } catch (amqp::Failure const& failure) {
        throw base::Error(
            failure.code(),
            fmt::format("{} may not have read all that was sent: {}", config::label(m_at.node), failure.what()),
            "Without --no-confirm, what is lost is sent again.");
    }
}

void PublishRun::collect_last_confirms()
{
    auto const deadline = SteadyClock::now() + k_farewell;
    try {
        while (m_at.channel && !m_blocked_since && m_window.in_flight() > 0 && SteadyClock::now() < deadline) {
            m_at.channel->pump({.deadline = deadline, .heed_stop = false});
        }
    } catch (amqp::Failure const&) { // no more will come
    }
}

void PublishRun::finish()
{
    auto open = m_window.restart();
    open.insert(open.end(), m_unsent.begin(), m_unsent.end());
    m_unsent.clear();
    std::ranges::sort(open, {}, [&](Slot slot) { return m_window.at(slot).sequence; });
    for (auto const slot : open) {
        settle(slot, Fate::unknown, m_window.at(slot).sendings > 0 ? "no answer from the broker" : k_not_sent);
    }
    end_block();
    if (m_at.channel) {
        m_at.channel->close(SteadyClock::now() + k_farewell);
        m_at.channel.reset();
    }
}

void PublishRun::finish_left_over(Source& source)
{
    auto slot = m_window.take();
    while (source.left_over(m_window.at(slot).message)) {
        m_window.at(slot).sequence = ++m_ledger.read;
        settle(slot, Fate::unknown, k_not_sent);
        slot = m_window.take();
    }
    m_window.release(slot);
}

void PublishRun::save_checkpoint_if_possible() const
{
    try {
        m_checkpoint->save(m_source_ended);
    } catch (base::Error const& error) {
        note(error.what());
    }
}

} // namespace rmqha::messaging
