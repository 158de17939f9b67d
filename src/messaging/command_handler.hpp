#pragma once

#include "base/child.hpp"
#include "messaging/handler.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace rmqha::messaging {

/// What becomes of a message whose command failed.
enum class OnFailure {
    requeue, ///< back to the queue after a pause
    reject,  ///< dead-lettered where the queue has a dead-letter exchange, else dropped
    stop,    ///< stays in the queue; nothing more is begun
};

struct CommandOptions {
    std::vector<std::string> argv; ///< argv[0] is searched in PATH
    std::string queue;             ///< told to the command
    OnFailure on_failure = OnFailure::stop;
    std::size_t parallel = 1;                  ///< commands at once, at least 1
    std::optional<base::milliseconds> timeout; ///< a command that takes longer is killed and has failed
    /// Before a message is put back; doubled with each further failure without a success between, up to a minute.
    base::milliseconds retry_delay{1'000};
};

/// Runs a command for each message: its body on standard input, message_environment() in the environment. Exit status 0
/// acknowledges it. What a command writes to its standard output goes on in one piece, also when it failed, and before
/// the verdict. Commands begin in the order of the messages. One outlives the loss of a channel, but has no verdict
/// then. advance() throws Error(unavailable) when the command cannot be started and Error(no) for OnFailure::stop, once
/// all commands have ended.
class CommandHandler final : public Handler {
public:
    struct Output {
        std::function<void(std::string_view)> write;
        // As Sink's.
        std::function<bool()> flush;
        std::function<std::size_t()> unwritten = {};
        std::function<pollfd()> room = {};
        std::function<void(std::string const&)> failed; ///< one failure and its consequence, in words
    };
    struct Summary {
        std::uint64_t failed = 0;   ///< commands, whatever became of the message
        std::uint64_t orphaned = 0; ///< ended well after their channel was lost: the messages come again
    };

    CommandHandler(CommandOptions options, Output output);
    ~CommandHandler() override; ///< kills what still runs

    Summary const& summary() const noexcept { return m_summary; }

    void take(amqp::Delivery&& delivery) override;
    bool advance(std::span<pollfd const> waits, std::vector<Verdict>& verdicts) override;
    void add_waits(std::vector<pollfd>& waits) const override;
    base::TimePoint wake_at() const override;
    bool busy() const override;
    std::size_t held() const override;
    void forget() override;
    void wind_down(base::TimePoint until) override;

private:
    struct Running;
    struct Pause {
        std::uint64_t tag;
        base::TimePoint until;
    };

    void end_overdue(base::TimePoint now);
    std::size_t unwritten() const;
    void write_output();
    void pass_on(Running& running);
    void settle_ended(std::vector<Verdict>& verdicts);
    void judge(Running const& running, std::vector<Verdict>& verdicts);
    void judge_failure(Running const& running, std::vector<Verdict>& verdicts);
    void requeue_due(base::TimePoint now, std::vector<Verdict>& verdicts);
    void start(amqp::Delivery&& delivery);

    CommandOptions const m_options;
    Output const m_output;
    std::deque<amqp::Delivery> m_waiting;
    std::size_t m_waiting_bytes = 0;
    std::vector<std::unique_ptr<Running>> m_running;
    bool m_unflushed = false;
    bool m_closed = false;              ///< nobody wants the output any more
    Running const* m_speaker = nullptr; ///< whose output is partly written: nobody else's may come between
    std::deque<Pause> m_pauses;         ///< before messages are put back
    int m_failures_in_row = 0;
    std::string m_reason_to_stop;            ///< empty: none
    std::optional<base::TimePoint> m_end_at; ///< winding down: when running commands are told to end
    bool m_told_to_end = false;
    Summary m_summary;
};

} // namespace rmqha::messaging
