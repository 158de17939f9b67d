#include "output/text.hpp"

#include "base/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace rmqha::output {

namespace {

struct Range {
    char32_t first;
    char32_t last;
};

// Unicode 15 blocks whose characters are East Asian Wide or Fullwidth, or shown as emoji (UAX 11, EastAsianWidth.txt).
constexpr std::array k_wide{
    Range{0x1100, 0x115F},   Range{0x231A, 0x231B},   Range{0x23E9, 0x23EC},   Range{0x25FD, 0x25FE},
    Range{0x2614, 0x2615},   Range{0x2648, 0x2653},   Range{0x26A1, 0x26A1},   Range{0x26AA, 0x26AB},
    Range{0x26BD, 0x26BE},   Range{0x26CE, 0x26CE},   Range{0x26D4, 0x26D4},   Range{0x2705, 0x2705},
    Range{0x270A, 0x270B},   Range{0x2728, 0x2728},   Range{0x274C, 0x274C},   Range{0x274E, 0x274E},
    Range{0x2753, 0x2755},   Range{0x2757, 0x2757},   Range{0x2795, 0x2797},   Range{0x2B1B, 0x2B1C},
    Range{0x2B50, 0x2B50},   Range{0x2B55, 0x2B55},   Range{0x2E80, 0x303E},   Range{0x3041, 0x4DBF},
    Range{0x4E00, 0xA4CF},   Range{0xA960, 0xA97F},   Range{0xAC00, 0xD7A3},   Range{0xF900, 0xFAFF},
    Range{0xFE10, 0xFE19},   Range{0xFE30, 0xFE6F},   Range{0xFF01, 0xFF60},   Range{0xFFE0, 0xFFE6},
    Range{0x16FE0, 0x18CFF}, Range{0x1B000, 0x1B2FF}, Range{0x1F18E, 0x1F18E}, Range{0x1F191, 0x1F19A},
    Range{0x1F200, 0x1F265}, Range{0x1F300, 0x1F64F}, Range{0x1F680, 0x1F6FF}, Range{0x1F7E0, 0x1F7EB},
    Range{0x1F90C, 0x1F9FF}, Range{0x1FA70, 0x1FAFF}, Range{0x20000, 0x3FFFD},
};

// Combining marks (the common scripts), joiners and variation selectors: they take no column of their own.
constexpr std::array k_zero{
    Range{0x0300, 0x036F}, Range{0x0483, 0x0489}, Range{0x0591, 0x05BD}, Range{0x0610, 0x061A},   Range{0x064B, 0x065F},
    Range{0x06D6, 0x06DC}, Range{0x0900, 0x0902}, Range{0x0E34, 0x0E3A}, Range{0x0E47, 0x0E4E},   Range{0x1AB0, 0x1AFF},
    Range{0x1DC0, 0x1DFF}, Range{0x200B, 0x200D}, Range{0x20D0, 0x20FF}, Range{0x302A, 0x302D},   Range{0x3099, 0x309A},
    Range{0xFE00, 0xFE0F}, Range{0xFE20, 0xFE2F}, Range{0xFEFF, 0xFEFF}, Range{0xE0100, 0xE01EF},
};

// C0 and C1 controls, line separators, and the marks that reverse the order of what follows them.
constexpr std::array k_unprintable{
    Range{0x0000, 0x001F}, Range{0x007F, 0x009F}, Range{0x061C, 0x061C},
    Range{0x200E, 0x200F}, Range{0x2028, 0x202E}, Range{0x2066, 0x2069},
};

template <std::size_t N>
bool within(std::array<Range, N> const& ranges, char32_t c)
{
    auto const* const next =
        std::lower_bound(ranges.begin(), ranges.end(), c, [](Range const& r, char32_t x) { return r.last < x; });
    return next != ranges.end() && next->first <= c;
}

using base::first_letter;
using Letter = base::Utf8Letter;

int width_of(Letter const& letter)
{
    if (!letter.valid) {
        return 1;
    }
    return within(k_zero, letter.code) ? 0 : within(k_wide, letter.code) ? 2 : 1;
}

std::string escape_of(Letter const& letter)
{
    switch (letter.code) {
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    default:
        auto const code = static_cast<std::uint32_t>(letter.code);
        return letter.valid && code >= 0x80 ? fmt::format("\\u{:04x}", code) : fmt::format("\\x{:02x}", code);
    }
}

std::string escaped_except(std::string_view text, char32_t kept)
{
    std::string result;
    while (!text.empty()) {
        auto const letter = first_letter(text);
        if (letter.valid && (letter.code == kept || !within(k_unprintable, letter.code))) {
            result.append(text.substr(0, letter.length));
        } else {
            result += escape_of(letter);
        }
        text.remove_prefix(letter.length);
    }
    return result;
}

constexpr char32_t k_none = 0xFFFFFFFF;

} // namespace

std::string escaped(std::string_view text)
{
    return escaped_except(text, k_none);
}

std::string escaped_lines(std::string_view text)
{
    return escaped_except(text, U'\n');
}

int display_width(std::string_view text)
{
    int width = 0;
    while (!text.empty()) {
        auto const letter = first_letter(text);
        width += width_of(letter);
        text.remove_prefix(letter.length);
    }
    return width;
}

std::string cut(std::string_view text, int width)
{
    if (display_width(text) <= width) {
        return std::string(text);
    }
    if (width <= 0) {
        return {};
    }
    std::size_t kept = 0;
    for (int used = 0; kept < text.size();) {
        auto const letter = first_letter(text.substr(kept));
        used += width_of(letter);
        if (used > width - 1) {
            break;
        }
        kept += letter.length;
    }
    return std::string(text.substr(0, kept)) + "…";
}

namespace {

constexpr std::string_view k_colour_off = "\033[0m";

/// Bytes of the colour sequence that `text` begins with; 0 when it begins with none.
std::size_t colour_length(std::string_view text)
{
    if (!text.starts_with("\033[")) {
        return 0;
    }
    auto const end = text.find_first_not_of("0123456789;", 2);
    return end != std::string_view::npos && text[end] == 'm' ? end + 1 : 0;
}

} // namespace

int styled_width(std::string_view line)
{
    int width = 0;
    while (!line.empty()) {
        if (auto const colour = colour_length(line); colour > 0) {
            line.remove_prefix(colour);
            continue;
        }
        auto const letter = first_letter(line);
        width += width_of(letter);
        line.remove_prefix(letter.length);
    }
    return width;
}

std::string cut_styled(std::string_view line, int width)
{
    if (styled_width(line) <= width) {
        return std::string(line);
    }
    std::string result;
    bool coloured = false;
    for (int used = 0; width > 0 && !line.empty();) {
        if (auto const colour = colour_length(line); colour > 0) {
            coloured = line.substr(0, colour) != k_colour_off;
            result += line.substr(0, colour);
            line.remove_prefix(colour);
            continue;
        }
        auto const letter = first_letter(line);
        used += width_of(letter);
        if (used > width - 1) {
            result += "…";
            break;
        }
        result += line.substr(0, letter.length);
        line.remove_prefix(letter.length);
    }
    return coloured ? result + std::string(k_colour_off) : result;
}

} // namespace rmqha::output
