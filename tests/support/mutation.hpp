#pragma once

#include <random>
#include <string>
#include <string_view>

namespace rmqha::test {

/// Spoils an answer as a broken broker, proxy or network might: cuts it off, drops or doubles a part, puts other values
/// in (null, wrong types, huge numbers, deep nesting), or bytes that are not UTF-8. Always the same for the same
/// `random`.
std::string mutated(std::string_view text, std::mt19937& random);

} // namespace rmqha::test
