// The part of tree.hpp that puts wrong usage into words.

#include "cmd/tree.hpp"

#include "base/error.hpp"
#include "base/spelling.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace rmqha::cmd {

namespace {

using base::Error;
using base::ExitCode;

bool is_option(std::string const& word)
{
    return word.size() > 1 && word.front() == '-' && word != "--";
}

// What is typed to get help on the command.
std::string help_of(CLI::App const& app)
{
    auto line = "rmqha " + path_of(app);
    std::replace(line.begin(), line.end(), '.', ' ');
    return line + (line.ends_with(' ') ? "--help" : " --help");
}

std::vector<std::string> command_names(CLI::App& app)
{
    std::vector<std::string> names;
    for (auto const* const sub : app.get_subcommands({})) {
        if (!sub->get_name().empty() && !sub->get_group().empty()) {
            names.push_back(sub->get_name());
        }
    }
    return names;
}

CLI::App& innermost(CLI::App& root)
{
    auto const chain = chosen_commands(root);
    return chain.empty() ? root : *chain.back();
}

// "--name" or "-x" alone: what follows "=" or a short option's letter could be a secret.
std::string without_value(std::string const& word)
{
    return word.starts_with("--") ? word.substr(0, word.find('=')) : word.substr(0, 2);
}

Error unknown_option(CLI::App& root, std::string const& name)
{
    if (name == "--password" || name == "--pass" || name == "--passwd") {
        return {ExitCode::usage, name + ": a password on the command line could be read by every user of the machine",
                "Give it with --password-file, --password-command or the variable RMQHA_PASSWORD, or be asked."};
    }
    auto& command = innermost(root);
    std::vector<std::string> known;
    for (auto* app = &command; app != nullptr; app = app->get_parent()) {
        for (auto const* const option : app->get_options()) {
            for (auto const& long_name : option->get_lnames()) {
                known.push_back("--" + long_name);
            }
        }
        for (auto* const option : settable_options(*app)) {
            known.push_back("--" + option->get_lnames().front());
        }
    }
    return {ExitCode::usage, fmt::format("unknown option \"{}\"", name),
            fmt::format("\"{}\" lists the options.{}", help_of(command), base::did_you_mean(name, known))};
}

Error unknown_command(CLI::App& app, std::string const& word)
{
    auto const names = command_names(app);
    return {ExitCode::usage, fmt::format("unknown command \"{}\"", word),
            fmt::format("It is one of: {}.{}", fmt::join(names, ", "), base::did_you_mean(word, names))};
}

Error unknown_word(CLI::App& root, std::string const& word)
{
    if (is_option(word)) {
        return unknown_option(root, without_value(word));
    }
    auto& command = innermost(root);
    if (!command_names(command).empty()) {
        return unknown_command(command, word);
    }
    return {ExitCode::usage, fmt::format("unexpected argument \"{}\"", word),
            fmt::format("\"{}\" tells what the command takes.", help_of(command))};
}

// CLI11's sentence about one option, made ours: "--count: 1 required INT missing".
std::string sentence(CLI::ParseError const& error)
{
    std::string text = error.what();
    auto const replace = [&text](std::string const& from, std::string const& to) {
        if (auto const at = text.find(from); at != std::string::npos) {
            text.replace(at, from.size(), to);
        }
    };
    if (error.get_name() == "ArgumentMismatch" && text.ends_with("missing")) {
        return text.substr(0, text.find(':')) + ": a value is missing";
    }
    replace(" excludes ", " cannot be given together with ");
    replace(" requires ", " needs ");
    if (text.starts_with("Could not convert: ")) {
        text.erase(0, text.find(": ") + 2);
        replace(" = ", ": cannot read \"");
        text += "\"";
    }
    text.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(text.front())));
    return text;
}

} // namespace

bool names_unknown_command(CLI::App& root)
{
    auto const rest = root.remaining(true);
    return !rest.empty() && !is_option(rest.front()) && !command_names(innermost(root)).empty();
}

Error usage_error(CLI::App& root, CLI::ParseError const& error)
{
    if (auto const rest = root.remaining(true); !rest.empty()) {
        return unknown_word(root, rest.front());
    }
    auto& command = innermost(root);
    if (error.get_name() == "RequiredError") {
        if (auto const names = command_names(command); !names.empty()) {
            return {ExitCode::usage, &command == &root ? "no command given" : command.get_name() + ": no command given",
                    fmt::format("It is one of: {}; \"{}\" tells more.", fmt::join(names, ", "), help_of(command))};
        }
        for (auto const* const option : command.get_options()) {
            if (option->get_positional() && option->get_required() && option->count() == 0) {
                auto name = option->get_name(true, false);
                std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::toupper(c); });
                return {ExitCode::usage, fmt::format("{}: the argument {} is missing", command.get_name(), name),
                        fmt::format("\"{}\" tells what the command takes.", help_of(command))};
            }
        }
    }
    return {ExitCode::usage, sentence(error), fmt::format("\"{}\" tells what the command takes.", help_of(command))};
}

} // namespace rmqha::cmd
