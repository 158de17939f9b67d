#include "config/configuration.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/spelling.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

namespace rmqha::config {

namespace fs = std::filesystem;
using base::Error;
using base::ExitCode;

namespace {

bool names_nodes(Values const& values)
{
    return values.contains("node") || values.contains("uri");
}

Source environment_source(Environment const& environment)
{
    Source source{.kind = SourceKind::environment, .values = {}, .origin = {}, .lines = {}};
    for (auto const* table : {&options(), &threshold_options()}) {
        for (auto const& option : *table) {
            if (auto value = environment(variable_name(option.name))) {
                source.values[option.name] = {std::move(*value)};
            }
        }
    }
    return source;
}

/// What a local cluster's file says; nothing when it vanished meanwhile. One bad file must not stop commands that do
/// not use it, `cluster down` of that very cluster among them, so its problem is kept.
std::optional<ContextEntry> local_context(fs::path const& path, std::string const& name)
{
    try {
        auto const text = base::read_file(path);
        return text ? std::optional(parse_context(*text, path.string(), name)) : std::nullopt;
    } catch (Error const& error) {
        return ContextEntry{.name = name,
                            .path = path.string(),
                            .local = true,
                            .source = {.kind = SourceKind::file, .values = {}, .origin = path.string(), .lines = {}},
                            .commands = {},
                            .problem = error};
    }
}

/// Newest first, so that the first is the one last made.
std::vector<ContextEntry> local_clusters(fs::path const& folder)
{
    struct Made {
        fs::file_time_type time;
        ContextEntry entry;
    };
    std::vector<Made> made;
    std::error_code error;
    for (fs::directory_iterator at(folder, error); !error && at != fs::directory_iterator(); at.increment(error)) {
        auto const path = at->path() / "context.toml";
        std::error_code gone;
        auto const time = fs::last_write_time(path, gone);
        auto entry = gone ? std::nullopt : local_context(path, at->path().filename().string());
        if (entry) {
            made.push_back({time, std::move(*entry)});
        }
    }
    std::ranges::sort(made, [](Made const& a, Made const& b) {
        return a.time != b.time ? a.time > b.time : a.entry.name < b.entry.name;
    });
    std::vector<ContextEntry> entries;
    entries.reserve(made.size());
    for (auto& one : made) {
        entries.push_back(std::move(one.entry));
    }
    return entries;
}

std::optional<Found> found_in(CommandSources const& commands, std::string const& command, std::string const& option)
{
    auto const source = commands.find(command);
    if (source == commands.end() || !source->second.values.contains(option)) {
        return std::nullopt;
    }
    return Found{source->second.values.at(option), place(source->second, option), SourceKind::file};
}

} // namespace

Places find_places(std::string const& file, Environment const& environment)
{
    Places places{.files = {}, .clusters = base::state_home() / "clusters"};
    auto const named = file.empty() ? environment("RMQHA_CONFIG") : std::optional(file);
    if (named) {
        places.files = {*named};
        places.required = true;
    } else {
        places.files = {base::config_home() / "config.toml", "/etc/rmqha/config.toml"};
    }
    return places;
}

Configuration::Configuration(Inputs inputs) : m_inputs(std::move(inputs)) {}

std::vector<File> const& Configuration::files()
{
    if (!m_files) {
        std::vector<File> files;
        for (auto const& path : m_inputs.places.files) {
            auto const text = base::read_file(path);
            if (text) {
                files.push_back(parse_file(*text, path.string(), m_inputs.commands));
            } else if (m_inputs.places.required) {
                throw Error(ExitCode::config, fmt::format("cannot read {}: no such file", path.string()),
                            "Check --config and RMQHA_CONFIG; an empty file will do to begin with.");
            }
        }
        m_files = std::move(files);
    }
    return *m_files;
}

std::vector<ContextEntry> const& Configuration::contexts()
{
    if (!m_contexts) {
        std::vector<ContextEntry> entries;
        auto const add = [&](ContextEntry const& entry) {
            if (std::ranges::find(entries, entry.name, &ContextEntry::name) == entries.end()) {
                entries.push_back(entry);
            }
        };
        for (auto const& file : files()) {
            std::ranges::for_each(file.contexts, add);
        }
        std::ranges::for_each(local_clusters(m_inputs.places.clusters), add);
        m_contexts = std::move(entries);
    }
    return *m_contexts;
}

Configuration::Choice const& Configuration::choice()
{
    if (m_choice) {
        return *m_choice;
    }
    bool const node_flags = names_nodes(m_inputs.flags);
    bool const node_variables = names_nodes(environment_source(m_inputs.environment).values);
    Choice choice;
    if (!m_inputs.context.empty()) {
        choice = {m_inputs.context, "--context", SourceKind::flag};
    } else if (node_flags) {
        choice = {};
    } else if (auto const variable = m_inputs.environment("RMQHA_CONTEXT")) {
        choice = {*variable, "RMQHA_CONTEXT", SourceKind::environment};
    } else if (!node_variables) {
        auto const& all = files();
        auto const file = std::ranges::find_if(all, [](File const& one) { return !one.current.empty(); });
        auto const local = std::ranges::find_if(contexts(), &ContextEntry::local);
        if (file != all.end()) {
            choice = {file->current, fmt::format("{}:{}: current", file->path, file->current_line), SourceKind::file};
        } else if (local != contexts().end()) {
            choice = {local->name, local->path, SourceKind::file};
        }
    }
    m_choice = std::move(choice);
    return *m_choice;
}

ContextEntry const* Configuration::context()
{
    auto const found = std::ranges::find(contexts(), choice().name, &ContextEntry::name);
    return choice().name.empty() || found == contexts().end() ? nullptr : &*found;
}

ContextEntry const& Configuration::context(std::string const& name)
{
    auto const found = std::ranges::find(contexts(), name, &ContextEntry::name);
    if (found == contexts().end()) {
        throw Error(ExitCode::config, fmt::format("context \"{}\": there is none of that name", name), hint_for(name));
    }
    return *found;
}

std::string Configuration::hint_for(std::string const& unknown)
{
    std::vector<std::string> names;
    std::ranges::transform(contexts(), std::back_inserter(names), &ContextEntry::name);
    return names.empty() ? "There are no contexts yet; make one with `rmqha context set`."
                         : fmt::format("See `rmqha context list`.{}", base::did_you_mean(unknown, names));
}

std::vector<Source> Configuration::sources()
{
    std::vector<Source> sources;
    sources.push_back({.kind = SourceKind::flag, .values = m_inputs.flags, .origin = {}, .lines = {}});
    sources.push_back(environment_source(m_inputs.environment));
    auto const& chosen = choice();
    if (chosen.kind == SourceKind::flag && !chosen.name.empty()) {
        sources.back().values.erase("node");
        sources.back().values.erase("uri");
    }
    if (!chosen.name.empty()) {
        auto const* const entry = context();
        if (entry == nullptr) {
            throw Error(chosen.kind == SourceKind::file ? ExitCode::config : ExitCode::usage,
                        fmt::format("{}: there is no context \"{}\"", chosen.place, chosen.name),
                        hint_for(chosen.name));
        }
        if (entry->problem) {
            throw Error(*entry->problem);
        }
        sources.push_back(entry->source);
        if (std::ranges::none_of(sources, [](Source const& one) { return names_nodes(one.values); })) {
            throw Error(ExitCode::config, fmt::format("context \"{}\": it names no node", chosen.name),
                        fmt::format("Add one with `rmqha context set {} node=HOST`, or give --node.", chosen.name));
        }
    } else if (auto const url = m_inputs.environment("AMQP_URL")) {
        sources.push_back(
            {.kind = SourceKind::environment, .values = {{"uri", {*url}}}, .origin = "AMQP_URL", .lines = {}});
    }
    return sources;
}

Settings const& Configuration::settings()
{
    if (!m_settings) {
        auto settings = resolve(sources());
        settings.context = choice().name;
        m_settings = std::move(settings);
    }
    return *m_settings;
}

std::optional<base::milliseconds> Configuration::deadline()
{
    std::vector<Source> sources{
        {.kind = SourceKind::flag, .values = m_inputs.flags, .origin = {}, .lines = {}},
        environment_source(m_inputs.environment),
    };
    if (auto const* const entry = context()) {
        sources.push_back(entry->source);
    }
    for (auto& source : sources) {
        std::erase_if(source.values, [](auto const& value) { return value.first != "deadline"; });
    }
    return resolve(sources).deadline;
}

std::optional<Found> Configuration::command_option(std::string const& command, std::string const& option)
{
    auto const variable = variable_name(command.empty() ? option : command + "." + option);
    if (auto value = m_inputs.environment(variable)) {
        return Found{{std::move(*value)}, variable, SourceKind::environment};
    }
    if (auto const* const entry = context()) {
        if (auto found = found_in(entry->commands, command, option)) {
            return found;
        }
    }
    for (auto const& file : files()) {
        if (auto found = found_in(file.commands, command, option)) {
            return found;
        }
    }
    return std::nullopt;
}

} // namespace rmqha::config
