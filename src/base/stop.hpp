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

    /// What is done right before the immediate exit that a second signal asks for: something that may be done at any
    /// moment, from any thread. Null: nothing.
    using LastAct = void (*)() noexcept;
    void set_last_act(LastAct act) noexcept { m_last_act.store(act); }
    LastAct last_act() const noexcept { return m_last_act.load(); }

private:
    std::atomic<LastAct> m_last_act{nullptr};
    Fd m_event;
    std::atomic<bool> m_requested{false};
    static constexpr int k_unset = -1;
    std::atomic<int> m_signal{k_unset};
};

/// Turns the first SIGINT or SIGTERM into a request and the second into an immediate exit with 128 + signal, after the
/// stop's last act. Create it in main before any other thread: it blocks both signals for the process. SIGPIPE is
/// ignored from then on.
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
