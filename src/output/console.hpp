#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace rmqha::output {

enum class Format { table, json, ndjson };
enum class Color { automatic, always, never };

/// The two streams of the program: stdout is the answer, stderr is the talk. The only writer of either. Thread-safe.
class Console {
public:
    struct Options {
        bool quiet = false;   ///< no notes
        bool verbose = false; ///< details too
        Color color = Color::automatic;
    };

    explicit Console(Options options = {});

    /// Writes the answer. Throws Error(unavailable) when stdout cannot take it (a full disk); a closed pipe ends the
    /// program's output silently: closed() turns true and later calls do nothing.
    void answer(std::string_view text);
    void flush();
    bool closed() const noexcept { return m_closed; }

    void note(std::string_view text);                         ///< "rmqha: text" unless quiet
    void detail(std::string_view text);                       ///< the same, only when verbose
    void warn(std::string_view text);                         ///< "rmqha: warning: text"
    void error(std::string_view text, std::string_view hint); ///< "rmqha: error: text", then "hint: hint"

    /// Replaces the one progress line at the bottom of a terminal; nothing when stderr is not one, or quiet.
    void progress(std::string_view line);
    void clear_progress();

    bool color() const noexcept { return m_color; } ///< whether the answer may carry colour
    int width() const;                              ///< columns of stdout's terminal; 80 when it is not one
    bool answers_to_terminal() const;

private:
    Options m_options;
    bool m_color = false;
    bool m_talk_to_terminal = false;
    bool m_progress_shown = false;
    bool m_closed = false;
};

} // namespace rmqha::output
