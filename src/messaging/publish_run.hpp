#pragma once

// Internal to src/messaging.

#include "amqp/channel.hpp"
#include "base/stop.hpp"
#include "messaging/checkpoint.hpp"
#include "messaging/confirm_window.hpp"
#include "messaging/pace.hpp"
#include "messaging/publisher.hpp"

#include <deque>

namespace rmqha::messaging {

/// One Publisher::run, from the first message to the last fate. publish_run.cpp is the loop that sends and waits,
/// publish_fates.cpp what becomes of messages: confirms, returns, blocks, lost connections and channels.
class PublishRun final : public amqp::Listener {
public:
    PublishRun(cluster::Connector& connector, PublishOptions const& options, PublishObserver observer,
               base::Stop& stop);

    void run(Source& source, Checkpoint* checkpoint);

    Ledger const& ledger() const noexcept { return m_ledger; }

private:
    using Slot = ConfirmWindow::Slot;
    static constexpr auto k_answer_time = std::chrono::seconds(15); ///< for confirm.select and the like

    /// Without confirms, "done" is when the last byte was handed over.
    bool done() const { return m_ended && m_window.used() == 0 && (!m_at.channel || m_at.channel->unsent() == 0); }

    void on_confirm(amqp::Confirm const& confirm) override;
    void on_return(amqp::Returned&& returned) override;
    void on_blocked(std::string const& reason) override;
    void on_unblocked() override;

    /// Unblocked, or no longer connected.
    void end_block();
    void note(std::string const& text) const;
    void resolve(Slot slot, bool positive, base::TimePoint now);
    void settle(Slot slot, Fate fate, std::string const& reason);

    void connect();
    void reopen();

    /// A fresh channel: what is in flight on the old one will never be confirmed there, and goes out again.
    void resend_unconfirmed();
    void recover(amqp::Failure const& failure);

    /// The broker closed the channel over some message. With one under way that is the culprit; with several, they go
    /// out again one at a time until it shows. When several in a row fail alike, they all will.
    void recover_channel(amqp::Failure const& failure);

    void turn(Source& source);
    std::size_t window() const { return m_isolating ? 1 : m_options.window; }

    bool may_send(base::TimePoint now) const;

    /// The source's next message gets its slot. Nothing when there is none, or none may be sent now.
    std::optional<Slot> read(Source& source);
    /// Returns true when it broke off: there may be more that can be sent.
    bool send_what_can_be_sent(Source& source, base::TimePoint now);
    void identify(Pending& pending) const;
    /// Returns false when it cannot be encoded: then it has its fate.
    bool send(Slot slot, base::TimePoint now);
    base::TimePoint next_event(base::TimePoint now) const;
    base::TimePoint confirm_due() const;
    void check_timers(base::TimePoint now) const;
    void report(base::TimePoint now);
    /// Without confirms: returns when the broker has read what was handed to the kernel, which a close in a hurry would
    /// throw away.
    void await_reader();
    void collect_last_confirms();

    /// Everything that has no fate yet ends as unknown; then the connection is closed.
    void finish();
    /// The same for what the source cannot give again.
    void finish_left_over(Source& source);
    /// After a failure already on its way: one more is only told.
    void save_checkpoint_if_possible() const;

    cluster::Connector& m_connector;
    PublishOptions const m_options;
    PublishObserver const m_observer;
    base::Stop& m_stop;
    std::string const m_run; ///< makes message ids unique across runs

    Checkpoint* m_checkpoint = nullptr;
    cluster::Attempt m_at; ///< the connection in use
    ConfirmWindow m_window;
    std::deque<Slot> m_unsent; ///< to be sent (again), in order
    Ledger m_ledger;
    bool m_ended = false;        ///< nothing more will be read
    bool m_starving = false;     ///< the source had nothing to give yet
    bool m_source_ended = false; ///< because nothing is left
    bool m_isolating = false;    ///< looking for the message that closes the channel
    bool m_channel_gone = false; ///< closed by the broker, the connection lives
    int m_closes_in_row = 0;     ///< of the channel, without a message's fate between
    std::string m_last_refusal;
    int m_refused_in_row = 0;
    int m_fruitless = 0; ///< connections lost in a row without progress between
    std::uint64_t m_progress_at_loss = 0;
    std::optional<base::TimePoint> m_fresh_channel_at;
    base::TimePoint m_last_nack{};
    base::TimePoint m_nacked_since{};
    std::optional<base::TimePoint> m_blocked_since;
    std::string m_blocked_reason;
    base::TimePoint m_connected_at{};
    base::TimePoint m_timers_from{};
    base::TimePoint m_last_confirm{};
    Pace m_pace{0, {}};
    base::TimePoint m_reported{};
};

} // namespace rmqha::messaging
