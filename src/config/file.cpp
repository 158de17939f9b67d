#include "config/file.hpp"

#include "base/error.hpp"
#include "base/spelling.hpp"
#include "config/toml_value.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <filesystem>

namespace rmqha::config {

using base::Error;
using base::ExitCode;

namespace {

using Words = std::vector<std::string>;

/// Turns tables into sources; knows the path for messages.
class Reader {
public:
    Reader(std::string path, Vocabulary const& commands) : m_path(std::move(path)), m_commands(commands) {}

    File file(toml::table const& root) const
    {
        File file{.path = m_path, .current = {}, .contexts = {}, .commands = {}};
        for (auto const& [key, node] : root) {
            if (key == "current") {
                file.current = checked_text(node, "current", OptionType::text);
                file.current_line = line_of(node);
            } else if (key == "contexts") {
                for (auto const& [name, body] : table_of(node, "contexts")) {
                    auto const what = fmt::format("contexts.{}", name.str());
                    file.contexts.push_back(context(table_of(body, what), std::string(name.str())));
                }
            } else if (node.is_table() && is_command(std::string(key.str()))) {
                read_command(*node.as_table(), std::string(key.str()), file.commands);
            } else if (has_option("", key.str())) {
                add_command_option(node, std::string(key.str()), "", file.commands);
            } else {
                auto known = next_words("");
                known.insert(known.end(), {"current", "contexts"});
                refuse_key(node, key.str(), "The keys here are current, [contexts.NAME] and a table for each command.",
                           known);
            }
        }
        return file;
    }

    ContextEntry context(toml::table const& body, std::string name) const
    {
        ContextEntry entry{.name = std::move(name),
                           .path = m_path,
                           .source = {.kind = SourceKind::file, .values = {}, .origin = m_path, .lines = {}},
                           .commands = {}};
        for (auto const& [key, node] : body) {
            auto const* const option = find_option(key.str());
            if (key == "nodes") {
                read_nodes(node, entry.source);
            } else if (key == "thresholds") {
                read_thresholds(table_of(node, "thresholds"), entry.source);
            } else if (key == "runner") {
                read_runner(table_of(node, "runner"), entry.source);
            } else if (option != nullptr) {
                add(entry.source, option->name, node, texts_of(node, *option));
            } else if (node.is_table() && is_command(std::string(key.str()))) {
                read_command(*node.as_table(), std::string(key.str()), entry.commands);
            } else {
                auto known = next_words("");
                known.insert(known.end(), {"nodes", "thresholds", "runner"});
                std::ranges::transform(options(), std::back_inserter(known), &Option::name);
                refuse_key(node, key.str(),
                           "A context has the connection options, nodes, thresholds, runner and tables for commands.",
                           known);
            }
        }
        return entry;
    }

    [[noreturn]] void refuse(int line, std::string const& reason, std::string hint = {}) const
    {
        throw Error(ExitCode::config, fmt::format("{}:{}: {}", m_path, line, reason), std::move(hint));
    }

private:
    static int line_of(toml::node const& node) { return static_cast<int>(node.source().begin.line); }

    [[noreturn]] void refuse_key(toml::node const& node, std::string_view key, std::string const& hint,
                                 Words const& known) const
    {
        refuse(line_of(node), fmt::format("unknown {} \"{}\"", node.is_table() ? "table" : "key", key),
               hint + base::did_you_mean(key, known));
    }

    toml::table const& table_of(toml::node const& node, std::string_view what) const
    {
        if (!node.is_table()) {
            refuse(line_of(node), fmt::format("{}: must be a table, not {}", what, type_name(node)));
        }
        return *node.as_table();
    }

    std::string checked_text(toml::node const& node, std::string_view what, OptionType type) const
    {
        if (!fits(node, type)) {
            refuse(line_of(node), fmt::format("{}: must be {}; this is {}", what, wanted(type), type_name(node)));
        }
        return *scalar_text(node);
    }

    Words texts_of(toml::node const& node, Option const& option) const
    {
        Words texts;
        if (option.repeatable && node.is_array()) {
            for (auto const& element : *node.as_array()) {
                texts.push_back(checked_text(element, option.name, option.type));
            }
            return texts;
        }
        texts.push_back(checked_text(node, option.name, option.type));
        if (option.metavar == "FILE" && !texts.front().empty() && texts.front() != "-") {
            texts.front() = (std::filesystem::path(m_path).parent_path() / texts.front()).string();
        }
        return texts;
    }

    static void add(Source& source, std::string const& name, toml::node const& node, Words const& texts)
    {
        auto& values = source.values[name];
        values.insert(values.end(), texts.begin(), texts.end());
        source.lines.emplace(name, line_of(node));
    }

    void read_nodes(toml::node const& nodes, Source& source) const
    {
        auto const* const array = nodes.as_array();
        if (array == nullptr || !std::ranges::all_of(*array, [](auto const& node) { return node.is_table(); })) {
            refuse(line_of(nodes), fmt::format("nodes: must be an array of tables; this is {}", type_name(nodes)),
                   "Write [[contexts.NAME.nodes]] and host = \"…\" for every node.");
        }
        for (auto const& node : *array) {
            add(source, "node", node, {node_text(*node.as_table())});
        }
    }

    std::string node_text(toml::table const& table) const
    {
        static Words const keys{"host", "port", "management_port", "prometheus_port", "weight", "name"};
        std::map<std::string, std::string> values;
        for (auto const& [key, value] : table) {
            if (std::ranges::find(keys, key.str()) == keys.end()) {
                refuse_key(value, key.str(), fmt::format("A node has {}.", fmt::join(keys, ", ")), keys);
            }
            auto const type = key == "host" || key == "name" ? OptionType::text : OptionType::number;
            values.emplace(key.str(), checked_text(value, key.str(), type));
        }
        auto host = values["host"];
        auto const colons = std::ranges::count(host, ':');
        if (host.empty() || colons == 1 || host.find(',') != std::string::npos) {
            refuse(line_of(table), colons == 1 ? fmt::format("host \"{}\": the port has a key of its own, port", host)
                                               : std::string("a node needs a host, a name or an address"));
        }
        auto text = colons > 1 && host.front() != '[' ? "[" + host + "]" : host;
        text += values.contains("port") ? ":" + values["port"] : "";
        for (auto const& [key, word] : {std::pair("management_port", "management"),
                                        {"prometheus_port", "prometheus"},
                                        {"weight", "weight"},
                                        {"name", "name"}}) {
            text += values.contains(key) ? fmt::format(",{}={}", word, values[key]) : "";
        }
        try {
            return to_text(parse_node(text));
        } catch (Error const& error) {
            refuse(line_of(table), error.what(), error.hint());
        }
    }

    void read_thresholds(toml::table const& table, Source& source) const
    {
        for (auto const& [key, node] : table) {
            auto const* const option = find_option(fmt::format("thresholds.{}", key.str()));
            if (option == nullptr) {
                Words known;
                for (auto const& one : threshold_options()) {
                    known.push_back(one.name.substr(one.name.find('.') + 1));
                }
                refuse_key(node, key.str(), fmt::format("The thresholds are {}.", fmt::join(known, ", ")), known);
            }
            add(source, option->name, node, {checked_text(node, option->name, option->type)});
        }
    }

    void read_runner(toml::table const& table, Source& source) const
    {
        static Words const kinds{"local", "ssh", "docker", "kubectl"};
        for (auto const& [key, node] : table) {
            auto const name = fmt::format("runner.{}", key.str());
            auto const text = checked_text(node, name, OptionType::text);
            if (key == "kind" && std::ranges::find(kinds, text) == kinds.end()) {
                refuse(line_of(node), fmt::format("runner.kind: \"{}\" is not a way to reach a node", text),
                       fmt::format("The kinds are {}.{}", fmt::join(kinds, ", "), base::did_you_mean(text, kinds)));
            }
            add(source, name, node, {text});
        }
        if (!table.contains("kind")) {
            refuse(line_of(table), "runner: its kind is missing",
                   fmt::format("The kinds are {}.", fmt::join(kinds, ", ")));
        }
    }

    /// The words that may follow `prefix` ("" or "queue.") in command paths.
    Words next_words(std::string const& prefix) const
    {
        Words words;
        for (auto const& [path, names] : m_commands) {
            if (path.starts_with(prefix)) {
                words.push_back(path.substr(prefix.size(), path.find('.', prefix.size()) - prefix.size()));
            }
        }
        return words;
    }

    bool is_command(std::string const& path) const
    {
        return m_commands.empty() || std::ranges::any_of(m_commands, [&](auto const& command) {
                   return command.first == path || command.first.starts_with(path + ".");
               });
    }

    bool has_option(std::string const& path, std::string_view key) const
    {
        auto const names = m_commands.find(path);
        return names != m_commands.end() && std::ranges::find(names->second, key) != names->second.end();
    }

    void read_command(toml::table const& table, std::string const& path, CommandSources& into) const
    {
        for (auto const& [key, node] : table) {
            auto const inner = fmt::format("{}.{}", path, key.str());
            if (node.is_table() && is_command(inner)) {
                read_command(*node.as_table(), inner, into);
            } else if (m_commands.empty() || has_option(path, key.str())) {
                add_command_option(node, std::string(key.str()), path, into);
            } else {
                auto known = next_words(path + ".");
                if (auto const names = m_commands.find(path); names != m_commands.end()) {
                    known.insert(known.end(), names->second.begin(), names->second.end());
                }
                refuse_key(node, key.str(), fmt::format("[{}] takes that command's options, with underscores.", path),
                           known);
            }
        }
    }

    void add_command_option(toml::node const& node, std::string const& name, std::string const& path,
                            CommandSources& into) const
    {
        auto& source = into[path];
        source.kind = SourceKind::file;
        source.origin = m_path;
        add(source, name, node, command_texts(node, name));
    }

    Words command_texts(toml::node const& node, std::string const& what) const
    {
        Words texts;
        auto const take = [&](toml::node const& one) {
            auto text = scalar_text(one);
            if (!text) {
                refuse(line_of(one), fmt::format("{}: {} cannot be an option's value", what, type_name(one)));
            }
            texts.push_back(std::move(*text));
        };
        if (auto const* const array = node.as_array()) {
            for (auto const& element : *array) {
                take(element);
            }
        } else {
            take(node);
        }
        return texts;
    }

    std::string m_path;
    Vocabulary const& m_commands;
};

toml::table parse(std::string_view text, std::string const& path)
{
    try {
        return toml::parse(text, path);
    } catch (toml::parse_error const& error) {
        throw Error(ExitCode::config,
                    fmt::format("{}:{}: not TOML: {}", path, error.source().begin.line, error.description()));
    }
}

} // namespace

File parse_file(std::string_view text, std::string const& path, Vocabulary const& commands)
{
    auto const root = parse(text, path);
    return Reader(path, commands).file(root);
}

ContextEntry parse_context(std::string_view text, std::string const& path, std::string const& name)
{
    auto const root = parse(text, path);
    auto entry = Reader(path, {}).context(root, name);
    entry.local = true;
    return entry;
}

} // namespace rmqha::config
