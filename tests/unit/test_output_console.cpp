#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/stop.hpp"
#include "output/console.hpp"
#include "output/json.hpp"
#include "support/catch.hpp"

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <optional>

using namespace rmqha;
using output::Color;
using output::Console;

namespace {

/// Sets (or removes) an environment variable until the end of the scope.
class Variable {
public:
    Variable(char const* name, std::optional<std::string> const& value) : m_name(name)
    {
        if (auto const* const old = std::getenv(name)) {
            m_old = old;
        }
        set(value);
    }
    Variable(Variable const&) = delete;
    Variable& operator=(Variable const&) = delete;
    ~Variable() { set(m_old); }

private:
    void set(std::optional<std::string> const& value)
    {
        if (value) {
            ::setenv(m_name, value->c_str(), 1);
        } else {
            ::unsetenv(m_name);
        }
    }

    char const* m_name;
    std::optional<std::string> m_old;
};

struct Pipe {
    Pipe()
    {
        std::array<int, 2> ends{};
        REQUIRE(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0);
        out.reset(ends[0]);
        in.reset(ends[1]);
    }
    std::string text() const
    {
        std::array<char, 8192> buffer{};
        auto const n = ::read(out.get(), buffer.data(), buffer.size());
        return {buffer.data(), static_cast<std::size_t>(n > 0 ? n : 0)};
    }
    base::Fd out;
    base::Fd in;
};

/// A terminal of 20 columns: what the program writes to `program` can be read from `user`.
struct Terminal {
    Terminal()
    {
        user.reset(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
        REQUIRE(::grantpt(user.get()) == 0);
        REQUIRE(::unlockpt(user.get()) == 0);
        program.reset(::open(::ptsname(user.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
        winsize const size{24, 20, 0, 0};
        REQUIRE(::ioctl(user.get(), TIOCSWINSZ, &size) == 0);
    }
    /// All that was written since the last call. A terminal hands bytes on in order, but in its own time: a mark behind
    /// the last one tells that nothing is still to come.
    std::string text() const
    {
        constexpr char k_mark = '\x1f';
        REQUIRE(::write(program.get(), &k_mark, 1) == 1);
        std::string got;
        auto const deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (!got.ends_with(k_mark) && std::chrono::steady_clock::now() < deadline) {
            pollfd waiting{user.get(), POLLIN, 0};
            ::poll(&waiting, 1, base::poll_timeout(deadline));
            std::array<char, 8192> buffer{};
            auto const n = ::read(user.get(), buffer.data(), buffer.size());
            got.append(buffer.data(), static_cast<std::size_t>(n > 0 ? n : 0));
        }
        REQUIRE(got.ends_with(k_mark));
        got.pop_back();
        return got;
    }
    base::Fd user;
    base::Fd program;
};

} // namespace

TEST_CASE("colour follows --color, then NO_COLOR, then CLICOLOR_FORCE, then the terminal", "[output]")
{
    Variable const term("TERM", "xterm");
    Variable const no_color("NO_COLOR", std::nullopt);
    Variable const force("CLICOLOR_FORCE", std::nullopt);
    CHECK(output::wants_color(Color::automatic, true));
    CHECK_FALSE(output::wants_color(Color::automatic, false));
    CHECK(output::wants_color(Color::always, false));
    CHECK_FALSE(output::wants_color(Color::never, true));
    {
        Variable const dumb("TERM", "dumb");
        CHECK_FALSE(output::wants_color(Color::automatic, true));
    }
    Variable const forced("CLICOLOR_FORCE", "1");
    CHECK(output::wants_color(Color::automatic, false));
    Variable const never("NO_COLOR", "1");
    CHECK_FALSE(output::wants_color(Color::automatic, true));
    CHECK(output::wants_color(Color::always, false));
}

TEST_CASE("the answer is kept back until flushed, the talk goes out at once", "[output]")
{
    Pipe const answer;
    Pipe const talk;
    Console console({}, {answer.in.get(), talk.in.get()});
    console.answer("one\n");
    console.note("hello");
    console.warn("careful");
    console.error("a: bad\x1b[2J", "Do this.");
    console.detail("not shown");
    CHECK(answer.text().empty());
    CHECK(talk.text() == "rmqha: hello\nrmqha: warning: careful\nrmqha: error: a: bad\\x1b[2J\nhint: Do this.\n");
    console.flush();
    CHECK(answer.text() == "one\n");
}

TEST_CASE("quiet leaves notes out, verbose adds details", "[output]")
{
    Pipe const talk;
    Console quiet({.quiet = true}, {talk.in.get(), talk.in.get()});
    quiet.note("no");
    quiet.warn("yes");
    CHECK(talk.text() == "rmqha: warning: yes\n");
    Console verbose({.verbose = true}, {talk.in.get(), talk.in.get()});
    verbose.detail("yes");
    CHECK(talk.text() == "rmqha: yes\n");
}

TEST_CASE("a full disk under stdout is an error, a closed pipe is not", "[output]")
{
    Pipe talk;
    base::Fd const full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
    Console console({}, {full.get(), talk.in.get()});
    console.answer("text");
    try {
        console.flush();
        FAIL("no error");
    } catch (base::Error const& error) {
        CHECK(error.code() == base::ExitCode::unavailable);
        CHECK(std::string(error.what()) == "standard output: No space left on device");
    }
    CHECK_NOTHROW(console.flush());

    auto* const before = std::signal(SIGPIPE, SIG_IGN);
    Pipe broken;
    broken.out.reset();
    Console piped({}, {broken.in.get(), talk.in.get()});
    piped.answer("text");
    CHECK_FALSE(piped.closed());
    CHECK_NOTHROW(piped.flush());
    CHECK(piped.closed());
    CHECK_NOTHROW(piped.answer(std::string(1 << 20, 'x')));
    std::signal(SIGPIPE, before);
}

TEST_CASE("a stop ends the wait for a reader that takes nothing, and nothing else", "[output]")
{
    Pipe const answer;
    Pipe const talk;
    REQUIRE(::fcntl(answer.in.get(), F_SETFL, 0) == 0); // as a shell's pipe: writing to it may block
    base::Stop stop;
    Console console({}, {answer.in.get(), talk.in.get()}, &stop);
    stop.request(SIGINT);
    console.answer("room\n");
    CHECK_NOTHROW(console.flush());
    CHECK(answer.text() == "room\n");
    try {
        console.answer(std::string(1 << 20, 'x')); // more than the pipe holds
        FAIL("not interrupted");
    } catch (base::Interrupted const& interrupted) {
        CHECK(interrupted.signal == SIGINT);
    }
    CHECK(console.closed());
    CHECK_NOTHROW(console.flush());

    Console talkative({}, {talk.in.get(), answer.in.get()}, &stop);
    CHECK_NOTHROW(talkative.error(std::string(1 << 20, 'x'), ""));
}

TEST_CASE("progress is one line cut to the terminal and gone before anything else is said", "[output]")
{
    Variable const term("TERM", "xterm");
    Terminal const terminal;
    Console console({.color = Color::never}, {terminal.program.get(), terminal.program.get()});
    CHECK(console.answers_to_terminal());
    CHECK(console.width() == 20);
    console.progress("waiting for three nodes to serve");
    CHECK(terminal.text() == "\r\033[Kwaiting for three …");
    console.note("done");
    CHECK(terminal.text() == "\r\033[Krmqha: done\r\n");
    console.clear_progress();
    CHECK(terminal.text().empty());
    console.progress("again");
    terminal.text();
    console.answer("42\n");
    CHECK(terminal.text() == "\r\033[K42\r\n");
}

TEST_CASE("there is no progress off a terminal, on a dumb one, or when quiet", "[output]")
{
    Variable const term("TERM", "xterm");
    Pipe const talk;
    Console(Console::Options{}, {talk.in.get(), talk.in.get()}).progress("x");
    CHECK(talk.text().empty());
    Terminal const terminal;
    Console({.quiet = true}, {terminal.program.get(), terminal.program.get()}).progress("x");
    Variable const dumb("TERM", "dumb");
    Console(Console::Options{}, {terminal.program.get(), terminal.program.get()}).progress("x");
    CHECK(terminal.text().empty());
}

TEST_CASE("off a terminal the width is COLUMNS, else without limit", "[output]")
{
    Pipe const answer;
    Console const console({}, {answer.in.get(), answer.in.get()});
    Variable const columns("COLUMNS", "72");
    CHECK(console.width() == 72);
    Variable const broken("COLUMNS", "many");
    CHECK(console.width() == 100'000);
}

TEST_CASE("JSON text ends its line and replaces what is not UTF-8", "[output]")
{
    nlohmann::ordered_json const value{{"name", "a\xff"}, {"n", 1}};
    CHECK(output::to_text(value, false) == "{\"name\":\"a\xef\xbf\xbd\",\"n\":1}\n");
    CHECK(output::to_text(nlohmann::ordered_json{{"n", 1}}) == "{\n  \"n\": 1\n}\n");
}
