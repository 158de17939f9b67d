#pragma once

#include <cstdint>
#include <string_view>

namespace rmqha::base {

/// 64 bits that tell contents apart, the same in every process and version; `before` chains one piece to the next, and
/// where the pieces part counts. Against accidents only: whoever wants to can make two that agree.
std::uint64_t digest(std::string_view bytes, std::uint64_t before = 0);

} // namespace rmqha::base
