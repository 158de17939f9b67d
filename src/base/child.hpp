#pragma once

#include "base/fd.hpp"
#include "base/process.hpp"

#include <poll.h>
#include <sys/types.h>

#include <array>
#include <string>

namespace rmqha::base {

/// A command at work in a process group of its own, fed and read without ever blocking, so that a poll loop can have
/// many of them beside other things. Killed with its group and reaped when this goes away early. Not thread-safe.
/// SIGPIPE must be ignored, as SignalWatch sees to.
class Child {
public:
    enum class Errors { collected, inherited }; ///< where its standard error goes

    /// Starts it. Throws Error(unavailable) naming the command and the reason.
    Child(Command command, Errors errors);
    Child(Child const&) = delete;
    Child& operator=(Child const&) = delete;
    ~Child();

    using Waits = std::array<pollfd, 4>;
    /// What to poll for; those not wanted have the descriptor -1. With `read_output` false what the command writes
    /// stays where it is: a full pipe halts the command.
    Waits waits(bool read_output = true) const;
    /// Moves what can be moved, after a poll of waits(). Once the command has exited, what it had written is read; a
    /// process it left behind that keeps the pipes open is not waited for.
    void advance(Waits const& waits);

    bool ended() const noexcept { return m_ended; }
    int status() const noexcept { return m_status; }    ///< exit status, or 128 + signal; once ended
    std::string& output() noexcept { return m_output; } ///< read so far and not yet taken by the caller
    std::string& errors() noexcept { return m_errors; } ///< the same of standard error
    std::size_t output_size() const noexcept { return m_output.size(); }
    std::size_t input_size() const noexcept { return m_input.size(); } ///< bytes held for its standard input
    void signal(int number) noexcept;                                  ///< to its process group

private:
    void give_input();
    void reap();

    std::string m_input;
    std::size_t m_given = 0; ///< of the input
    Fd m_in;
    Fd m_out;
    Fd m_err;
    pid_t m_pid = -1;
    Fd m_exit;
    bool m_ended = false;
    int m_status = 0;
    std::string m_output;
    std::string m_errors;
};

} // namespace rmqha::base
