#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rmqha::base {

/// A character and the bytes it takes; one byte that begins no character of UTF-8 is an invalid one.
struct Utf8Letter {
    char32_t code = 0;
    std::size_t length = 1;
    bool valid = false;
};

/// The first character of a text that is not empty. Overlong forms, surrogates and what lies above U+10FFFF are
/// invalid.
Utf8Letter first_letter(std::string_view text);

/// Whether these bytes are well-formed UTF-8 (RFC 3629) throughout; no bytes at all are.
bool is_utf8(std::string_view bytes);

/// `text` with every byte that is not UTF-8 replaced by U+FFFD.
std::string valid_utf8(std::string_view text);

} // namespace rmqha::base
