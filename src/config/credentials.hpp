#pragma once

#include "base/clock.hpp"
#include "base/connection_options.hpp"
#include "config/settings.hpp"

#include <functional>
#include <optional>
#include <string>

namespace rmqha::base {
class Stop;
}

namespace rmqha::config {

/// Where find_credentials() may look besides the settings.
struct CredentialSources {
    std::string variable; ///< RMQHA_PASSWORD; empty when unset
    /// Asks the user; nothing when there is nobody to ask. Usually calls ask_password().
    std::function<std::optional<std::string>(std::string const& prompt)> ask;
    std::function<void(std::string const&)> warn; ///< told of a password file that others may read
};

/// Who logs in: the password from the URI, else password_file, else password_command, else RMQHA_PASSWORD, else
/// "guest" for guest, else by asking. With a client certificate and neither user nor password given: SASL EXTERNAL.
/// Throws Error(config) saying how to give a password; Error(timeout) or Interrupted while the command or the prompt is
/// waited for.
base::Credentials find_credentials(Settings const& settings, CredentialSources const& sources, base::TimePoint deadline,
                                   base::Stop const& stop);

/// Asks on the terminal (/dev/tty) without echo; nothing when there is none. The terminal is put right again also when
/// the deadline passes (Error(timeout)) or a stop comes (Interrupted).
std::optional<std::string> ask_password(std::string const& prompt, base::TimePoint deadline, base::Stop const& stop);

} // namespace rmqha::config
