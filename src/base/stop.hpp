#pragma once

#include "base/fd.hpp"

#include <atomic>
#include <thread>

namespace rmqha::base {

/// A request to stop, seen by every wait: its descriptor becomes readable, and stays so, once it is made.
/// Thread-safe.
class Stop {
public:
    Stop();

    /// For poll(2): POLLIN once a stop was requested. Never read from it.
    int fd() const noexcept { return m_event.get(); }
    bool requested() const noexcept { return m_requested.load(std::memory_order_acquire); }
    /// The first request wins; `signal` is what throw_if_requested tells.
    void request(int signal = 0) noexcept;
    void throw_if_requested() const;

private:
    Fd m_event;
    std::atomic<bool> m_requested{false};
    static constexpr int k_unset = -1;
    std::atomic<int> m_signal{k_unset};
};

/// Turns the first SIGINT or SIGTERM into a request and the second into an immediate exit with 128 + signal. Create it
/// in main before any other thread: it blocks both signals for the process. SIGPIPE is ignored from then on.
class SignalWatch {
public:
    explicit SignalWatch(Stop& stop);
    SignalWatch(SignalWatch const&) = delete;
    SignalWatch& operator=(SignalWatch const&) = delete;
    ~SignalWatch();

private:
    std::thread m_thread;
    Fd m_signals;
    Fd m_quit;
};

} // namespace rmqha::base
