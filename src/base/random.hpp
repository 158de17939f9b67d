#pragma once

#include <string>

namespace rmqha::base {

/// Letters and digits, about 5.9 bits each, from the system's random source: fit for passwords. Thread-safe.
std::string random_word(int length);

/// A name nobody else gives: 64 bits of the system's random source as 16 hexadecimal digits. Thread-safe.
std::string random_name();

} // namespace rmqha::base
