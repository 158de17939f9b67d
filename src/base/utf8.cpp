#include "base/utf8.hpp"

#include <array>
#include <cstdint>

namespace rmqha::base {

Utf8Letter first_letter(std::string_view text)
{
    auto const lead = static_cast<std::uint8_t>(text.front());
    if (lead < 0x80) {
        return {lead, 1, true};
    }
    std::size_t const length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || text.size() < length) {
        return {lead, 1, false};
    }
    char32_t code = lead & (0x7FU >> length);
    for (std::size_t i = 1; i < length; ++i) {
        auto const byte = static_cast<std::uint8_t>(text[i]);
        if ((byte & 0xC0U) != 0x80U) {
            return {lead, 1, false};
        }
        code = (code << 6U) | (byte & 0x3FU);
    }
    constexpr std::array<char32_t, 5> lowest{0, 0, 0x80, 0x800, 0x10000};
    bool const valid = code >= lowest.at(length) && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
    return valid ? Utf8Letter{code, length, true} : Utf8Letter{lead, 1, false};
}

bool is_utf8(std::string_view bytes)
{
    while (!bytes.empty()) {
        auto const letter = first_letter(bytes);
        if (!letter.valid) {
            return false;
        }
        bytes.remove_prefix(letter.length);
    }
    return true;
}

std::string valid_utf8(std::string_view text)
{
    std::string result;
    while (!text.empty()) {
        auto const letter = first_letter(text);
        result += letter.valid ? text.substr(0, letter.length) : std::string_view("\xEF\xBF\xBD");
        text.remove_prefix(letter.length);
    }
    return result;
}

} // namespace rmqha::base
