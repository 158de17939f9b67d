#include "output/terminal_state.hpp"

#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <string_view>

namespace rmqha::output::terminal_state {
namespace {

// Alternate screen, cursor off, no wrapping at the right edge, blank.
constexpr std::string_view k_enter = "\033[?1049h\033[?25l\033[?7l\033[0m\033[H\033[2J";
constexpr std::string_view k_leave = "\033[0m\033[?7h\033[?25h\033[?1049l";
constexpr int k_patience_ms = 1000;

// The handler of a signal sees nothing but this.
termios g_before{}; // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)
int g_keys = -1;    // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)
int g_page = -1;    // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)
std::atomic<bool> g_taken{false};
static_assert(std::atomic<bool>::is_always_lock_free);

/// What the terminal takes within the time.
void write_patiently(int fd, std::string_view text) noexcept
{
    while (!text.empty()) {
        pollfd room{fd, POLLOUT, 0};
        if (::poll(&room, 1, k_patience_ms) <= 0 || (room.revents & POLLOUT) == 0) {
            return;
        }
        auto const written = ::write(fd, text.data(), text.size());
        if (written < 0 && errno != EINTR && errno != EAGAIN) {
            return;
        }
        text.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
    }
}

} // namespace

bool take(int keys, int page) noexcept
{
    // What is still taken says nothing of what it was before.
    if (!g_taken.load() && ::tcgetattr(keys, &g_before) != 0) {
        return false;
    }
    g_keys = keys;
    g_page = page;
    termios raw = g_before;
    // Signals stay on: Ctrl-C and Ctrl-Z are what they are everywhere. Ctrl-S must not freeze the page.
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | IEXTEN);
    raw.c_iflag &= ~static_cast<tcflag_t>(IXON | ICRNL | INLCR | IGNCR | ISTRIP);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    g_taken.store(true); // before anything is changed: a signal in between must undo it
    int failed = 0;
    do { // from the background this stops the process, until it is in the foreground again
        failed = ::tcsetattr(keys, TCSANOW, &raw);
    } while (failed != 0 && errno == EINTR);
    if (failed != 0) {
        g_taken.store(false);
        return false;
    }
    write_patiently(page, k_enter);
    return true;
}

void give_back() noexcept
{
    int const number = errno;
    if (g_taken.exchange(false)) {
        // From the background this would stop the process instead.
        sigset_t output;
        sigset_t before;
        sigemptyset(&output);
        sigaddset(&output, SIGTTOU);
        ::pthread_sigmask(SIG_BLOCK, &output, &before);
        write_patiently(g_page, k_leave);
        ::tcsetattr(g_keys, TCSANOW, &g_before);
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    }
    errno = number;
}

bool taken() noexcept
{
    return g_taken.load();
}

} // namespace rmqha::output::terminal_state
