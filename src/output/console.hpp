#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>

namespace rmqha::base {
class Stop;
}

namespace rmqha::output {

enum class Format { table, json, ndjson };
enum class Color { automatic, always, never };

/// Whether text for a stream may carry colour. `automatic` means: not when NO_COLOR is set (no-color.org), else yes
/// when CLICOLOR_FORCE is set and not "0" (bixense.com/clicolors), else on a terminal whose TERM is neither empty nor
/// "dumb".
bool wants_color(Color color, bool terminal);

/// The two streams of the program: stdout is the answer, stderr is the talk. The only writer of either. Thread-safe.
class Console {
public:
    struct Options {
        bool quiet = false;   ///< no notes
        bool verbose = false; ///< details too
        Color color = Color::automatic;
    };
    /// File descriptors to write to; tests give others.
    struct Streams {
        int answer = 1;
        int talk = 2;
    };

    Console() : Console(Options{}, Streams{}) {}
    explicit Console(Options options) : Console(options, Streams{}) {}
    /// `stop`, which must outlive the console, ends waits for a reader that takes nothing; without one they last.
    Console(Options options, Streams streams, base::Stop const* stop = nullptr);

    /// Writes the answer; kept back in parts of 64 KiB unless stdout is a terminal. Throws Error(unavailable) when
    /// stdout cannot take it (a full disk); a closed pipe ends the program's output silently: closed() turns true and
    /// later calls do nothing. Throws Interrupted when a stop comes while the reader takes nothing, as a paused pager
    /// does; what it had not taken is lost, and the output closed.
    void answer(std::string_view text);
    /// Hands on what is kept back; throws as answer() does. main calls it at the end.
    void flush();
    bool closed() const noexcept { return m_closed; }

    // For who waits for the reader in a poll loop of his own.
    void keep_back(std::string_view text); ///< as answer(), but writes nothing
    void flush_some();                     ///< hands on what the reader takes at once; throws as answer()
    std::size_t kept_back();               ///< bytes not handed on yet
    int answer_fd() const noexcept { return m_streams.answer; }

    // Control characters in what follows are escaped, line ends aside. A stderr that cannot be written to is ignored.
    void note(std::string_view text);                         ///< "rmqha: text" unless quiet
    void detail(std::string_view text);                       ///< the same, only when verbose
    void warn(std::string_view text);                         ///< "rmqha: warning: text"
    void ask(std::string_view question);                      ///< "rmqha: question", the cursor behind it
    void error(std::string_view text, std::string_view hint); ///< "rmqha: error: text", then "hint: hint" unless empty

    /// Replaces the one progress line at the bottom of a terminal; nothing when stderr is not one, is dumb, or quiet.
    void progress(std::string_view line);
    void clear_progress();

    bool color() const noexcept { return m_color; } ///< whether the answer may carry colour
    /// Columns of stdout's terminal. When it is not one: $COLUMNS, else so many (100,000) that nothing is ever cut for
    /// a reader that is a program.
    int width() const;
    bool answers_to_terminal() const noexcept { return m_answer_to_terminal; }

private:
    void flush_locked(int timeout);
    void hide_progress();
    void talk(std::string_view text);

    Options m_options;
    Streams m_streams;
    base::Stop const* m_stop;
    bool m_color = false;
    bool m_talk_color = false;
    bool m_answer_to_terminal = false;
    bool m_progress_possible = false;

    std::mutex m_mutex;
    std::string m_kept_back;
    std::size_t m_handed_on = 0; ///< of what is kept back
    bool m_progress_shown = false;
    std::atomic<bool> m_closed{false};
};

} // namespace rmqha::output
