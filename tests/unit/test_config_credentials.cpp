#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/file.hpp"
#include "base/stop.hpp"
#include "config/credentials.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <utility>

using namespace rmqha;
using namespace std::chrono_literals;
using config::CredentialSources;
using config::Settings;

namespace {

base::TimePoint soon()
{
    return std::chrono::steady_clock::now() + 20s;
}

base::Credentials find(Settings const& settings, CredentialSources const& sources = {})
{
    return config::find_credentials(settings, sources, soon(), base::Stop());
}

std::string refusal(Settings const& settings, CredentialSources const& sources = {})
{
    try {
        find(settings, sources);
    } catch (base::Error const& error) {
        CHECK(error.code() == base::ExitCode::config);
        CHECK_FALSE(error.hint().empty());
        return error.what();
    }
    return "found";
}

/// Standard input from a pipe that holds `text`, put back at the end.
class StandardInput {
public:
    explicit StandardInput(std::string const& text) : m_before(::dup(STDIN_FILENO))
    {
        int ends[2];
        REQUIRE(::pipe(ends) == 0);
        base::Fd const read(ends[0]);
        m_write.reset(ends[1]);
        REQUIRE(::write(m_write.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
        ::dup2(read.get(), STDIN_FILENO);
    }
    StandardInput(StandardInput const&) = delete;
    StandardInput& operator=(StandardInput const&) = delete;
    ~StandardInput() { ::dup2(m_before.get(), STDIN_FILENO); }

    void close() { m_write.reset(); }

private:
    base::Fd m_before;
    base::Fd m_write;
};

/// A child process with a terminal of its own, asking for a password there. It ends with 0 when it got "secret", with 1
/// when it got another, with 2 when there was no terminal or a stop or the deadline came.
class Asking {
public:
    explicit Asking(base::Duration patience)
    {
        int master = -1;
        m_pid = ::forkpty(&master, nullptr, nullptr, nullptr);
        if (m_pid == 0) {
            try {
                auto const got =
                    config::ask_password("Password: ", std::chrono::steady_clock::now() + patience, base::Stop());
                ::_exit(got == "secret" ? 0 : 1);
            } catch (...) {
                ::_exit(2);
            }
        }
        m_master.reset(master);
        REQUIRE(m_pid > 0);
    }
    Asking(Asking const&) = delete;
    Asking& operator=(Asking const&) = delete;
    ~Asking()
    {
        if (m_pid > 0) {
            ::kill(m_pid, SIGKILL);
            ::waitpid(m_pid, nullptr, 0);
        }
    }

    std::string terminal() const { return ::ptsname(m_master.get()); }
    bool echoes() const
    {
        termios state{};
        REQUIRE(::tcgetattr(m_master.get(), &state) == 0);
        return (state.c_lflag & static_cast<tcflag_t>(ECHO)) != 0;
    }
    /// What the terminal shows, up to and with `end`.
    std::string shown(std::string const& end) const
    {
        std::string text;
        pollfd one{.fd = m_master.get(), .events = POLLIN, .revents = 0};
        char letter = 0;
        while (!text.ends_with(end) && ::poll(&one, 1, 10'000) == 1 && ::read(m_master.get(), &letter, 1) == 1) {
            text += letter;
        }
        return text;
    }
    void type(std::string const& text) const
    {
        REQUIRE(::write(m_master.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    }
    int exit_code()
    {
        int status = 0;
        REQUIRE(::waitpid(std::exchange(m_pid, -1), &status, 0) > 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }

private:
    pid_t m_pid = -1;
    base::Fd m_master;
};

} // namespace

TEST_CASE("a password is asked for on the terminal without echo", "[config]")
{
    Asking asking(20s);
    CHECK(asking.shown("Password: ") == "Password: ");
    CHECK_FALSE(asking.echoes());
    asking.type("secret\n");
    CHECK(asking.shown("\n") == "\r\n"); // the line end alone is shown
    CHECK(asking.exit_code() == 0);
}

TEST_CASE("the terminal echoes again when nobody answers in time", "[config]")
{
    Asking asking(50ms);
    CHECK(asking.shown("Password: ") == "Password: ");
    int const slave = ::open(asking.terminal().c_str(), O_RDWR | O_NOCTTY); // keeps the terminal once the child is gone
    base::Fd const held(slave);
    CHECK(asking.exit_code() == 2);
    CHECK(asking.echoes());
}

TEST_CASE("each way to a password gives way to the one before it", "[config]")
{
    test::TemporaryFolder const folder;
    base::write_file(folder / "pw", "from file\nsecond line\n");
    Settings settings;
    settings.user = "ops";
    CredentialSources sources;
    sources.ask = [](std::string const& prompt) { return std::optional("asked: " + prompt); };
    CHECK(find(settings, sources).password == "asked: Password for ops: ");
    sources.variable = "from variable";
    CHECK(find(settings, sources).password == "from variable");
    settings.password_command = "echo from command; echo second line";
    CHECK(find(settings, sources).password == "from command");
    settings.password_file = folder / "pw";
    CHECK(find(settings, sources).password == "from file");
    settings.uri_password = "from uri";
    auto const found = find(settings, sources);
    CHECK(found.password == "from uri");
    CHECK(found.user == "ops");
    CHECK_FALSE(found.external);
}

TEST_CASE("guest is guest unless a password is given", "[config]")
{
    Settings settings;
    CHECK(find(settings).user == "guest");
    CHECK(find(settings).password == "guest");
    CredentialSources sources;
    sources.variable = "other";
    CHECK(find(settings, sources).password == "other");
    settings.user = "ops";
    CHECK(refusal(settings) == "no password for user \"ops\", and no terminal to ask on");
}

TEST_CASE("a certificate alone logs in by itself; with a user or a password it does not", "[config]")
{
    Settings settings;
    settings.tls.cert = "/client.pem";
    CHECK(find(settings).external);
    CredentialSources sources;
    sources.variable = "password";
    CHECK_FALSE(find(settings, sources).external);
    settings.login_given = true;
    CHECK_FALSE(find(settings).external);
    CHECK(find(settings).user == "guest");
}

TEST_CASE("a password file others may read is used, with a warning", "[config]")
{
    test::TemporaryFolder const folder;
    std::vector<std::string> warnings;
    CredentialSources sources;
    sources.warn = [&](std::string const& text) { warnings.push_back(text); };
    Settings settings;
    settings.password_file = folder / "pw";
    base::write_file(folder / "pw", "secret\r\n", 0600);
    CHECK(find(settings, sources).password == "secret");
    CHECK(warnings.empty());
    base::write_file(folder / "pw", "secret", 0640);
    CHECK(find(settings, sources).password == "secret");
    REQUIRE(warnings.size() == 1);
    CHECK_THAT(warnings[0], Catch::Contains(settings.password_file) && !Catch::Contains("secret"));
}

TEST_CASE("a password file without a password is refused", "[config]")
{
    test::TemporaryFolder const folder;
    Settings settings;
    settings.password_file = folder / "pw";
    CHECK_THAT(refusal(settings), Catch::EndsWith("/pw: no such file"));
    for (auto const* content : {"", "\n", "\r\nsecond"}) {
        base::write_file(folder / "pw", content);
        CHECK_THAT(refusal(settings), Catch::EndsWith("/pw: its first line is empty"));
    }
}

TEST_CASE("a password command that fails is quoted with its first word of error", "[config]")
{
    Settings settings;
    settings.password_command = "echo secret; echo no such entry >&2; echo more >&2; exit 3";
    CHECK(refusal(settings) ==
          "password command \"" + settings.password_command + "\": ended with status 3: no such entry");
    settings.password_command = "true";
    CHECK(refusal(settings) == "password command \"true\": it wrote no password");
}

TEST_CASE("a password command that hangs is ended by the deadline and by a stop", "[config]")
{
    Settings settings;
    settings.password_command = "exec sleep 1000";
    base::Stop stop;
    try {
        config::find_credentials(settings, {}, std::chrono::steady_clock::now(), stop);
        FAIL("found");
    } catch (base::Error const& error) {
        CHECK(error.code() == base::ExitCode::timeout);
    }
    stop.request();
    CHECK_THROWS_AS(config::find_credentials(settings, {}, soon(), stop), base::Interrupted);
}

TEST_CASE("a password on standard input is one line, and what follows is left there", "[config]")
{
    Settings settings;
    settings.password_file = "-";
    StandardInput const input("secret\nbody");
    CHECK(find(settings).password == "secret");
    char rest[16];
    CHECK(std::string(rest, static_cast<std::size_t>(::read(STDIN_FILENO, rest, sizeof rest))) == "body");
}

TEST_CASE("standard input without a password is refused", "[config]")
{
    Settings settings;
    settings.password_file = "-";
    StandardInput input("");
    base::Stop stop;
    try {
        config::find_credentials(settings, {}, std::chrono::steady_clock::now(), stop);
        FAIL("found");
    } catch (base::Error const& error) {
        CHECK(error.code() == base::ExitCode::timeout);
    }
    input.close();
    CHECK(refusal(settings) == "standard input: no password in its first line");
    stop.request();
    CHECK_THROWS_AS(config::find_credentials(settings, {}, soon(), stop), base::Interrupted);
}
