#include "cmd/command.hpp"
#include "cmd/options.hpp"

#include "base/file.hpp"
#include "base/spelling.hpp"
#include "config/configuration.hpp"
#include "config/edit.hpp"
#include "config/uri.hpp"
#include "output/json.hpp"
#include "output/table.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <regex>

namespace rmqha::cmd {

namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ExitCode;
using config::ContextEntry;
using config::Values;
using nlohmann::ordered_json;

std::string kind_of(ContextEntry const& entry)
{
    return entry.local ? "local" : "config";
}

/// A context's nodes; a context that cannot be used says why instead, so that the others are still listed.
struct Nodes {
    std::vector<config::Node> nodes;
    std::string problem;
};

Nodes nodes_of(ContextEntry const& entry)
{
    if (entry.problem) {
        return {.nodes = {}, .problem = entry.problem->what()};
    }
    if (!entry.source.values.contains("node") && !entry.source.values.contains("uri")) {
        return {.nodes = {}, .problem = "it names no node"};
    }
    try {
        return {.nodes = config::resolve({entry.source}).nodes, .problem = {}};
    } catch (Error const& error) {
        return {.nodes = {}, .problem = error.what()};
    }
}

ordered_json to_json(std::vector<config::Node> const& nodes)
{
    auto array = ordered_json::array();
    for (auto const& node : nodes) {
        ordered_json one{{"host", node.host},
                         {"port", node.port},
                         {"management_port", node.management_port},
                         {"prometheus_port", node.prometheus_port},
                         {"weight", node.weight}};
        if (!node.name.empty()) {
            one["name"] = node.name;
        }
        array.push_back(std::move(one));
    }
    return array;
}

std::string joined_labels(std::vector<config::Node> const& nodes)
{
    std::vector<std::string> labels;
    std::ranges::transform(nodes, std::back_inserter(labels), config::label);
    return fmt::format("{}", fmt::join(labels, " "));
}

void answer(Context& context, output::Table const& table, ordered_json const& json)
{
    auto& console = context.console;
    console.answer(context.format() == output::Format::table
                       ? table.render(console.width(), console.color())
                       : output::to_text(json, context.format() == output::Format::json));
}

ExitCode list(Context& context)
{
    auto& configuration = context.configuration();
    auto const* const current = configuration.context();
    output::Table table(
        {{.heading = "CURRENT"}, {.heading = "NAME"}, {.heading = "KIND"}, {.heading = "NODES", .shrinkable = true}});
    auto entries = ordered_json::array();
    for (auto const& entry : configuration.contexts()) {
        auto const [nodes, problem] = nodes_of(entry);
        bool const is_current = current != nullptr && current->name == entry.name;
        table.add({is_current ? "*" : "", entry.name, kind_of(entry),
                   problem.empty() ? output::Cell(joined_labels(nodes)) : output::Cell(problem, output::Style::bad)});
        ordered_json one{{"name", entry.name},
                         {"current", is_current},
                         {"kind", kind_of(entry)},
                         {"file", entry.path},
                         {"nodes", to_json(nodes)}};
        if (!problem.empty()) {
            one["problem"] = problem;
        }
        entries.push_back(std::move(one));
    }
    if (entries.empty() && context.format() == output::Format::table) {
        context.console.note(
            "there are no contexts yet; make one with `rmqha context set NAME node=HOST` or `rmqha cluster up`");
        return ExitCode::ok;
    }
    answer(context, table, {{"schema_version", 1}, {"contexts", entries}});
    return ExitCode::ok;
}

/// The values as they may be shown.
std::vector<std::string> shown(std::string const& option, std::vector<std::string> values)
{
    if (option == "uri") {
        std::ranges::transform(values, values.begin(), [](auto const& uri) { return config::redacted(uri); });
    }
    return values;
}

ExitCode show(Context& context, std::string const& name)
{
    auto& configuration = context.configuration();
    auto const* const current = configuration.context();
    if (name.empty() && current == nullptr) {
        throw Error(ExitCode::config, "no context is in force", "Name one of those that `rmqha context list` shows.");
    }
    auto const& entry = name.empty() ? *current : configuration.context(name);
    bool const is_current = current != nullptr && current->name == entry.name;
    auto const [nodes, problem] = nodes_of(entry);

    output::Table table({{.heading = "SETTING"}, {.heading = "VALUE", .shrinkable = true}});
    table.add({"context", entry.name + (is_current ? " (current)" : "")});
    table.add({"kind", kind_of(entry)});
    table.add({"file", entry.path});
    for (auto const& node : nodes) {
        table.add({"node", config::to_text(node)});
    }
    ordered_json settings = ordered_json::object();
    auto const add = [&](std::string const& key, std::vector<std::string> const& values) {
        if (key != "node") {
            table.add({key, fmt::format("{}", fmt::join(values, " "))});
        }
        settings[key] = values.size() == 1 ? ordered_json(values.front()) : ordered_json(values);
    };
    for (auto const& [option, values] : entry.source.values) {
        add(option, shown(option, values));
    }
    for (auto const& [command, source] : entry.commands) {
        for (auto const& [option, values] : source.values) {
            add(fmt::format("{}.{}", command, option), values);
        }
    }
    ordered_json json{
        {"schema_version", 1}, {"name", entry.name},      {"current", is_current},          {"kind", kind_of(entry)},
        {"file", entry.path},  {"nodes", to_json(nodes)}, {"settings", std::move(settings)}};
    if (!problem.empty()) {
        table.add({"problem", {problem, output::Style::bad}});
        json["problem"] = problem;
    }
    answer(context, table, json);
    return ExitCode::ok;
}

/// The text with the passwords of its URIs blotted out.
std::string without_passwords(std::string const& text)
{
    static std::regex const uri("amqps?://[^\\s\"']*");
    std::string result;
    auto from = text.cbegin();
    for (std::sregex_iterator at(text.begin(), text.end(), uri); at != std::sregex_iterator(); ++at) {
        result.append(from, (*at)[0].first).append(config::redacted(at->str()));
        from = (*at)[0].second;
    }
    return result.append(from, text.cend());
}

/// Changes the user's own file, or only shows what it would be.
ExitCode write(Context& context, std::string const& text, std::string const& done)
{
    auto const path = context.configuration().own_file();
    if (context.dry_run()) {
        context.console.note(fmt::format("would write {}:", path.string()));
        context.console.answer(without_passwords(text));
        return ExitCode::ok;
    }
    // A link, as people keep their settings elsewhere, is followed, not replaced.
    base::write_file(fs::weakly_canonical(path), text, 0600);
    context.console.note(done);
    return ExitCode::ok;
}

std::string own_text(Context& context)
{
    return base::read_file(context.configuration().own_file()).value_or("");
}

ExitCode use(Context& context, std::string const& name)
{
    auto const& entry = context.configuration().context(name);
    return write(context, config::with_current(own_text(context), entry.name),
                 fmt::format("\"{}\" is the current context now", entry.name));
}

std::string option_name(std::string const& key)
{
    if (config::find_option(key) != nullptr || key.starts_with("runner.")) {
        return key;
    }
    std::vector<std::string> known{"runner.kind"};
    for (auto const* table : {&config::options(), &config::threshold_options()}) {
        std::ranges::transform(*table, std::back_inserter(known), &config::Option::name);
    }
    throw Error(ExitCode::usage, fmt::format("unknown setting \"{}\"", key),
                fmt::format("A context has {}.{}", fmt::join(known, ", "), base::did_you_mean(key, known)));
}

/// KEY=VALUE words as values by option; a key without a value is to be taken out.
Values changes_of(std::vector<std::string> const& words)
{
    Values changes;
    for (auto const& word : words) {
        auto const equals = word.find('=');
        if (equals == 0 || equals == std::string::npos) {
            throw Error(ExitCode::usage, fmt::format("\"{}\": not of the form KEY=VALUE", word),
                        "Write, for example, node=rabbit1 or heartbeat=30s; KEY= takes a setting out.");
        }
        auto const name = option_name(word.substr(0, equals));
        auto value = word.substr(equals + 1);
        auto const* const option = config::find_option(name);
        if (option != nullptr && option->metavar == "FILE" && !value.empty() && value != "-") {
            value = fs::absolute(value).string(); // in the file it would be relative to that file's folder
        }
        auto& values = changes[name];
        bool const repeated = !values.empty() && (option == nullptr || !option->repeatable);
        if (repeated) {
            throw Error(ExitCode::usage, fmt::format("{}: given twice", name), "Give it once.");
        }
        if (!value.empty()) {
            values.push_back(std::move(value));
        }
    }
    return changes;
}

/// Reads each value as `resolve` does, naming the key alone.
void check(Values const& changes)
{
    for (auto const& [name, values] : changes) {
        if (!values.empty() && name != "key") { // a key is only checked together with its certificate
            config::resolve(
                {{.kind = config::SourceKind::environment, .values = {{name, values}}, .origin = name, .lines = {}}});
        }
    }
}

ExitCode set(Context& context, std::string const& name, std::vector<std::string> const& words)
{
    auto& configuration = context.configuration();
    auto const changes = changes_of(words);
    check(changes);
    auto const& known = configuration.contexts();
    auto const entry = std::ranges::find(known, name, &ContextEntry::name);
    if (entry != known.end() && entry->local) {
        throw Error(ExitCode::usage, fmt::format("context \"{}\": it belongs to a local cluster", name),
                    "Give the new context another name.");
    }
    if (entry != known.end() && entry->path != configuration.own_file().string()) {
        throw Error(ExitCode::usage, fmt::format("context \"{}\": it stands in {}", name, entry->path),
                    fmt::format("Change it there with --config {}, or use another name.", entry->path));
    }
    bool const adds = std::ranges::any_of(changes, [](auto const& change) { return !change.second.empty(); });
    if (entry == known.end() && !adds) {
        configuration.context(name); // throws: there is none to take anything out of
    }
    auto const path = configuration.own_file().string();
    auto const text = config::with_context(own_text(context), path, name, changes);
    auto const file = config::parse_file(text, path, {});
    auto const changed = std::ranges::find(file.contexts, name, &ContextEntry::name);
    config::resolve({changed->source});
    return write(context, text,
                 fmt::format("context \"{}\" {} {}", name, entry == known.end() ? "added to" : "changed in", path));
}

struct Options {
    std::string name;
    std::vector<std::string> words;
};

} // namespace

void add_context(CLI::App& app, Action& chosen)
{
    auto const options = std::make_shared<Options>();
    auto* const context = app.add_subcommand("context", "Name clusters, and choose the one that commands work on");
    context->require_subcommand(1);

    auto* const lister =
        context->add_subcommand("list", "Every context: those of the configuration files and the local clusters");
    set_examples(*lister, {{"rmqha context list", "the current one is marked"}});
    lister->callback([&chosen] { chosen = list; });

    auto* const shower = context->add_subcommand("show", "What a context says; passwords are not shown");
    shower->add_option("name", options->name, "The context (default: the one in force)")->type_name("NAME");
    set_examples(*shower, {{"rmqha context show prod --format json", "for scripts"}});
    shower->callback([&chosen, options] { chosen = [options](Context& c) { return show(c, options->name); }; });

    auto* const user = context->add_subcommand("use", "Make a context the current one");
    user->add_option("name", options->name, "The context")->required()->type_name("NAME");
    set_examples(*user, {{"rmqha context use prod", "from now on, without --context"}});
    user->callback([&chosen, options] { chosen = [options](Context& c) { return use(c, options->name); }; });

    auto* const setter =
        context->add_subcommand("set", "Add a context or change its settings; the file's comments stay");
    setter->add_option("name", options->name, "The context")->required()->type_name("NAME");
    setter->add_option("setting", options->words, "KEY=VALUE; node=HOST may be repeated; KEY= takes a setting out")
        ->required()
        ->type_name("KEY=VALUE");
    set_examples(*setter,
                 {{"rmqha context set prod node=rabbit1 node=rabbit2,weight=2 user=ops", "two nodes, one user"},
                  {"rmqha context set prod thresholds.memory_usage_max=70", "a threshold"},
                  {"rmqha context set prod vhost=", "back to the default"}});
    setter->callback(
        [&chosen, options] { chosen = [options](Context& c) { return set(c, options->name, options->words); }; });
}

} // namespace rmqha::cmd
