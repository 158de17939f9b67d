#pragma once

#include "base/clock.hpp"
#include "base/fd.hpp"

#include <sys/types.h>
#include <termios.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rmqha::test {

/// What a terminal shows of the bytes it is sent: as much of one as the program writes for. A sequence it does not know
/// throws, as a real one would do something unforeseen.
class TerminalPage {
public:
    TerminalPage(int rows, int columns);

    void write(std::string_view bytes);
    void resize(int rows, int columns);

    /// The lines shown now, without blanks at their ends.
    std::vector<std::string> lines() const;
    std::string text() const; ///< the same, each with a line end
    bool alternate() const noexcept { return m_alternate; }
    bool cursor() const noexcept { return m_cursor; }
    bool wraps() const noexcept { return m_wraps; }
    bool coloured() const noexcept { return m_coloured; } ///< a colour has been sent

private:
    struct Cells {
        std::vector<std::vector<std::string>> rows; ///< a letter each; empty: the second half of a wide one
        std::size_t row = 0;
        std::size_t column = 0;
    };

    Cells blank() const;
    void put(std::string const& letter, int width);
    void feed_line();
    void obey(std::string const& sequence);
    void switch_mode(std::string const& mode, bool on);

    int m_rows;
    int m_columns;
    Cells m_cells;
    Cells m_main;
    bool m_alternate = false;
    bool m_cursor = true;
    bool m_wraps = true;
    bool m_coloured = false;
    std::string m_begun; ///< of a sequence or letter, until the rest comes
};

/// A program on a pseudo terminal of its own, killed when this goes away. Not thread-safe.
class Terminal {
public:
    struct Size {
        int rows = 24;
        int columns = 80;
    };
    Terminal(std::vector<std::string> argv, Size size);
    Terminal(Terminal const&) = delete;
    Terminal& operator=(Terminal const&) = delete;
    ~Terminal();

    void type(std::string_view keys) const;
    void resize(Size size);
    void signal(int number) const;

    /// Takes in what is written until `holds` is true of the page; false when it is not by then.
    bool until(base::milliseconds patience, std::function<bool(TerminalPage const&)> const& holds);
    /// That the page shows this somewhere.
    bool shows(std::string const& text, base::milliseconds patience = std::chrono::minutes(1));
    /// Exit status, or 128 + signal, once everything that was written has been taken in; nothing when it still runs.
    std::optional<int> wait(base::milliseconds patience);

    TerminalPage const& page() const noexcept { return m_page; }
    /// How the terminal is set, flags and characters.
    termios settings() const;
    termios const& settings_before() const noexcept { return m_before; } ///< the program began

private:
    bool take_in();

    base::Fd m_master;
    base::Fd m_line; ///< the program's side, kept so that the settings can be read after its end
    termios m_before{};
    pid_t m_pid = 0;
    std::optional<int> m_status;
    TerminalPage m_page;
};

/// The settings that a program might leave behind, for comparison.
std::string to_text(termios const& settings);

} // namespace rmqha::test
