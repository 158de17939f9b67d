#include "base/encoding.hpp"

#include <openssl/evp.h>

namespace rmqha::base {

namespace {

constexpr std::size_t k_step = 3U << 20U; ///< a multiple of 3 that an int holds: what OpenSSL counts with

unsigned char const* bytes_of(std::string_view text)
{
    return reinterpret_cast<unsigned char const*>(text.data());
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

std::string hashed(Hash hash, std::string_view bytes)
{
    auto const* const how = hash == Hash::md5 ? EVP_md5() : hash == Hash::sha256 ? EVP_sha256() : EVP_sha512();
    std::string digest(EVP_MAX_MD_SIZE, '\0');
    unsigned length = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), &length, how,
                   nullptr) != 1) {
        length = 0; // MD5 where the system forbids it
    }
    digest.resize(length);
    return digest;
}

} // namespace rmqha::base
