#pragma once

#include <fmt/core.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace rmqha::base {

/// Process exit codes; the only table of them (README and man page repeat it).
enum class ExitCode : int {
    ok = 0,           ///< done; the answer is yes
    no = 1,           ///< the answer is no: unhealthy, threshold broken, message lost
    partial = 3,      ///< done in part; each failure is listed
    usage = 64,       ///< wrong usage
    data = 65,        ///< bad input data
    no_host = 68,     ///< host name unknown
    unavailable = 69, ///< no node reachable
    internal = 70,    ///< a bug in rmqha
    timeout = 75,     ///< the deadline passed
    protocol = 76,    ///< the peer does not speak the protocol
    denied = 77,      ///< credentials or permission refused
    config = 78,      ///< bad configuration
    interrupted = 130,
    terminated = 143,
};

/// A failure that ends what was being done. The message is one lower-case sentence "subject: reason" without a final
/// stop; the hint, if any, is a full sentence that says what to do.
class Error : public std::runtime_error {
public:
    Error(ExitCode code, std::string const& message, std::string hint = {});

    ExitCode code() const noexcept { return m_code; }
    std::string const& hint() const noexcept { return m_hint; }

private:
    ExitCode m_code;
    std::string m_hint;
};

/// Thrown when a stop was requested. Deliberately not an Error, so that `catch (Error const&)` cannot swallow Ctrl-C.
struct Interrupted {
    int signal = 0; ///< the signal that asked for it; 0 when the program itself did
};

template <typename... Args>
[[noreturn]] void fail(ExitCode code, fmt::format_string<Args...> format, Args&&... args)
{
    throw Error(code, fmt::format(format, std::forward<Args>(args)...));
}

} // namespace rmqha::base
