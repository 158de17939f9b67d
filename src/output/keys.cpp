#include "output/keys.hpp"

#include "base/utf8.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace rmqha::output {
namespace {

using Kind = Key::Kind;

constexpr char k_escape = '\033';
constexpr std::size_t k_longest = 32; ///< no key's sequence is so long: what is goes nowhere

/// What terminals of the xterm family send behind "ESC [" or "ESC O".
Kind kind_of(std::string_view sequence)
{
    constexpr std::array<std::pair<std::string_view, Kind>, 17> k_known{{{"A", Kind::up},
                                                                         {"B", Kind::down},
                                                                         {"C", Kind::right},
                                                                         {"D", Kind::left},
                                                                         {"H", Kind::home},
                                                                         {"F", Kind::end},
                                                                         {"M", Kind::enter},
                                                                         {"Z", Kind::back_tab},
                                                                         {"1~", Kind::home},
                                                                         {"7~", Kind::home},
                                                                         {"4~", Kind::end},
                                                                         {"8~", Kind::end},
                                                                         {"5~", Kind::page_up},
                                                                         {"6~", Kind::page_down},
                                                                         {"3~", Kind::other},
                                                                         {"2~", Kind::other},
                                                                         {"E", Kind::other}}};
    auto const* const found =
        std::find_if(k_known.begin(), k_known.end(), [&](auto const& known) { return known.first == sequence; });
    return found == k_known.end() ? Kind::other : found->second;
}

Key key_of(unsigned char byte)
{
    switch (byte) {
    case '\r':
    case '\n':
        return {Kind::enter};
    case '\t':
        return {Kind::tab};
    case '\b':
    case 0x7f:
        return {Kind::backspace};
    default:
        break;
    }
    if (byte < 0x1b && byte > 0) {
        return {Kind::control, std::string(1, static_cast<char>('a' + byte - 1))};
    }
    return byte < 0x20 || byte >= 0x80 ? Key{Kind::other} : Key{Kind::letter, std::string(1, static_cast<char>(byte))};
}

/// How long a character of UTF-8 that begins with this byte is.
std::size_t length_of(unsigned char byte)
{
    return byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 1;
}

/// The first key of `bytes`, which it is taken off; nothing when there is more to come.
std::optional<Key> take(std::string_view& bytes)
{
    auto const first = static_cast<unsigned char>(bytes.front());
    if (bytes.front() == k_escape) {
        if (bytes.size() == 1) {
            return std::nullopt;
        }
        if (bytes[1] != '[' && bytes[1] != 'O') { // a key with Alt, or Escape and then a key
            bytes.remove_prefix(1);
            return Key{Kind::escape};
        }
        // Parameters, then one byte that ends it.
        auto const end = std::find_if(bytes.begin() + 2, bytes.end(), [](char c) { return c < 0x20 || c >= 0x40; });
        if (end == bytes.end()) {
            return std::nullopt;
        }
        auto const length = static_cast<std::size_t>(end - bytes.begin()) + 1;
        Key const key{kind_of(bytes.substr(2, length - 2))};
        bytes.remove_prefix(*end == k_escape ? length - 1 : length);
        return key;
    }
    if (auto const length = length_of(first); length > 1) {
        auto const letter = base::first_letter(bytes);
        bool const cut_off = bytes.size() < length && std::all_of(bytes.begin() + 1, bytes.end(), [](char c) {
                                 return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
                             });
        if (!letter.valid && cut_off) {
            return std::nullopt;
        }
        Key key = letter.valid ? Key{Kind::letter, std::string(bytes.substr(0, letter.length))} : Key{Kind::other};
        bytes.remove_prefix(letter.length);
        return key;
    }
    bytes.remove_prefix(1);
    return key_of(first);
}

} // namespace

std::vector<Key> KeyReader::read(std::string_view bytes)
{
    m_begun += bytes;
    std::vector<Key> keys;
    std::string_view left = m_begun;
    while (!left.empty()) {
        auto key = take(left);
        if (!key) {
            break;
        }
        keys.push_back(std::move(*key));
    }
    m_begun = left.size() > k_longest ? std::string() : std::string(left);
    return keys;
}

std::vector<Key> KeyReader::give_up()
{
    bool const escape = m_begun == std::string(1, k_escape);
    bool const something = !m_begun.empty();
    m_begun.clear();
    return something ? std::vector{Key{escape ? Kind::escape : Kind::other}} : std::vector<Key>();
}

} // namespace rmqha::output
