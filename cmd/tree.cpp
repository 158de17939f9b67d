#include "cmd/tree.hpp"

#include "base/error.hpp"
#include "base/file.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>

namespace rmqha::cmd {

namespace {

using base::Error;
using base::ExitCode;

void visit(CLI::App& app, std::function<void(CLI::App&)> const& action)
{
    action(app);
    for (auto* const sub : app.get_subcommands({})) {
        visit(*sub, action);
    }
}

bool is_set(CLI::Option const& option)
{
    return option.count() > 0;
}

// While it lives, no option is required; positional arguments stay so, as nothing else can give them.
class NothingRequired {
public:
    explicit NothingRequired(CLI::App& root)
    {
        visit(root, [this](CLI::App& app) {
            for (auto* const option : app.get_options()) {
                if (option->get_required() && !option->get_positional()) {
                    option->required(false);
                    m_options.push_back(option);
                }
            }
        });
    }
    NothingRequired(NothingRequired const&) = delete;
    NothingRequired& operator=(NothingRequired const&) = delete;
    ~NothingRequired()
    {
        for (auto* const option : m_options) {
            option->required(true);
        }
    }

private:
    std::vector<CLI::Option*> m_options;
};

// A variable holds several values of a repeatable option apart by line ends, if it has any, else by blanks.
std::vector<std::string> values_for(CLI::Option const& option, config::Found const& found)
{
    if (found.kind != config::SourceKind::environment || option.get_items_expected_max() <= 1) {
        return found.values;
    }
    std::vector<std::string> values;
    for (auto const& text : found.values) {
        bool const lines = text.find('\n') != std::string::npos;
        for (auto& value : CLI::detail::split(text, lines ? '\n' : ' ')) {
            if (!value.empty()) {
                values.push_back(std::move(value));
            }
        }
    }
    return values;
}

// Options name themselves in their errors; here the place that gave the value is to blame.
void give(CLI::Option& option, config::Found const& found)
{
    auto const code = found.kind == config::SourceKind::file ? ExitCode::config : ExitCode::usage;
    try {
        option.add_result(values_for(option, found));
        option.run_callback();
    } catch (Error const& error) {
        std::string message = error.what();
        auto const own_name = option.get_name() + ": ";
        if (message.starts_with(own_name)) {
            message.erase(0, own_name.size());
        }
        throw Error(code, found.place + ": " + message, error.hint());
    } catch (CLI::ParseError const&) {
        throw Error(code, fmt::format("{}: \"{}\" is not what {} takes", found.place, fmt::join(found.values, " "),
                                      option.get_name()));
    }
}

// What is said for an option of all commands. The connection options and --context are the configuration's own
// business. What changes things, --yes above all, is said anew each time, never by a file.
std::optional<config::Found> found_for_all(CLI::Option const& option, config::Configuration& configuration)
{
    auto const key = key_of(option);
    if (option.get_group() != k_output_group && option.get_group() != k_changes_group) {
        return std::nullopt;
    }
    auto const variable = config::variable_name(key);
    if (auto const value = base::environment(variable.c_str())) {
        return config::Found{{*value}, variable, config::SourceKind::environment};
    }
    return option.get_group() == k_output_group ? configuration.command_option(k_output_table, key) : std::nullopt;
}

// Another program's options must not be taken for ours, nor a surplus word for a program.
void check_command_line(CLI::App& root, int argc, char const* const* argv)
{
    auto const chain = chosen_commands(root);
    auto const options = chain.empty() ? std::vector<CLI::Option*>{} : chain.back()->get_options();
    auto const option = std::find_if(options.begin(), options.end(),
                                     [](auto const* one) { return one->get_type_name() == k_command_line; });
    if (option == options.end()) {
        return;
    }
    std::vector<std::string> const words(argv + 1, argv + argc);
    auto const mark = std::find(words.begin(), words.end(), "--");
    std::vector<std::string> const behind(mark == words.end() ? mark : mark + 1, words.end());
    auto const& taken = (*option)->results();
    if (mark != words.end() && behind.empty()) {
        throw Error(ExitCode::usage, "no command behind \"--\"");
    }
    if (taken.size() > behind.size()) {
        throw Error(ExitCode::usage, fmt::format("unexpected argument \"{}\"", taken.front()),
                    "A command to run stands behind \"--\".");
    }
    if (taken.size() < behind.size()) {
        throw Error(ExitCode::usage, fmt::format("{}: an argument is missing before \"--\"", chain.back()->get_name()),
                    fmt::format("\"rmqha {} --help\" tells what the command takes.", chain.back()->get_name()));
    }
}

} // namespace

std::string path_of(CLI::App const& app)
{
    auto const* const parent = app.get_parent();
    if (parent == nullptr) {
        return {};
    }
    auto const above = path_of(*parent);
    return app.get_name().empty() || above.empty() ? above + app.get_name() : above + "." + app.get_name();
}

std::string key_of(CLI::Option const& option)
{
    auto key = option.get_lnames().empty() ? option.get_name() : option.get_lnames().front();
    std::replace(key.begin(), key.end(), '-', '_');
    return key;
}

std::vector<CLI::Option*> settable_options(CLI::App& app)
{
    auto options = app.get_options([&app](CLI::Option const* option) {
        return option->nonpositional() && !option->get_lnames().empty() && option->get_configurable() &&
               option != app.get_help_ptr();
    });
    for (auto* const group : app.get_subcommands({})) {
        if (group->get_name().empty()) {
            auto const inner = settable_options(*group);
            options.insert(options.end(), inner.begin(), inner.end());
        }
    }
    return options;
}

std::vector<CLI::App*> chosen_commands(CLI::App& root)
{
    std::vector<CLI::App*> chain;
    for (auto given = root.get_subcommands(); !given.empty(); given = given.back()->get_subcommands()) {
        chain.push_back(given.back());
    }
    return chain;
}

config::Vocabulary vocabulary_of(CLI::App& root)
{
    config::Vocabulary vocabulary;
    visit(root, [&vocabulary, &root](CLI::App& app) {
        if (app.get_name().empty() || app.get_group().empty()) {
            return; // an option group, or a hidden command
        }
        auto& keys = vocabulary[&app == &root ? k_output_table : path_of(app)];
        for (auto const* const option : settable_options(app)) {
            if (&app != &root || option->get_group() == k_output_group) {
                keys.push_back(key_of(*option));
            }
        }
    });
    return vocabulary;
}

void normalise(CLI::App& root)
{
    visit(root, [](CLI::App& app) {
        for (auto* const option : app.get_options()) {
            if (option->get_positional() || option->get_items_expected_max() == 0) {
                continue;
            }
            if (option->get_items_expected_max() == 1) {
                option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
            } else {
                option->allow_extra_args(false);
            }
        }
    });
}

void parse(CLI::App& root, int argc, char const* const* argv)
{
    NothingRequired const for_now(root);
    root.parse(argc, argv);
    check_command_line(root, argc, argv);
}

void fill_in(CLI::App& root, config::Configuration& configuration)
{
    for (auto* const app : chosen_commands(root)) {
        for (auto* const own : settable_options(*app)) {
            auto const* const shared = root.get_option_no_throw(own->get_name());
            if (shared != nullptr && is_set(*shared) && !is_set(*own)) {
                give(*own, {shared->results(), own->get_name(), config::SourceKind::flag});
            }
        }
    }
    for (auto* const option : settable_options(root)) {
        if (!is_set(*option)) {
            if (auto const found = found_for_all(*option, configuration)) {
                give(*option, *found);
            }
        }
    }
    for (auto* const app : chosen_commands(root)) {
        for (auto* const option : settable_options(*app)) {
            auto const& rivals = option->get_excludes();
            if (is_set(*option) || std::any_of(rivals.begin(), rivals.end(), [](auto* o) { return is_set(*o); })) {
                continue;
            }
            if (auto const found = configuration.command_option(path_of(*app), key_of(*option))) {
                give(*option, *found);
            } else if (option->get_required()) {
                throw Error(
                    ExitCode::usage, option->get_name() + ": required and not given",
                    fmt::format("Give it, or set {}.", config::variable_name(path_of(*app) + "." + key_of(*option))));
            }
        }
    }
}

} // namespace rmqha::cmd
