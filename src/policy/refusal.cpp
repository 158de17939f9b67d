#include "policy/refusal.hpp"

#include <fmt/format.h>

#include <regex>
#include <utility>
#include <vector>

namespace rmqha::policy {
namespace {

void replace_all(std::string& text, std::string_view from, std::string_view to)
{
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
}

} // namespace

std::string refusal_in_words(std::string_view reason)
{
    std::string text(reason);
    constexpr std::pair<char const*, char const*> k_escapes[] = {
        {"&lt;", "<"},  {"&gt;", ">"},  {"&quot;", "\""}, {"&#39;", "'"},
        {"&amp;", "&"}, {"<<\"", "\""}, {"\">>", "\""},   {"Validation failed\n\n", ""}};
    for (auto const& [from, to] : k_escapes) {
        replace_all(text, from, to);
    }
    text.erase(text.find_last_not_of('\n') + 1);

    constexpr std::string_view k_unknown = "are not recognised policy settings";
    if (text.find(k_unknown) != std::string::npos) {
        static std::regex const key("\\{\"([^\"]+)\",");
        std::vector<std::string> names;
        for (std::sregex_iterator found(text.begin(), text.end(), key), end; found != end; ++found) {
            names.push_back((*found)[1]);
        }
        return fmt::format("this broker does not know the key{} {}", names.size() == 1 ? "" : "s",
                           fmt::join(names, ", "));
    }
    replace_all(text, "\n", " ");
    return text;
}

} // namespace rmqha::policy
