#include "output/console.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/stop.hpp"
#include "base/units.hpp"
#include "output/table.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <system_error>
#include <utility>

namespace rmqha::output {

namespace {

constexpr std::size_t k_buffer = 64 * 1024;
constexpr int k_no_limit = 100'000;
constexpr int k_default_width = 80;

int terminal_width(int fd)
{
    winsize size{};
    return ::ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

bool is_dumb()
{
    return base::environment("TERM").value_or("dumb") == "dumb";
}

constexpr int k_patient = -1;
constexpr int k_at_once = 0;

// Writes all of `text`, or when `timeout` is k_at_once what there is room for, and takes it off; the errno that
// prevented it, else 0. ECANCELED: a stop came while there was no room. Never more at a time than a pipe takes at once
// when poll(2) says it has room, so that write(2) does not block out of a stop's reach.
int write_out(int fd, std::string_view& text, base::Stop const* stop, int timeout)
{
    while (!text.empty()) {
        bool const heed = stop != nullptr && timeout == k_patient;
        std::array<pollfd, 2> waits{{{fd, POLLOUT, 0}, {heed ? stop->fd() : -1, POLLIN, 0}}};
        int const ready = ::poll(waits.data(), waits.size(), timeout);
        if (ready < 0) {
            if (errno != EINTR) {
                return errno;
            }
        } else if (ready == 0) {
            return 0;
        } else if (waits[0].revents == 0) {
            return ECANCELED;
        } else if (auto const written = ::write(fd, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
                   written >= 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno != EINTR && errno != EAGAIN) {
            return errno;
        }
    }
    return 0;
}

int write_all(int fd, std::string_view text, base::Stop const* stop)
{
    return write_out(fd, text, stop, k_patient);
}

} // namespace

bool wants_color(Color color, bool terminal)
{
    if (color != Color::automatic) {
        return color == Color::always;
    }
    if (base::environment("NO_COLOR")) {
        return false;
    }
    if (base::environment("CLICOLOR_FORCE").value_or("0") != "0") {
        return true;
    }
    return terminal && !is_dumb();
}

Console::Console(Options options, Streams streams, base::Stop const* stop)
    : m_options(options), m_streams(streams), m_stop(stop)
{
    bool const talk_to_terminal = ::isatty(m_streams.talk) == 1;
    m_answer_to_terminal = ::isatty(m_streams.answer) == 1;
    m_color = wants_color(m_options.color, m_answer_to_terminal);
    m_talk_color = wants_color(m_options.color, talk_to_terminal);
    m_progress_possible = talk_to_terminal && !is_dumb() && !m_options.quiet;
}

void Console::answer(std::string_view text)
{
    std::lock_guard const lock(m_mutex);
    if (m_closed) {
        return;
    }
    m_kept_back += text;
    if (m_answer_to_terminal || m_kept_back.size() >= k_buffer) {
        flush_locked(k_patient);
    }
}

void Console::flush()
{
    std::lock_guard const lock(m_mutex);
    flush_locked(k_patient);
}

void Console::keep_back(std::string_view text)
{
    std::lock_guard const lock(m_mutex);
    if (!m_closed) {
        m_kept_back += text;
    }
}

void Console::flush_some()
{
    std::lock_guard const lock(m_mutex);
    flush_locked(k_at_once);
}

std::size_t Console::kept_back()
{
    std::lock_guard const lock(m_mutex);
    return m_kept_back.size() - m_handed_on;
}

void Console::flush_locked(int timeout)
{
    if (m_kept_back.empty()) {
        return;
    }
    if (m_answer_to_terminal) {
        hide_progress();
    }
    auto text = std::string_view(m_kept_back).substr(m_handed_on);
    int const failure = write_out(m_streams.answer, text, m_stop, timeout);
    m_handed_on = m_kept_back.size() - text.size();
    if (failure != 0 || text.empty()) {
        m_kept_back = {};
        m_handed_on = 0;
    }
    if (failure == 0) {
        return;
    }
    m_closed = true;
    if (failure == ECANCELED) {
        m_stop->throw_if_requested();
    }
    if (failure != EPIPE) {
        throw base::Error(base::ExitCode::unavailable, "standard output: " + std::generic_category().message(failure),
                          "Make room where the output goes, or send it elsewhere.");
    }
}

void Console::note(std::string_view text)
{
    if (!m_options.quiet) {
        talk(fmt::format("rmqha: {}\n", escaped_lines(text)));
    }
}

void Console::detail(std::string_view text)
{
    if (m_options.verbose) {
        talk(fmt::format("rmqha: {}\n", escaped_lines(text)));
    }
}

void Console::warn(std::string_view text)
{
    talk(fmt::format("rmqha: {} {}\n", styled("warning:", Style::warning, m_talk_color), escaped_lines(text)));
}

void Console::ask(std::string_view question)
{
    talk(fmt::format("rmqha: {}", escaped_lines(question)));
}

void Console::error(std::string_view text, std::string_view hint)
{
    auto message = fmt::format("rmqha: {} {}\n", styled("error:", Style::bad, m_talk_color), escaped_lines(text));
    if (!hint.empty()) {
        message += fmt::format("hint: {}\n", escaped_lines(hint));
    }
    talk(message);
}

void Console::talk(std::string_view text)
{
    std::lock_guard const lock(m_mutex);
    hide_progress();
    write_all(m_streams.talk, text, m_stop);
}

void Console::progress(std::string_view line)
{
    if (!m_progress_possible) {
        return;
    }
    std::lock_guard const lock(m_mutex);
    int const width = terminal_width(m_streams.talk);
    // One column stays free: a full line would make some terminals scroll.
    auto const shown = cut(escaped(line), (width > 0 ? width : k_default_width) - 1);
    write_all(m_streams.talk, "\r\033[K" + shown, m_stop);
    m_progress_shown = true;
}

void Console::clear_progress()
{
    std::lock_guard const lock(m_mutex);
    hide_progress();
}

void Console::hide_progress()
{
    if (std::exchange(m_progress_shown, false)) {
        write_all(m_streams.talk, "\r\033[K", m_stop);
    }
}

int Console::width() const
{
    if (m_answer_to_terminal) {
        int const width = terminal_width(m_streams.answer);
        return width > 0 ? width : k_default_width;
    }
    auto const columns = base::parse_integer(base::environment("COLUMNS").value_or(""), 1, k_no_limit);
    return static_cast<int>(columns.value_or(k_no_limit));
}

} // namespace rmqha::output
