#include "output/screen_signals.hpp"

#include "output/terminal_state.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <system_error>

namespace rmqha::output {
namespace {

// Whose default is to end the process; SIGINT and SIGTERM are base::SignalWatch's, and SIGPIPE is ignored.
constexpr std::array k_deadly{SIGSEGV, SIGBUS,  SIGILL,  SIGFPE,  SIGABRT, SIGSYS,  SIGTRAP,   SIGQUIT, SIGHUP,
                              SIGXCPU, SIGXFSZ, SIGALRM, SIGUSR1, SIGUSR2, SIGPROF, SIGVTALRM, SIGIO};
constexpr std::size_t k_stack = 64UL * 1024;

// The handler of a signal sees nothing but this.
std::atomic<int> g_event{-1};
std::atomic<bool> g_resized{false};
std::atomic<bool> g_suspend{false};
std::atomic<bool> g_continued{false};
static_assert(std::atomic<int>::is_always_lock_free);

// Both are async-signal-safe throughout.

void end(int number)
{
    terminal_state::give_back();
    // SA_RESETHAND has brought its default back: core dump and exit status are the signal's own.
    ::raise(number);
}

void tell(int number)
{
    int const before = errno;
    (number == SIGWINCH ? g_resized : number == SIGTSTP ? g_suspend : g_continued).store(true);
    std::uint64_t const one = 1;
    [[maybe_unused]] auto const written = ::write(g_event.load(), &one, sizeof one);
    errno = before;
}

} // namespace

ScreenSignals::ScreenSignals() : m_event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), m_stack(k_stack)
{
    if (!m_event) {
        throw std::system_error(errno, std::generic_category(), "eventfd");
    }
    g_event.store(m_event.get());
    stack_t stack{};
    stack.ss_sp = m_stack.data();
    stack.ss_size = m_stack.size();
    ::sigaltstack(&stack, &m_stack_before);
    for (int const number : k_deadly) {
        catch_signal(number, end, static_cast<int>(SA_RESETHAND) | SA_NODEFER | SA_ONSTACK);
    }
    for (int const number : {SIGWINCH, SIGTSTP, SIGCONT}) {
        catch_signal(number, tell, SA_RESTART);
    }
}

ScreenSignals::~ScreenSignals()
{
    for (auto const& [number, action] : m_before) {
        ::sigaction(number, &action, nullptr);
    }
    ::sigaltstack(&m_stack_before, nullptr);
    g_event.store(-1);
}

void ScreenSignals::catch_signal(int number, void (*handler)(int), int flags)
{
    struct sigaction before = {};
    ::sigaction(number, nullptr, &before);
    if (before.sa_handler == SIG_IGN && number != SIGWINCH && number != SIGCONT) { // nohup, a shell without job control
        return;
    }
    struct sigaction action = {};
    action.sa_handler = handler;
    action.sa_flags = flags;
    sigemptyset(&action.sa_mask);
    ::sigaction(number, &action, nullptr);
    m_before.emplace_back(number, before);
}

ScreenSignals::Seen ScreenSignals::take_seen() const noexcept
{
    std::uint64_t count = 0;
    [[maybe_unused]] auto const taken = ::read(m_event.get(), &count, sizeof count);
    return {.resized = g_resized.exchange(false),
            .suspend = g_suspend.exchange(false),
            .continued = g_continued.exchange(false)};
}

void ScreenSignals::suspend() const noexcept
{
    struct sigaction caught = {};
    struct sigaction plain = {};
    plain.sa_handler = SIG_DFL;
    ::sigaction(SIGTSTP, &plain, &caught);
    ::raise(SIGTSTP);
    ::sigaction(SIGTSTP, &caught, nullptr);
    g_continued.store(false); // who comes back from here knows
}

} // namespace rmqha::output
