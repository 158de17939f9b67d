#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rmqha::base {

/// Base64 of RFC 4648, padded, without line breaks.
std::string to_base64(std::string_view bytes);
/// Nothing when the text is not exactly that.
std::optional<std::string> from_base64(std::string_view text);

/// Whether these bytes are well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
bool is_utf8(std::string_view bytes);

} // namespace rmqha::base
