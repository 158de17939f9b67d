#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rmqha::base {

/// Base64 of RFC 4648, padded, without line breaks.
std::string to_base64(std::string_view bytes);
/// Nothing when the text is not exactly that.
std::optional<std::string> from_base64(std::string_view text);

enum class Hash { md5, sha256, sha512 };
/// The digest's bytes.
std::string hashed(Hash hash, std::string_view bytes);

} // namespace rmqha::base
