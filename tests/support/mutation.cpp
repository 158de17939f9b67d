#include "support/mutation.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace rmqha::test {

namespace {

std::size_t below(std::size_t count, std::mt19937& random)
{
    return count == 0 ? 0 : random() % count;
}

/// A random part of at most `most` bytes.
std::string_view part_of(std::string_view text, std::size_t most, std::mt19937& random)
{
    auto const begin = below(text.size() + 1, random);
    return text.substr(begin, below(std::min(most, text.size() - begin) + 1, random));
}

/// The values in JSON text: strings, numbers, true, false, null; where they begin and end.
std::vector<std::string_view> values_of(std::string_view text)
{
    std::vector<std::string_view> values;
    for (std::size_t at = 0; at < text.size(); ++at) {
        std::size_t end = at;
        if (text[at] == '"') {
            end = std::min(text.find('"', at + 1), text.size() - 1) + 1;
        } else if (std::string_view("-0123456789tfn").find(text[at]) != std::string_view::npos) {
            end = std::min(text.find_first_of(",:]} \n", at), text.size());
        }
        if (end > at) {
            values.push_back(text.substr(at, end - at));
            at = end - 1;
        }
    }
    return values;
}

std::string with_other_value(std::string const& text, std::mt19937& random)
{
    static std::string const k_deep = std::string(2000, '[') + std::string(2000, ']');
    static std::array<std::string, 14> const k_others{"null",
                                                      "true",
                                                      "false",
                                                      "\"\"",
                                                      "\"text\"",
                                                      "[]",
                                                      "{}",
                                                      "-1",
                                                      "0.5",
                                                      "1e400",
                                                      "18446744073709551616",
                                                      "99999999999999999999999999",
                                                      "[null,{\"a\":[]}]",
                                                      k_deep};
    auto const values = values_of(text);
    if (values.empty()) {
        return text;
    }
    auto const value = values[below(values.size(), random)];
    auto result = text;
    return result.replace(static_cast<std::size_t>(value.data() - text.data()), value.size(),
                          k_others.at(below(k_others.size(), random)));
}

} // namespace

std::string mutated(std::string_view text, std::mt19937& random)
{
    std::string result(text);
    for (auto times = below(3, random) + 1; times > 0; --times) {
        auto const part = part_of(result, 400, random);
        auto const at = static_cast<std::size_t>(part.data() - result.data());
        switch (below(8, random)) {
        case 0:
            result.resize(below(result.size() + 1, random));
            break;
        case 1:
            result.erase(at, part.size());
            break;
        case 2:
            result.insert(at, std::string(part));
            break;
        case 3:
            result.insert(at, "\xff\xc3(\xed\xa0\x80");
            break;
        case 4:
            if (!result.empty()) {
                result[below(result.size(), random)] = static_cast<char>(random());
            }
            break;
        default: // most of all, as it leaves JSON what it is
            result = with_other_value(result, random);
        }
    }
    return result;
}

} // namespace rmqha::test
