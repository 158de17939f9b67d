#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rmqha::base {

/// Base64 of RFC 4648, padded, without line breaks.
std::string to_base64(std::string_view bytes);
/// Nothing when the text is not exactly that.
std::optional<std::string> from_base64(std::string_view text);

} // namespace rmqha::base
