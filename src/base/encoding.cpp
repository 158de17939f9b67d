#include "base/encoding.hpp"

#include <openssl/evp.h>

#include <cstdint>

namespace rmqha::base {

namespace {

constexpr std::size_t k_step = 3U << 20U; ///< a multiple of 3 that an int holds: what OpenSSL counts with

unsigned char const* bytes_of(std::string_view text)
{
    return reinterpret_cast<unsigned char const*>(text.data());
}

/// Length of the well-formed sequence at the start of `bytes`; 0 when there is none. Table 3-7 of the Unicode standard.
std::size_t sequence_length(std::string_view bytes)
{
    auto const at = [&](std::size_t i) { return i < bytes.size() ? static_cast<std::uint8_t>(bytes[i]) : 0U; };
    auto const within = [&](std::size_t i, unsigned low, unsigned high) { return at(i) >= low && at(i) <= high; };
    auto const tail = [&](std::size_t i) { return within(i, 0x80, 0xBF); };
    unsigned const first = at(0);
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xC2 && first <= 0xDF) {
        return tail(1) ? 2 : 0;
    }
    if (first >= 0xE0 && first <= 0xEF) {
        return within(1, first == 0xE0 ? 0xA0 : 0x80, first == 0xED ? 0x9F : 0xBF) && tail(2) ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        return within(1, first == 0xF0 ? 0x90 : 0x80, first == 0xF4 ? 0x8F : 0xBF) && tail(2) && tail(3) ? 4 : 0;
    }
    return 0;
}

} // namespace

std::string to_base64(std::string_view bytes)
{
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0'); // OpenSSL ends what it writes with a NUL
    std::size_t written = 0;
    for (std::size_t begin = 0; begin < bytes.size(); begin += k_step) {
        auto const part = bytes.substr(begin, k_step);
        written += static_cast<std::size_t>(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data() + written),
                                                            bytes_of(part), static_cast<int>(part.size())));
    }
    text.resize(written);
    return text;
}

std::optional<std::string> from_base64(std::string_view text)
{
    // OpenSSL passes over blanks at both ends, and takes padding for zeros.
    if (text.size() % 4 != 0 || text.find_first_of(" \t\r\n\v\f-") != std::string_view::npos) {
        return std::nullopt;
    }
    std::size_t const padding = text.empty() ? 0 : text.size() - 1 - text.find_last_not_of('=');
    if (padding > 2 || text.substr(0, text.size() - padding).find('=') != std::string_view::npos) {
        return std::nullopt;
    }
    constexpr std::size_t k_text_step = k_step / 3 * 4;
    std::string bytes(text.size() / 4 * 3, '\0');
    std::size_t written = 0;
    for (std::size_t begin = 0; begin < text.size(); begin += k_text_step) {
        auto const part = text.substr(begin, k_text_step);
        auto const got = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data() + written), bytes_of(part),
                                         static_cast<int>(part.size()));
        if (got < 0) {
            return std::nullopt;
        }
        written += static_cast<std::size_t>(got);
    }
    bytes.resize(bytes.size() - padding);
    return to_base64(bytes) == text ? std::optional(bytes) : std::nullopt; // bits beyond the last byte must be zero
}

bool is_utf8(std::string_view bytes)
{
    while (!bytes.empty()) {
        auto const length = sequence_length(bytes);
        if (length == 0) {
            return false;
        }
        bytes.remove_prefix(length);
    }
    return true;
}

} // namespace rmqha::base
