#include "messaging/publish_run.hpp"

#include "base/random.hpp"
#include "base/units.hpp"

#include <algorithm>
#include <utility>

namespace rmqha::messaging {

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t k_enough_unsent = 256U << 10U; ///< bytes encoded ahead of the socket
constexpr std::size_t k_most_bytes = 64U << 20U;     ///< of bodies under way: bounds the memory for large messages

} // namespace

PublishRun::PublishRun(cluster::Connector& connector, PublishOptions const& options, PublishObserver observer,
                       base::Stop& stop)
    : m_connector(connector),
      m_options(options),
      m_observer(std::move(observer)),
      m_stop(stop),
      m_run(options.run.empty() ? base::random_name() : options.run)
{
    m_ledger.before = options.before;
}

void PublishRun::run(Source& source, Checkpoint* checkpoint)
{
    auto const started = SteadyClock::now();
    m_checkpoint = checkpoint;
    m_pace = Pace(m_options.rate, started);
    m_last_confirm = started;
    try {
        while (!done()) {
            try {
                m_stop.throw_if_requested();
                if (!m_at.channel) {
                    connect();
                }
                if (m_channel_gone && !m_blocked_since) { // blocked, the broker would not answer
                    m_channel_gone = false;
                    reopen();
                }
                turn(source);
            } catch (amqp::Failure const& failure) {
                recover(failure);
            }
            m_ledger.elapsed = SteadyClock::now() - started;
        }
        await_reader();
        finish();
        if (m_checkpoint != nullptr) {
            m_checkpoint->save(m_source_ended);
        } else {
            finish_left_over(source); // there is some when reading ended before the input did
        }
    } catch (...) { // a stop, or an error: what is under way may well be confirmed
        collect_last_confirms();
        finish();
        if (m_checkpoint != nullptr) {
            save_checkpoint_if_possible(); // the input will be given again: nothing of it is left over
        } else {
            finish_left_over(source);
        }
        m_ledger.elapsed = SteadyClock::now() - started;
        throw;
    }
    m_ledger.elapsed = SteadyClock::now() - started;
}

void PublishRun::note(std::string const& text) const
{
    if (m_observer.note) {
        m_observer.note(text);
    }
}

void PublishRun::connect()
{
    m_at = m_connector.connect(m_options.deadline);
    m_connected_at = SteadyClock::now();
    m_timers_from = m_connected_at;
    m_at.channel->listen(this);
    if (m_options.confirms) {
        m_at.channel->select_confirms(SteadyClock::now() + k_answer_time);
    }
}

void PublishRun::reopen()
{
    m_at.channel->reopen(SteadyClock::now() + k_answer_time);
    if (m_options.confirms) {
        m_at.channel->select_confirms(SteadyClock::now() + k_answer_time);
    }
}

void PublishRun::turn(Source& source)
{
    auto const now = SteadyClock::now();
    if (m_checkpoint != nullptr) {
        m_checkpoint->save_if_due(now);
        m_ended = m_ended || m_checkpoint->ended();
    }
    if (m_fresh_channel_at && !m_blocked_since && m_window.in_flight() == 0 && now >= *m_fresh_channel_at) {
        resend_unconfirmed();
        reopen();
        return;
    }
    m_pace.limit_arrears(now, m_ledger.read);
    bool const more = send_what_can_be_sent(source, now);
    if (done()) {
        return; // nothing to wait for
    }
    pollfd input{.fd = m_starving ? source.fd() : -1, .events = POLLIN, .revents = 0};
    m_at.channel->pump({.deadline = more ? now : next_event(now), .also = {&input, m_starving ? 1U : 0U}});
    check_timers(SteadyClock::now());
    report(now);
}

bool PublishRun::may_send(base::TimePoint now) const
{
    return !m_blocked_since && !m_fresh_channel_at && m_window.in_flight() < window() &&
           m_window.bytes() < k_most_bytes && m_at.channel->unsent() < k_enough_unsent &&
           now >= m_pace.due(m_ledger.read);
}

std::optional<PublishRun::Slot> PublishRun::read(Source& source)
{
    if (m_ended || m_window.used() >= m_options.window || (m_checkpoint != nullptr && !m_checkpoint->admits())) {
        return std::nullopt;
    }
    auto const slot = m_window.take();
    auto& pending = m_window.at(slot);
    auto const next = source.next(pending.message);
    if (next != Next::message) {
        m_window.release(slot);
        m_ended = m_source_ended = next == Next::end;
        m_starving = next == Next::later;
        return std::nullopt;
    }
    pending.sequence = m_options.before + ++m_ledger.read;
    if (m_checkpoint != nullptr) {
        m_checkpoint->read(source.position());
    }
    identify(pending);
    return slot;
}

bool PublishRun::send_what_can_be_sent(Source& source, base::TimePoint now)
{
    constexpr int k_most_refused = 100; // they fill neither window nor buffer: stop and heartbeats are to be seen to
    m_starving = false;
    for (int refused = 0; may_send(now);) {
        std::optional<Slot> slot;
        if (!m_unsent.empty()) {
            slot = m_unsent.front();
            m_unsent.pop_front();
        } else {
            m_isolating = false;
            slot = read(source);
        }
        if (!slot) {
            return false;
        }
        refused += send(*slot, now) ? 0 : 1;
        if (refused == k_most_refused) {
            return true;
        }
    }
    return false;
}

void PublishRun::identify(Pending& pending) const
{
    if (m_options.identify) {
        constexpr auto* k_sequence = "x-rmqha-seq";
        auto& properties = pending.message.properties;
        // A message that comes from another run has the number it had there.
        std::erase_if(properties.headers, [](amqp::Field const& field) { return field.name == k_sequence; });
        properties.headers.push_back({k_sequence, {static_cast<std::int64_t>(pending.sequence)}});
        if (!properties.message_id) {
            properties.message_id = fmt::format("{}-{}", m_run, pending.sequence);
        }
    }
}

bool PublishRun::send(Slot slot, base::TimePoint now)
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
        return false;
    }
    m_ledger.resent += pending.sendings++ > 0 ? 1U : 0U;
    pending.sent_at = now;
    if (m_options.confirms) {
        if (m_window.used() == 1 && pending.sendings == 1) {
            m_last_confirm = now; // silence counts from when something was asked for, whatever was lost since
        }
        m_window.sent(slot);
    } else {
        ++m_ledger.unconfirmed;
        m_window.release(slot);
    }
    return true;
}

base::TimePoint PublishRun::next_event(base::TimePoint now) const
{
    auto next = std::min(now + std::chrono::seconds(1), m_options.deadline); // progress is shown now and then
    if (m_blocked_since) {
        return std::min(next, *m_blocked_since + m_options.blocked_timeout);
    }
    if (m_fresh_channel_at) {
        next = std::min(next, std::max(*m_fresh_channel_at, now + std::chrono::milliseconds(1)));
    }
    if (m_window.in_flight() > 0) {
        next = std::min(next, confirm_due());
    }
    if (auto const due = m_pace.due(m_ledger.read); !m_ended && due > now) { // else something different is waited for
        next = std::min(next, due);
    }
    return next;
}

base::TimePoint PublishRun::confirm_due() const
{
    return std::max(m_window.oldest().sent_at, m_timers_from) + m_options.confirm_timeout;
}

void PublishRun::check_timers(base::TimePoint now) const
{
    if (now >= m_options.deadline) {
        throw base::Error(base::ExitCode::timeout,
                          fmt::format("the deadline passed with {} messages unconfirmed", m_window.used()),
                          "Allow more time with --deadline.");
    }
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

void PublishRun::report(base::TimePoint now)
{
    constexpr auto k_interval = std::chrono::milliseconds(100);
    if (m_observer.progress && now >= m_reported + k_interval) {
        m_reported = now;
        m_observer.progress(m_ledger, m_window.in_flight(), config::label(m_at.node));
    }
}

} // namespace rmqha::messaging
