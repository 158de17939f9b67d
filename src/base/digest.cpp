#include "base/digest.hpp"

#include <algorithm>
#include <cstring>

namespace rmqha::base {

namespace {

/// The finalizer of MurmurHash3 (Austin Appleby, public domain): each bit of the input changes each of the output.
std::uint64_t mix(std::uint64_t value)
{
    value ^= value >> 33U;
    value *= 0xff51afd7ed558ccdU;
    value ^= value >> 33U;
    value *= 0xc4ceb9fe1a85ec53U;
    return value ^ (value >> 33U);
}

} // namespace

std::uint64_t digest(std::string_view bytes, std::uint64_t before)
{
    auto state = mix(before ^ (bytes.size() + 0x9e3779b97f4a7c15U));
    while (!bytes.empty()) {
        std::uint64_t word = 0;
        auto const size = std::min(bytes.size(), sizeof word);
        std::memcpy(&word, bytes.data(), size);
        state = mix(state ^ word);
        bytes.remove_prefix(size);
    }
    return state;
}

} // namespace rmqha::base
