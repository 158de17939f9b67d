#include "messaging/template.hpp"

#include "base/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace rmqha::messaging {

namespace {

[[noreturn]] void refuse(std::string_view text, std::size_t at, std::string const& reason)
{
    throw base::Error(base::ExitCode::usage, fmt::format("template \"{}\": {} at character {}", text, reason, at + 1),
                      "A field is written {name}; braces of the text itself are doubled: {{ and }}.");
}

std::optional<char> escaped(char letter)
{
    switch (letter) {
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case 'r':
        return '\r';
    case '0':
        return '\0';
    case '\\':
        return '\\';
    default:
        return std::nullopt;
    }
}

} // namespace

Template::Template(std::string_view text, Options const& options)
{
    std::string literal;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char const letter = text[i];
        bool const doubled = i + 1 < text.size() && text[i + 1] == letter;
        if ((letter == '{' || letter == '}') && doubled) {
            literal += letter;
            ++i;
        } else if (letter == '}') {
            refuse(text, i, "a closing brace without an opening one");
        } else if (letter == '{') {
            auto const end = text.find_first_of("{}", i + 1);
            if (end == std::string_view::npos || text[end] == '{') {
                refuse(text, i, "an opening brace without a closing one");
            }
            if (end == i + 1) {
                refuse(text, i, "a field without a name");
            }
            if (!literal.empty()) {
                m_parts.push_back({std::exchange(literal, {}), false});
            }
            m_parts.push_back({std::string(text.substr(i + 1, end - i - 1)), true});
            i = end;
        } else if (letter == '\\' && options.escapes) {
            auto const meant = i + 1 < text.size() ? escaped(text[i + 1]) : std::nullopt;
            if (!meant) {
                refuse(text, i, R"(a backslash must be followed by n, t, r, 0 or \)");
            }
            literal += *meant;
            ++i;
        } else {
            literal += letter;
        }
    }
    if (!literal.empty()) {
        m_parts.push_back({std::move(literal), false});
    }
}

std::vector<std::string> Template::fields() const
{
    std::vector<std::string> names;
    for (auto const& part : m_parts) {
        if (part.field) {
            names.push_back(part.text);
        }
    }
    return names;
}

bool Template::has_fields() const
{
    return std::any_of(m_parts.begin(), m_parts.end(), [](Part const& part) { return part.field; });
}

void Template::render(std::string& out,
                      std::function<void(std::string const& field, std::string& out)> const& append) const
{
    for (auto const& part : m_parts) {
        if (part.field) {
            append(part.text, out);
        } else {
            out += part.text;
        }
    }
}

} // namespace rmqha::messaging
