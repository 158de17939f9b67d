#include "config/edit.hpp"

#include "base/error.hpp"
#include "config/file.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>

namespace rmqha::config {

using base::Error;
using base::ExitCode;

namespace {

using Path = std::vector<std::string>;

std::string quoted(std::string_view text)
{
    std::string result = "\"";
    for (char const c : text) {
        if (c == '"' || c == '\\') {
            result += '\\';
            result += c;
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            result += fmt::format("\\u{:04X}", static_cast<unsigned>(c));
        } else {
            result += c;
        }
    }
    return result + '"';
}

std::string key_text(std::string const& key)
{
    bool const bare = !key.empty() && std::ranges::all_of(key, [](unsigned char c) {
        return c < 0x80 && (std::isalnum(c) != 0 || c == '-' || c == '_');
    });
    return bare ? key : quoted(key);
}

std::string value_text(std::string const& name, std::vector<std::string> const& values)
{
    auto const* const option = find_option(name);
    auto const type = option == nullptr ? OptionType::text : option->type;
    bool const one_level = type == OptionType::levels && values.back().find(',') == std::string::npos;
    if (type == OptionType::number || type == OptionType::toggle || one_level) {
        return values.back();
    }
    if (option == nullptr || !option->repeatable) {
        return quoted(values.back());
    }
    std::vector<std::string> words;
    std::ranges::transform(values, std::back_inserter(words), quoted);
    return fmt::format("[{}]", fmt::join(words, ", "));
}

/// A table that has no header and so no lines to add to: inline, or made by dotted keys.
struct NotInLines {};

/// One text, and where its tables and values stand in it.
class Editor {
public:
    explicit Editor(std::string text) : m_text(std::move(text)), m_root(toml::parse(m_text)) {}

    std::string const& text() const { return m_text; }

    /// Sets key in the table at `path`, whose header is added at the end when it is not there.
    void set(Path const& path, std::string const& key, std::string const& value)
    {
        auto const* const table = find(path);
        if (table != nullptr && table->contains(key)) {
            auto const source = table->get(key)->source();
            m_text.replace(offset(source.begin), offset(source.end) - offset(source.begin), value);
        } else {
            insert(table, path, fmt::format("{} = {}\n", key_text(key), value));
        }
        m_root = toml::parse(m_text);
    }

    void remove(Path const& path, std::string const& key)
    {
        auto const* const table = find(path);
        auto const* const node = table == nullptr ? nullptr : table->get(key);
        if (node == nullptr) {
            return;
        }
        if (node->is_array() && headed(*node)) {
            auto const* const array = node->as_array();
            // [[contexts.NAME.nodes]]: one header for each element; from the last, so that the lines before stay put.
            for (auto i = array->size(); i-- > 0;) {
                auto const& element = *array->get(i);
                remove_lines(element.source().begin.line, last_line(element));
            }
        } else {
            remove_lines(table->find(key)->first.source().begin.line, node->source().end.line);
        }
        m_root = toml::parse(m_text);
    }

private:
    /// Whether it stands under a [header] or [[headers]] of its own instead of behind a key.
    static bool headed(toml::node const& node)
    {
        if (auto const* const array = node.as_array()) {
            return !array->empty() && headed(*array->get(0));
        }
        return node.is_table() && !node.as_table()->is_inline();
    }

    static toml::source_index last_line(toml::node const& node)
    {
        auto last = node.source().end.line;
        if (auto const* const table = node.as_table()) {
            for (auto const& [key, value] : *table) {
                last = std::max(last, last_line(value));
            }
        }
        return last;
    }

    toml::table const* find(Path const& path) const
    {
        toml::table const* table = &m_root;
        for (auto const& key : path) {
            auto const* const node = table->get(key);
            table = node == nullptr ? nullptr : node->as_table();
            if (table == nullptr) {
                return nullptr;
            }
        }
        return table;
    }

    /// A table that is only named in its children's headers stands where the first of them does.
    static bool has_header(toml::table const& table, Path const& path)
    {
        return path.empty() || std::ranges::none_of(table, [&](auto const& entry) {
                   return headed(entry.second) && entry.second.source().begin == table.source().begin;
               });
    }

    void insert(toml::table const* table, Path const& path, std::string const& line)
    {
        if (!m_text.empty() && m_text.back() != '\n') {
            m_text += '\n';
        }
        if (table == nullptr || !has_header(*table, path)) {
            Path keys;
            std::ranges::transform(path, std::back_inserter(keys), key_text);
            m_text += fmt::format("{}[{}]\n{}", m_text.empty() ? "" : "\n", fmt::join(keys, "."), line);
            return;
        }
        if (!path.empty() && (table->is_inline() || m_text.at(offset(table->source().begin)) != '[')) {
            throw NotInLines{};
        }
        auto after = path.empty() ? 0 : table->source().begin.line;
        for (auto const& [key, node] : *table) {
            after = headed(node) ? after : std::max(after, node.source().end.line);
        }
        bool const before_header = after == 0 && m_text.starts_with('[');
        m_text.insert(line_start(after + 1), before_header ? line + "\n" : line);
    }

    void remove_lines(toml::source_index first, toml::source_index last)
    {
        auto const from = line_start(first);
        m_text.erase(from, line_start(last + 1) - from);
    }

    std::size_t line_start(toml::source_index line) const
    {
        std::size_t at = 0;
        for (toml::source_index i = 1; i < line && at < m_text.size(); ++i) {
            at = std::min(m_text.find('\n', at), m_text.size() - 1) + 1;
        }
        return at;
    }

    /// toml++ counts columns in code points.
    std::size_t offset(toml::source_position position) const
    {
        auto at = line_start(position.line);
        for (toml::source_index column = 1; column < position.column; ++column) {
            ++at;
            while (at < m_text.size() && (static_cast<unsigned char>(m_text[at]) & 0xC0U) == 0x80U) {
                ++at;
            }
        }
        return at;
    }

    std::string m_text;
    toml::table m_root;
};

[[noreturn]] void refuse(std::string const& what)
{
    throw Error(ExitCode::config, fmt::format("cannot change {} in this file without rewriting it", what),
                "Change it by hand, or write the context as [contexts.NAME] with one key a line.");
}

ContextEntry const* find_entry(File const& file, std::string const& name)
{
    auto const found = std::ranges::find(file.contexts, name, &ContextEntry::name);
    return found == file.contexts.end() ? nullptr : &*found;
}

bool same(CommandSources const& a, CommandSources const& b)
{
    return std::ranges::equal(
        a, b, [](auto const& x, auto const& y) { return x.first == y.first && x.second.values == y.second.values; });
}

/// Whether only what was to change has changed.
bool as_expected(File const& before, File const& after, std::string const& name, Values const& changes)
{
    auto const* const old = find_entry(before, name);
    auto expected = old == nullptr ? Values{} : old->source.values;
    for (auto const& [option, values] : changes) {
        if (values.empty()) {
            expected.erase(option);
        } else {
            expected[option] = values;
        }
    }
    auto const* const changed = find_entry(after, name);
    bool const others_kept = std::ranges::all_of(before.contexts, [&](ContextEntry const& entry) {
        auto const* const now = find_entry(after, entry.name);
        return now != nullptr && same(now->commands, entry.commands) &&
               (entry.name == name || now->source.values == entry.source.values);
    });
    return changed != nullptr && changed->source.values == expected && others_kept && before.current == after.current &&
           same(before.commands, after.commands);
}

template <typename Change>
std::string edited(std::string const& text, std::string const& what, Change const& change)
{
    try {
        Editor editor(text);
        change(editor);
        return editor.text();
    } catch (NotInLines const&) {
        refuse(what);
    } catch (toml::parse_error const&) {
        refuse(what); // the text itself was read before, so it is the change that does not fit
    }
}

} // namespace

std::string with_current(std::string const& text, std::string const& name)
{
    parse_file(text, {}, {});
    auto result = edited(text, "the current context", [&](Editor& editor) { editor.set({}, "current", quoted(name)); });
    if (parse_file(result, {}, {}).current != name) {
        refuse("the current context");
    }
    return result;
}

std::string with_context(std::string const& text, std::string const& path, std::string const& name,
                         Values const& changes)
{
    auto const what = fmt::format("context \"{}\"", name);
    auto const before = parse_file(text, path, {});
    auto result = edited(text, what, [&](Editor& editor) {
        for (auto const& [option, values] : changes) {
            auto const dot = option.find('.');
            Path table{"contexts", name};
            if (dot != std::string::npos) {
                table.push_back(option.substr(0, dot));
            }
            auto const key = dot == std::string::npos ? option : option.substr(dot + 1);
            if (option == "node") {
                editor.remove(table, "nodes");
            }
            if (values.empty()) {
                editor.remove(table, key);
            } else {
                editor.set(table, key, value_text(option, values));
            }
        }
    });
    if (!as_expected(before, parse_file(result, path, {}), name, changes)) {
        refuse(what);
    }
    return result;
}

} // namespace rmqha::config
