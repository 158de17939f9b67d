#pragma once

// Internal to src/output.

#include "base/fd.hpp"

#include <csignal>
#include <cstddef>
#include <utility>
#include <vector>

namespace rmqha::output {

/// The signals that concern a terminal that has been taken, caught for as long as this lives; those that were ignored
/// before stay ignored. What ends the process, a crash included, gives the terminal back first and then does what it
/// would have done. What does not is told through fd(). One at a time.
class ScreenSignals {
public:
    ScreenSignals();
    ScreenSignals(ScreenSignals const&) = delete;
    ScreenSignals& operator=(ScreenSignals const&) = delete;
    ~ScreenSignals();

    struct Seen {
        bool resized = false;
        bool suspend = false;   ///< Ctrl-Z: give the terminal back, then call suspend()
        bool continued = false; ///< the process had been stopped: others have had the terminal

        bool any() const noexcept { return resized || suspend || continued; }
    };
    /// For poll(2): readable when there is something to take.
    int fd() const noexcept { return m_event.get(); }
    Seen take_seen() const noexcept;

    /// Stops the process as the signal would have, until it is continued.
    void suspend() const noexcept;

private:
    void catch_signal(int number, void (*handler)(int), int flags);

    base::Fd m_event;
    std::vector<std::byte> m_stack; ///< for the handler, when the thread's own has run over
    stack_t m_stack_before{};
    std::vector<std::pair<int, struct sigaction>> m_before;
};

} // namespace rmqha::output
