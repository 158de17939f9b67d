#include "config/credentials.hpp"

#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/file.hpp"
#include "base/process.hpp"
#include "base/wait.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace rmqha::config {

using base::Error;
using base::ExitCode;

namespace {

constexpr std::size_t k_longest_line = 65536; // no password is longer; stops us reading a device for ever

std::string first_line(std::string_view text)
{
    auto line = text.substr(0, text.find('\n'));
    if (line.ends_with('\r')) {
        line.remove_suffix(1);
    }
    return std::string(line);
}

/// Reads from `fd` up to a line's end or the end of input, within the deadline. Takes one byte at a time, so that
/// what follows the line is left for whoever reads next (a body on standard input).
std::string read_line(int fd, std::string_view what, base::TimePoint deadline, base::Stop const& stop)
{
    std::string line;
    while (line.size() < k_longest_line) {
        if (!base::wait_readable(fd, deadline, stop)) {
            base::fail(ExitCode::timeout, "{}: no password came in time", what);
        }
        char letter = 0;
        auto const got = ::read(fd, &letter, 1);
        if (got < 0 && errno != EINTR && errno != EAGAIN) {
            base::fail(ExitCode::config, "cannot read the password from {}: {}", what,
                       std::generic_category().message(errno));
        }
        if (got == 0 || (got > 0 && letter == '\n')) {
            break;
        }
        if (got > 0) {
            line += letter;
        }
    }
    return first_line(line);
}

std::string from_file(Settings const& settings, CredentialSources const& sources, base::TimePoint deadline,
                      base::Stop const& stop)
{
    auto const& path = settings.password_file;
    if (path == "-") {
        auto password = read_line(STDIN_FILENO, "standard input", deadline, stop);
        if (password.empty()) {
            throw Error(ExitCode::config, "standard input: no password in its first line",
                        "Write the password, and a line end, to standard input.");
        }
        return password;
    }
    auto const text = base::read_file(path);
    if (!text) {
        throw Error(ExitCode::config, fmt::format("password file {}: no such file", path),
                    "Write the password into its first line and give it mode 0600.");
    }
    auto password = first_line(*text);
    if (password.empty()) {
        throw Error(ExitCode::config, fmt::format("password file {}: its first line is empty", path),
                    "Write the password into its first line.");
    }
    if (sources.warn && base::readable_by_others(path)) {
        sources.warn(fmt::format("password file {} is open to other users; give it mode 0600", path));
    }
    return password;
}

std::string from_command(std::string const& command, base::TimePoint deadline, base::Stop const& stop)
{
    auto const finished =
        base::run({.argv = {"sh", "-c", command}, .environment = {}, .input = {}, .folder = {}}, deadline, stop);
    if (finished.status != 0) {
        auto const reason = first_line(finished.errors);
        throw Error(ExitCode::config,
                    fmt::format("password command \"{}\": ended with status {}{}{}", command, finished.status,
                                reason.empty() ? "" : ": ", reason),
                    "It must write the password as its first line and end with status 0.");
    }
    auto password = first_line(finished.output);
    if (password.empty()) {
        throw Error(ExitCode::config, fmt::format("password command \"{}\": it wrote no password", command),
                    "It must write the password as its first line.");
    }
    return password;
}

/// No echo while it lives. TCSAFLUSH also forgets what was typed before the prompt.
class SilentTerminal {
public:
    explicit SilentTerminal(int fd) : m_fd(fd)
    {
        m_changed = ::tcgetattr(fd, &m_before) == 0;
        auto silent = m_before;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        silent.c_lflag |= ECHONL;
        m_changed = m_changed && ::tcsetattr(fd, TCSAFLUSH, &silent) == 0;
    }
    SilentTerminal(SilentTerminal const&) = delete;
    SilentTerminal& operator=(SilentTerminal const&) = delete;
    ~SilentTerminal()
    {
        if (m_changed) {
            ::tcsetattr(m_fd, TCSAFLUSH, &m_before);
        }
    }

    bool changed() const { return m_changed; }

private:
    int m_fd;
    termios m_before{};
    bool m_changed = false;
};

} // namespace

base::Credentials find_credentials(Settings const& settings, CredentialSources const& sources, base::TimePoint deadline,
                                   base::Stop const& stop)
{
    base::Credentials found{.user = settings.user, .password = {}};
    if (!settings.uri_password.empty()) {
        found.password = settings.uri_password;
    } else if (!settings.password_file.empty()) {
        found.password = from_file(settings, sources, deadline, stop);
    } else if (!settings.password_command.empty()) {
        found.password = from_command(settings.password_command, deadline, stop);
    } else if (!sources.variable.empty()) {
        found.password = sources.variable;
    } else if (!settings.tls.cert.empty() && !settings.login_given) {
        found = {.user = {}, .password = {}, .external = true};
    } else if (settings.user == "guest") {
        found.password = "guest"; // the account every fresh broker has, for local logins only
    } else {
        auto const answer = sources.ask ? sources.ask(fmt::format("Password for {}: ", settings.user)) : std::nullopt;
        if (!answer) {
            throw Error(ExitCode::config,
                        fmt::format("no password for user \"{}\", and no terminal to ask on", settings.user),
                        "Give it with --password-file, --password-command or RMQHA_PASSWORD.");
        }
        found.password = *answer;
    }
    return found;
}

std::optional<std::string> ask_password(std::string const& prompt, base::TimePoint deadline, base::Stop const& stop)
{
    base::Fd const terminal(::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!terminal) {
        return std::nullopt;
    }
    SilentTerminal const silent(terminal.get());
    if (!silent.changed() || ::write(terminal.get(), prompt.data(), prompt.size()) < 0) {
        return std::nullopt; // a password must never be typed in the open
    }
    return read_line(terminal.get(), "the terminal", deadline, stop);
}

} // namespace rmqha::config
