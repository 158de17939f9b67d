#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace rmqha::base {

/// The known word nearest to `word` by edit distance (a swap of neighbours is one edit), if it is near enough to be what
/// was meant (at most 2 edits and fewer than half the word's letters; an exact prefix of three letters or more counts as
/// near).
std::optional<std::string> nearest_word(std::string_view word, std::span<std::string const> known);

/// " Did you mean "x"?" or nothing, ready to be appended to a hint.
std::string did_you_mean(std::string_view word, std::span<std::string const> known);

} // namespace rmqha::base
