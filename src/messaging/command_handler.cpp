#include "messaging/command_handler.hpp"

#include "base/error.hpp"
#include "base/units.hpp"
#include "messaging/message_environment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <utility>

namespace rmqha::messaging {

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t k_most_kept = 1U << 20U; ///< of a command's output, until it can be written
constexpr base::milliseconds k_longest_pause = std::chrono::minutes(1);
constexpr int k_most_doublings = 20;

std::string end_in_words(int status)
{
    constexpr int k_signal = 128;
    auto const* const name = status > k_signal ? ::sigdescr_np(status - k_signal) : nullptr;
    return name != nullptr ? fmt::format("exit status {} ({})", status, name) : fmt::format("exit status {}", status);
}

} // namespace

struct CommandHandler::Running {
    std::uint64_t tag;
    base::Child child;
    base::TimePoint kill_at;
    bool orphaned = false; ///< its channel is gone
    bool killed = false;   ///< it took too long
};

CommandHandler::CommandHandler(CommandOptions options, Output output)
    : m_options(std::move(options)), m_output(std::move(output))
{
}

CommandHandler::~CommandHandler() = default;

void CommandHandler::take(amqp::Delivery&& delivery)
{
    m_waiting_bytes += delivery.body.size();
    m_waiting.push_back(std::move(delivery));
}

bool CommandHandler::advance(std::span<pollfd const> waits, std::vector<Verdict>& verdicts)
{
    constexpr auto k_each = std::tuple_size_v<base::Child::Waits>;
    for (std::size_t i = 0; i < m_running.size() && (i + 1) * k_each <= waits.size(); ++i) {
        base::Child::Waits own;
        std::copy_n(waits.begin() + static_cast<std::ptrdiff_t>(i * k_each), k_each, own.begin());
        m_running[i]->child.advance(own);
    }
    auto const now = SteadyClock::now();
    end_overdue(now);
    write_output();
    if (!m_unflushed) {
        settle_ended(verdicts);
    }
    requeue_due(now, verdicts);
    bool const stopping = !m_reason_to_stop.empty();
    while (!m_waiting.empty() && m_running.size() < m_options.parallel && !stopping && !m_closed && !m_end_at) {
        m_waiting_bytes -= m_waiting.front().body.size();
        auto delivery = std::move(m_waiting.front());
        m_waiting.pop_front();
        start(std::move(delivery));
    }
    if (stopping && m_running.empty() && verdicts.empty()) {
        throw base::Error(base::ExitCode::no, m_reason_to_stop,
                          "The message stays in the queue. --on-failure tells what else to do with such messages.");
    }
    return !m_closed;
}

void CommandHandler::start(amqp::Delivery&& delivery)
{
    auto const kill_at = m_options.timeout ? SteadyClock::now() + *m_options.timeout : base::k_never;
    base::Command command{.argv = m_options.argv,
                          .environment = message_environment(m_options.queue, delivery),
                          .input = std::move(delivery.body),
                          .hidden_variables = k_message_prefix};
    m_running.push_back(std::unique_ptr<Running>(
        new Running{delivery.delivery_tag, base::Child(std::move(command), base::Child::Errors::inherited), kill_at}));
}

void CommandHandler::end_overdue(base::TimePoint now)
{
    for (auto const& running : m_running) {
        if (now >= running->kill_at && !running->child.ended()) {
            running->child.signal(SIGKILL);
            running->killed = true;
            running->kill_at = base::k_never;
        }
    }
    if (m_end_at && now >= *m_end_at && !std::exchange(m_told_to_end, true)) {
        std::ranges::for_each(m_running, [](auto const& running) { running->child.signal(SIGTERM); });
    }
}

std::size_t CommandHandler::unwritten() const
{
    return m_output.unwritten ? m_output.unwritten() : 0;
}

void CommandHandler::write_output()
{
    // Over again: who has had to keep a lot is not polled, and may speak once another has ended or room was made.
    do {
        if (m_unflushed) {
            m_closed = !m_output.flush();
            m_unflushed = !m_closed && unwritten() > 0;
        }
        if (m_unflushed) {
            return;
        }
        std::ranges::for_each(m_running, [this](auto const& running) { pass_on(*running); });
    } while (m_unflushed);
}

void CommandHandler::pass_on(Running& running)
{
    auto& output = running.child.output();
    bool const whole = running.child.ended();
    if (m_closed) {
        output.clear();
    } else if ((m_speaker == nullptr || m_speaker == &running) && (whole || output.size() >= k_most_kept)) {
        m_unflushed = m_unflushed || !output.empty();
        m_output.write(output);
        output.clear();
        m_speaker = whole ? nullptr : &running;
    }
}

void CommandHandler::settle_ended(std::vector<Verdict>& verdicts)
{
    std::erase_if(m_running, [&](auto const& running) {
        bool const done = running->child.ended() && running->child.output().empty();
        if (done) {
            judge(*running, verdicts);
        }
        return done;
    });
}

void CommandHandler::judge(Running const& running, std::vector<Verdict>& verdicts)
{
    if (m_closed) {
        return; // its output may not have arrived
    }
    if (running.child.status() == 0 && !running.killed) {
        m_failures_in_row = 0;
        if (running.orphaned) {
            ++m_summary.orphaned;
        } else {
            verdicts.push_back({.tag = running.tag, .outcome = Outcome::acknowledge});
        }
    } else if (!m_told_to_end) { // else it may have failed for our asking: the message goes back
        judge_failure(running, verdicts);
    }
}

void CommandHandler::judge_failure(Running const& running, std::vector<Verdict>& verdicts)
{
    ++m_summary.failed;
    auto const pause = std::min<base::milliseconds>(
        m_options.retry_delay * (1 << std::min(m_failures_in_row++, k_most_doublings)), k_longest_pause);
    auto const reason =
        fmt::format("command {}: {}", m_options.argv.front(),
                    running.killed ? fmt::format("not done in {}, killed", base::format_duration(*m_options.timeout))
                                   : end_in_words(running.child.status()));
    if (m_options.on_failure == OnFailure::stop) {
        m_reason_to_stop = m_reason_to_stop.empty() ? reason : m_reason_to_stop;
    } else if (running.orphaned) {
        m_output.failed(reason + "; the connection was lost meanwhile, the message comes again");
    } else if (m_options.on_failure == OnFailure::reject) {
        verdicts.push_back({.tag = running.tag, .outcome = Outcome::reject});
        m_output.failed(reason + "; the message is rejected");
    } else {
        m_pauses.push_back({running.tag, SteadyClock::now() + pause});
        m_output.failed(fmt::format("{}; back to the queue in {}", reason, base::format_duration(pause)));
    }
}

void CommandHandler::requeue_due(base::TimePoint now, std::vector<Verdict>& verdicts)
{
    std::erase_if(m_pauses, [&](Pause const& pause) {
        bool const due = now >= pause.until;
        if (due) {
            verdicts.push_back({.tag = pause.tag, .outcome = Outcome::requeue});
        }
        return due;
    });
}

void CommandHandler::add_waits(std::vector<pollfd>& waits) const
{
    for (auto const& running : m_running) {
        auto const own = running->child.waits(running->child.output_size() < k_most_kept);
        waits.insert(waits.end(), own.begin(), own.end());
    }
    if (m_unflushed && m_output.room) {
        waits.push_back(m_output.room());
    }
}

base::TimePoint CommandHandler::wake_at() const
{
    if (!m_reason_to_stop.empty() && m_running.empty()) {
        return SteadyClock::now(); // the last verdicts were to go first
    }
    auto at = m_end_at && !m_told_to_end ? *m_end_at : base::k_never;
    for (auto const& running : m_running) {
        at = std::min(at, running->kill_at);
    }
    for (auto const& pause : m_pauses) {
        at = std::min(at, pause.until);
    }
    return at;
}

bool CommandHandler::busy() const
{
    return !m_running.empty() || (!m_end_at && (!m_waiting.empty() || !m_pauses.empty()));
}

std::size_t CommandHandler::held() const
{
    auto bytes = m_waiting_bytes + unwritten();
    for (auto const& running : m_running) {
        bytes += running->child.input_size() + running->child.output_size();
    }
    return bytes;
}

void CommandHandler::forget()
{
    m_waiting.clear();
    m_waiting_bytes = 0;
    m_pauses.clear();
    std::ranges::for_each(m_running, [](auto const& running) { running->orphaned = true; });
}

void CommandHandler::wind_down(base::TimePoint until)
{
    m_end_at = until;
}

} // namespace rmqha::messaging
