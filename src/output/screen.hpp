#pragma once

#include "base/clock.hpp"
#include "base/fd.hpp"
#include "output/keys.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rmqha::base {
class Stop;
}

namespace rmqha::output {

class ScreenSignals;

/// A terminal as one page that is written over again and again: the alternate screen, no cursor, keys as they are
/// pressed and not shown. It is as it was before when this goes away, and likewise when the process is ended or stopped
/// by a signal that can be caught: a second SIGINT, a crash, Ctrl-Z. One at a time in a process; for one thread.
class Screen {
public:
    struct Streams {
        int keys = 0;
        int page = 1;
    };
    struct Size {
        int rows = 24;
        int columns = 80;
        bool operator==(Size const&) const = default;
    };

    /// Takes the terminal. Throws Error(usage) when there is none, or one that can only print; see why_none().
    Screen(base::Stop& stop, Streams streams);
    explicit Screen(base::Stop& stop) : Screen(stop, Streams{}) {}
    Screen(Screen const&) = delete;
    Screen& operator=(Screen const&) = delete;
    ~Screen();

    /// Why these make no screen; nothing when they do.
    static std::optional<std::string> why_none(Streams streams);

    Size size() const;

    /// Shows these lines from the top, as styled() makes them and cut to the screen; the rest of it is blank. Only
    /// lines that are not as before are written. Throws Interrupted when a stop comes while the terminal takes nothing,
    /// and Error(unavailable) when it is gone.
    void show(std::vector<std::string> const& lines);
    /// The next show() writes everything: something else has written here.
    void forget();

    struct Input {
        std::vector<Key> keys;
        bool resized = false; ///< or taken anew: show() at once
    };
    /// Waits for keys, another size, until `also` becomes readable, or `deadline`. Throws as show() does, Interrupted
    /// as soon as a stop is requested.
    Input wait(int also, base::TimePoint deadline);

private:
    void take();
    void write(std::string_view text) const;
    void read_keys(Input& input);
    bool heed_signals();

    base::Stop& m_stop;
    Streams m_streams;
    base::Fd m_page; ///< the same terminal, opened anew, as writes to it must not block; else m_streams.page
    std::unique_ptr<ScreenSignals> m_signals;
    KeyReader m_reader;
    Size m_shown_size;
    std::vector<std::string> m_shown;
};

} // namespace rmqha::output
