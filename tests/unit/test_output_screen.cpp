#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/stop.hpp"
#include "output/keys.hpp"
#include "output/screen.hpp"
#include "output/sparkline.hpp"
#include "output/text.hpp"
#include "support/catch.hpp"
#include "support/terminal.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>

using namespace rmqha;
using output::Key;
using output::Screen;
using Kind = output::Key::Kind;

namespace {

/// Both ends of a pseudo terminal in this process.
struct Line {
    Line()
    {
        int ends[2] = {-1, -1}; // NOLINT(cppcoreguidelines-avoid-c-arrays)
        winsize size{};
        size.ws_row = 4;
        size.ws_col = 20;
        REQUIRE(::openpty(&ends[0], &ends[1], nullptr, nullptr, &size) == 0);
        master.reset(ends[0]);
        line.reset(ends[1]);
        ::setenv("TERM", "xterm", 1);
    }

    Screen::Streams streams() const { return {line.get(), line.get()}; }

    /// What has been written since, which the page shows from then on.
    std::string take()
    {
        std::string text;
        std::array<char, 4096> bytes{};
        pollfd readable{master.get(), POLLIN, 0};
        while (::poll(&readable, 1, 0) == 1) {
            auto const count = ::read(master.get(), bytes.data(), bytes.size());
            if (count <= 0) {
                break;
            }
            text.append(bytes.data(), static_cast<std::size_t>(count));
        }
        page.write(text);
        return text;
    }
    std::string settings() const
    {
        termios now{};
        REQUIRE(::tcgetattr(line.get(), &now) == 0);
        return test::to_text(now);
    }

    base::Fd master;
    base::Fd line;
    test::TerminalPage page{4, 20};
};

base::TimePoint in(base::milliseconds time)
{
    return std::chrono::steady_clock::now() + time;
}

} // namespace

TEST_CASE("a screen takes the terminal and gives it back as it was", "[output]")
{
    Line line;
    auto const before = line.settings();
    base::Stop stop;
    line.page.write("shell\r\n");
    {
        Screen screen(stop, line.streams());
        line.take();
        CHECK(line.page.alternate());
        CHECK_FALSE(line.page.cursor());
        CHECK_FALSE(line.page.wraps());
        CHECK(line.settings() != before);
        CHECK(screen.size() == Screen::Size{4, 20});
        screen.show({"one", "\033[31mtwo\033[0m", "a line that is much too wide for it"});
        line.take();
        CHECK(line.page.text() == "one\ntwo\na line that is much…\n\n");
    }
    line.take();
    CHECK_FALSE(line.page.alternate());
    CHECK(line.page.cursor());
    CHECK(line.page.wraps());
    CHECK(line.page.text() == "shell\n\n\n\n");
    CHECK(line.settings() == before);
}

TEST_CASE("a screen writes only what has changed, unless told that others have written", "[output]")
{
    Line line;
    base::Stop stop;
    Screen screen(stop, line.streams());
    screen.show({"one", "two", "three", "twenty columns wide!"});
    line.take();
    screen.show({"one", "2", "three", "twenty columns wide!"});
    auto const text = line.take();
    CHECK(text.find("one") == std::string::npos);
    CHECK(line.page.text() == "one\n2\nthree\ntwenty columns wide!\n");
    line.page.write("\033[2J");
    screen.forget();
    screen.show({"one", "2"});
    line.take();
    CHECK(line.page.text() == "one\n2\n\n\n");
}

TEST_CASE("a screen waits for keys, another size, another event, a time or a stop", "[output]")
{
    Line line;
    base::Stop stop;
    Screen screen(stop, line.streams());
    REQUIRE(::write(line.master.get(), "q\033[A", 4) == 4);
    CHECK(screen.wait(-1, base::k_never).keys == std::vector{Key{Kind::letter, "q"}, Key{Kind::up}});
    REQUIRE(::write(line.master.get(), "\033", 1) == 1);
    CHECK(screen.wait(-1, base::k_never).keys.empty());
    CHECK(screen.wait(-1, base::k_never).keys == std::vector{Key{Kind::escape}});
    ::raise(SIGWINCH);
    CHECK(screen.wait(-1, base::k_never).resized);
    base::Stop other;
    other.request();
    CHECK_FALSE(screen.wait(other.fd(), base::k_never).resized);
    CHECK(screen.wait(-1, in(std::chrono::milliseconds(1))).keys.empty());
    stop.request(SIGTERM);
    CHECK_THROWS_AS(screen.wait(-1, base::k_never), base::Interrupted);
}

TEST_CASE("a stop ends a screen's wait for a terminal that takes nothing", "[output]")
{
    Line line;
    base::Stop stop;
    Screen screen(stop, line.streams());
    stop.request(SIGINT);
    // Far more than the terminal holds while nobody reads.
    auto const much = [&] {
        for (int i = 0; i < 10'000; ++i) {
            screen.forget();
            screen.show({std::string(20, 'a'), std::string(20, 'b')});
        }
    };
    CHECK_THROWS_AS(much(), base::Interrupted);
    line.take(); // or giving it back would wait for room
}

TEST_CASE("what is done before an immediate exit gives the terminal back", "[output]")
{
    Line line;
    base::Stop stop;
    CHECK(stop.last_act() == nullptr);
    {
        Screen const screen(stop, line.streams());
        line.take();
        REQUIRE(stop.last_act() != nullptr);
        stop.last_act()();
        line.take();
        CHECK_FALSE(line.page.alternate());
    }
    CHECK(line.take().empty()); // once is enough
    CHECK(stop.last_act() == nullptr);
}

TEST_CASE("there is no screen where there is no terminal that can do more than print", "[output]")
{
    Line const line;
    base::Fd const null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    CHECK_FALSE(Screen::why_none(line.streams()));
    CHECK(Screen::why_none({line.line.get(), null.get()}) == "standard output is not a terminal");
    CHECK(Screen::why_none({null.get(), line.line.get()}) == "standard input is not a terminal");
    ::setenv("TERM", "dumb", 1);
    CHECK(Screen::why_none(line.streams()) == "a terminal that can only print (TERM is dumb)");
    ::unsetenv("TERM");
    CHECK(Screen::why_none(line.streams()) == "a terminal that can only print (TERM is not set)");
    base::Stop stop;
    CHECK_THROWS_AS(Screen(stop, {null.get(), null.get()}), base::Error);
}

TEST_CASE("keys are read from what terminals send for them, in one piece or several", "[output]")
{
    output::KeyReader reader;
    CHECK(reader.read("aé魚\r\t\x7f\x0c") == std::vector{Key{Kind::letter, "a"}, Key{Kind::letter, "é"},
                                                         Key{Kind::letter, "魚"}, Key{Kind::enter}, Key{Kind::tab},
                                                         Key{Kind::backspace}, Key{Kind::control, "l"}});
    CHECK(reader.read("\033[A\033OB\033[5~\033[6~\033[H\033[4~\033[Z\033[1;5C") ==
          std::vector{Key{Kind::up}, Key{Kind::down}, Key{Kind::page_up}, Key{Kind::page_down}, Key{Kind::home},
                      Key{Kind::end}, Key{Kind::back_tab}, Key{Kind::other}});
    CHECK(reader.read("\033[").empty());
    CHECK(reader.waits());
    CHECK(reader.read("B") == std::vector{Key{Kind::down}});
    CHECK(reader.read("\xc3").empty());
    CHECK(reader.read("\xa9") == std::vector{Key{Kind::letter, "é"}});
    CHECK(reader.read("\033").empty());
    CHECK(reader.give_up() == std::vector{Key{Kind::escape}});
    CHECK_FALSE(reader.waits());
    CHECK(reader.read("\033x") == std::vector{Key{Kind::escape}, Key{Kind::letter, "x"}});
    CHECK(reader.read("\xff\xc3(") == std::vector{Key{Kind::other}, Key{Kind::other}, Key{Kind::letter, "("}});
    // What never ends is given up without ado.
    CHECK(reader.read("\033[" + std::string(100, '1')).empty());
    CHECK_FALSE(reader.waits());
}

TEST_CASE("a sparkline is as wide as asked for, its latest figure rightmost", "[output]")
{
    using output::sparkline;
    CHECK(sparkline({}, 3) == "   ");
    CHECK(sparkline({0.0, 0.0}, 3) == " ▁▁");
    CHECK(sparkline({1.0, 2.0, 4.0, 8.0}, 4) == "▂▃▅█");
    CHECK(sparkline({1e6, 5.0, 0.0, std::nullopt, 10.0}, 4) == "▅▁ █");
    CHECK(sparkline({0.001, 1e9}, 2) == "▂█");
    CHECK(sparkline({-5.0, 1.0}, 2) == "▁█");
    CHECK(sparkline({1.0}, 0).empty());
}

TEST_CASE("a line with colours is cut by what is seen of it, and none stays on", "[output]")
{
    using output::cut_styled;
    std::string const red = "\033[1;31m";
    std::string const off = "\033[0m";
    CHECK(output::styled_width(red + "魚é" + off + "x") == 4);
    CHECK(cut_styled(red + "abc" + off, 3) == red + "abc" + off);
    CHECK(cut_styled(red + "abcd" + off, 3) == red + "ab…" + off);
    CHECK(cut_styled("ab" + red + "cd" + off, 3) == "ab" + red + "…" + off);
    CHECK(cut_styled(red + "a" + off + "bcd", 2) == red + "a" + off + "…");
    CHECK(cut_styled("魚魚", 3) == "魚…");
    CHECK(cut_styled("abc", 0).empty());
    CHECK(cut_styled("\033]0;title", 5).find('m') == std::string::npos);
}
