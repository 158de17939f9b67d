#include "output/screen.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/stop.hpp"
#include "output/screen_signals.hpp"
#include "output/terminal_state.hpp"
#include "output/text.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

namespace rmqha::output {
namespace {

using base::Error;
using base::ExitCode;

/// How long an escape may be the beginning of a key.
constexpr base::milliseconds k_escape_time{50};

[[noreturn]] void terminal_gone(int number)
{
    throw Error(ExitCode::unavailable, "the terminal: " + std::generic_category().message(number));
}

/// The terminal behind `fd` once more: non-blocking without making it so for everybody who has it.
base::Fd opened_anew(int fd)
{
    return base::Fd(::open(fmt::format("/proc/self/fd/{}", fd).c_str(), O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
}

} // namespace

std::optional<std::string> Screen::why_none(Streams streams)
{
    if (::isatty(streams.page) != 1) {
        return "standard output is not a terminal";
    }
    if (::isatty(streams.keys) != 1) {
        return "standard input is not a terminal";
    }
    auto const kind = base::environment("TERM");
    if (!kind || *kind == "dumb") {
        return fmt::format("a terminal that can only print (TERM is {})", kind ? "dumb" : "not set");
    }
    return std::nullopt;
}

Screen::Screen(base::Stop& stop, Streams streams) : m_stop(stop), m_streams(streams), m_page(opened_anew(streams.page))
{
    if (auto const why = why_none(streams)) {
        throw Error(ExitCode::usage, *why);
    }
    m_signals = std::make_unique<ScreenSignals>();
    m_stop.set_last_act(terminal_state::give_back);
    take();
}

Screen::~Screen()
{
    terminal_state::give_back();
    m_stop.set_last_act(nullptr);
}

void Screen::take()
{
    if (!terminal_state::take(m_streams.keys, m_page ? m_page.get() : m_streams.page)) {
        terminal_gone(errno);
    }
    forget();
}

Screen::Size Screen::size() const
{
    winsize told{};
    Size size;
    if (::ioctl(m_streams.page, TIOCGWINSZ, &told) == 0 && told.ws_row > 0 && told.ws_col > 0) {
        size = {told.ws_row, told.ws_col};
    }
    return size;
}

void Screen::forget()
{
    m_shown_size = {0, 0};
}

void Screen::show(std::vector<std::string> const& lines)
{
    auto const now = size();
    std::string text;
    if (now != m_shown_size) {
        text = "\033[0m\033[2J";
        m_shown.assign(static_cast<std::size_t>(now.rows), std::string());
        m_shown_size = now;
    }
    for (std::size_t row = 0; row < m_shown.size(); ++row) {
        auto line = row < lines.size() ? cut_styled(lines[row], now.columns) : std::string();
        if (line == m_shown[row]) {
            continue;
        }
        text += fmt::format("\033[{};1H{}", row + 1, line);
        // A full line leaves the cursor on its last column, which would be erased too.
        if (styled_width(line) < now.columns) {
            text += "\033[0m\033[K";
        }
        m_shown[row] = std::move(line);
    }
    write(text);
}

void Screen::write(std::string_view text) const
{
    int const page = m_page ? m_page.get() : m_streams.page;
    while (!text.empty() && terminal_state::taken()) {
        std::array<pollfd, 2> waits{{{page, POLLOUT, 0}, {m_stop.fd(), POLLIN, 0}}};
        if (::poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) {
            terminal_gone(errno);
        }
        m_stop.throw_if_requested();
        if ((waits[0].revents & POLLOUT) != 0) {
            auto const written = ::write(page, text.data(), text.size());
            if (written < 0 && errno != EINTR && errno != EAGAIN) {
                terminal_gone(errno);
            }
            text.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
        } else if ((waits[0].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) {
            terminal_gone(EIO);
        }
    }
}

void Screen::read_keys(Input& input)
{
    std::array<char, 256> bytes{};
    auto const count = ::read(m_streams.keys, bytes.data(), bytes.size());
    if (count > 0) {
        input.keys = m_reader.read({bytes.data(), static_cast<std::size_t>(count)});
    } else if (count == 0 || (errno != EINTR && errno != EAGAIN)) {
        terminal_gone(count == 0 ? EIO : errno);
    }
}

bool Screen::heed_signals()
{
    auto const seen = m_signals->take_seen();
    if (seen.suspend) {
        terminal_state::give_back();
        m_signals->suspend();
    }
    if (seen.suspend || seen.continued) {
        take();
    }
    return seen.any();
}

Screen::Input Screen::wait(int also, base::TimePoint deadline)
{
    Input input;
    if (m_reader.waits()) {
        deadline = std::min(deadline, std::chrono::steady_clock::now() + k_escape_time);
    }
    std::array<pollfd, 4> waits{
        {{m_stop.fd(), POLLIN, 0}, {m_signals->fd(), POLLIN, 0}, {m_streams.keys, POLLIN, 0}, {also, POLLIN, 0}}};
    int const ready = ::poll(waits.data(), waits.size(), base::poll_timeout(deadline));
    m_stop.throw_if_requested();
    if (ready < 0 && errno != EINTR) {
        terminal_gone(errno);
    }
    if (ready > 0 && waits[2].revents != 0) {
        read_keys(input);
    } else if (m_reader.waits()) {
        input.keys = m_reader.give_up();
    }
    input.resized = heed_signals();
    return input;
}

} // namespace rmqha::output
