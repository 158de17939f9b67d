#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rmqha::output {

struct Key {
    enum class Kind {
        letter,  ///< `text` is one character
        control, ///< with Ctrl: `text` is the small letter
        enter,
        escape,
        backspace,
        tab,
        back_tab,
        up,
        down,
        left,
        right,
        page_up,
        page_down,
        home,
        end,
        other, ///< a key that nobody here knows
    };
    Kind kind = Kind::other;
    std::string text{};

    bool operator==(Key const&) const = default;
};

/// Makes keys of the bytes a terminal sends for them. Keys are sequences that begin with an escape, which is a key of
/// its own: only time tells whether more is to come.
class KeyReader {
public:
    /// The keys that these bytes complete.
    std::vector<Key> read(std::string_view bytes);
    /// Something has begun that may be a key already, or the beginning of one.
    bool waits() const noexcept { return !m_begun.empty(); }
    /// What has begun, as nothing more has come for a while.
    std::vector<Key> give_up();

private:
    std::string m_begun;
};

} // namespace rmqha::output
