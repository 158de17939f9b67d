#include "base/stop.hpp"

#include "base/error.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>

namespace rmqha::base {

namespace {

Fd event_fd()
{
    Fd fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!fd) {
        throw std::system_error(errno, std::generic_category(), "eventfd");
    }
    return fd;
}

void raise_event(int fd) noexcept
{
    eventfd_write(fd, 1);
}

void watch(int signals, int quit, Stop& stop)
{
    for (;;) {
        pollfd waiting[2] = {{.fd = signals, .events = POLLIN, .revents = 0},
                             {.fd = quit, .events = POLLIN, .revents = 0}};
        if (::poll(waiting, 2, -1) < 0 && errno != EINTR) {
            return;
        }
        if (waiting[1].revents != 0) {
            return;
        }
        signalfd_siginfo info{};
        if (::read(signals, &info, sizeof info) != static_cast<ssize_t>(sizeof info)) {
            continue;
        }
        auto const signal = static_cast<int>(info.ssi_signo);
        if (stop.requested()) {
            if (auto* const act = stop.last_act()) {
                act();
            }
            ::_exit(128 + signal);
        }
        stop.request(signal);
    }
}

} // namespace

Stop::Stop() : m_event(event_fd()) {}

void Stop::request(int signal) noexcept
{
    int unset = k_unset;
    if (m_signal.compare_exchange_strong(unset, signal)) {
        m_requested.store(true, std::memory_order_release);
        raise_event(m_event.get());
    }
}

void Stop::throw_if_requested() const
{
    if (requested()) {
        throw Interrupted{m_signal.load(std::memory_order_acquire)};
    }
}

SignalWatch::SignalWatch(Stop& stop)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    m_signals.reset(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!m_signals) {
        throw std::system_error(errno, std::generic_category(), "signalfd");
    }
    m_quit = event_fd();
    m_thread = std::thread(watch, m_signals.get(), m_quit.get(), std::ref(stop));
}

SignalWatch::~SignalWatch()
{
    raise_event(m_quit.get());
    m_thread.join();
}

} // namespace rmqha::base
