#include "base/random.hpp"

#include <fmt/format.h>

#include <random>
#include <string_view>

namespace rmqha::base {

std::string random_word(int length)
{
    constexpr std::string_view k_letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    std::random_device source;
    std::uniform_int_distribution<std::size_t> pick(0, k_letters.size() - 1);
    std::string word;
    for (int i = 0; i < length; ++i) {
        word += k_letters[pick(source)];
    }
    return word;
}

std::string random_name()
{
    std::random_device source;
    return fmt::format("{:08x}{:08x}", source(), source());
}

} // namespace rmqha::base
