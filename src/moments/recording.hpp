#pragma once

#include "moments/moment.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rmqha::moments {

/// Which moment of a file is meant.
struct When {
    enum class Kind { place, time };
    Kind kind = Kind::place;
    std::int64_t place = -1; ///< 1 is the first, -1 the last
    std::chrono::system_clock::time_point time{};
};

/// Reads "first", "last", a place (3, -2), a time in RFC 3339, or a time ago ("90s", "2h"). Nothing when it is none.
std::optional<When> parse_when(std::string_view text, std::chrono::system_clock::time_point now);

/// A file of `monitor record`, or of what `monitor status --format json` printed, once or again and again. Lines that
/// are damaged, such as one that a crash cut off, are passed over and counted.
class Recording {
public:
    /// Throws Error(data): no such file, empty, no moment in it; Error(unavailable): not readable.
    explicit Recording(std::filesystem::path path);

    std::size_t size() const noexcept { return m_places.size(); } ///< moments
    std::size_t damaged() const noexcept { return m_damaged; }    ///< lines that hold none

    /// By time: the last one that is not later. Throws Error(data) when there is none.
    Moment moment(When const& when) const;

private:
    struct Place {
        std::uint64_t offset = 0;
        std::uint64_t length = 0;
        std::chrono::system_clock::time_point time{};
    };

    void take(std::string const& text, std::uint64_t offset);

    std::filesystem::path m_path;
    std::vector<Place> m_places;
    std::size_t m_damaged = 0;
};

/// Puts a line at the end of the file (created 0640), in one write, on disk when it returns. When a crash left the last
/// line without an end, the new one begins on a line of its own all the same. Several processes may append at once.
/// Throws Error(unavailable) naming path and reason.
void append_line(std::filesystem::path const& path, std::string const& line);

} // namespace rmqha::moments
