#include "cmd/help.hpp"

#include "cmd/tree.hpp"

#include "output/text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace rmqha::cmd {

namespace {

constexpr int k_width = 80;
constexpr int k_name_column = 30;
constexpr int k_command_column = 16;

// Breaks text into lines that fit; line ends in the text stay.
std::vector<std::string> wrapped(std::string const& text, int width)
{
    std::vector<std::string> lines;
    std::istringstream paragraphs(text);
    for (std::string paragraph; std::getline(paragraphs, paragraph);) {
        lines.emplace_back();
        std::istringstream words(paragraph);
        for (std::string word; words >> word;) {
            auto& line = lines.back();
            if (line.empty()) {
                line = word;
            } else if (output::display_width(line) + 1 + output::display_width(word) <= width) {
                line += " " + word;
            } else {
                lines.push_back(word);
            }
        }
    }
    return lines;
}

std::string paragraph(std::string const& text)
{
    return fmt::format("{}\n", fmt::join(wrapped(text, k_width), "\n"));
}

std::string capitalised(std::string text)
{
    if (!text.empty()) {
        text.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
    }
    return text;
}

// "  name   description", the description in a column of its own, below the name when that is too long.
std::string entry(std::string const& name, std::string const& description, int column)
{
    std::string result = "  " + name;
    bool fits = output::display_width(result) + 2 <= column;
    for (auto const& line : wrapped(capitalised(description), k_width - column)) {
        result += fits ? std::string(static_cast<std::size_t>(column - output::display_width(result)), ' ') + line
                       : "\n" + std::string(static_cast<std::size_t>(column), ' ') + line;
        fits = false;
    }
    return result + "\n";
}

std::string upper(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
    return text;
}

bool takes_several(CLI::Option const& option)
{
    return option.get_items_expected_max() > 1;
}

std::string name_of(CLI::Option const& option)
{
    if (option.get_positional()) {
        auto const name =
            option.get_type_name() == k_command_line ? option.get_type_name() : upper(option.get_name(true, false));
        return name + (takes_several(option) ? "..." : "");
    }
    // "-q, --quiet"; a lone long name stands where the others' long names stand.
    auto const names = option.get_name(false, true);
    auto const comma = names.find(',');
    auto result = comma == std::string::npos ? (names.starts_with("--") ? "    " : "") + names
                                             : names.substr(0, comma) + ", " + names.substr(comma + 1);
    if (option.get_type_size() != 0 && !option.get_type_name().empty()) {
        result += " " + option.get_type_name();
    }
    return result;
}

std::string description_of(CLI::Option const& option)
{
    auto result = option.get_description();
    if (!option.get_default_str().empty()) {
        result += fmt::format(" (default {})", option.get_default_str());
    }
    if (option.get_required() && !option.get_positional()) {
        result += " (required)";
    }
    return result;
}

class Layout : public CLI::Formatter {
public:
    std::string make_help(CLI::App const* app, std::string name, CLI::AppFormatMode /*mode*/) const override
    {
        auto text = paragraph(app->get_description()) + "\n" + make_usage(app, std::move(name));
        text += commands(*app) + arguments(*app);
        add_groups(*app, text);
        if (app->get_parent() != nullptr) {
            text += "\n" + paragraph("Nodes, credentials, TLS, output and what else every command takes: "
                                     "\"rmqha --help\".");
        }
        if (!app->get_footer().empty()) {
            text += "\n" + app->get_footer();
        }
        return text;
    }

    std::string make_option_name(CLI::Option const* option, bool is_positional) const override
    {
        if (is_positional && option->get_type_name() == k_command_line) {
            return k_command_line;
        }
        return is_positional ? upper(option->get_name(true, false)) : name_of(*option);
    }

private:
    static std::string commands(CLI::App const& app)
    {
        std::string text;
        for (auto const* const sub : app.get_subcommands({})) {
            if (!sub->get_name().empty() && !sub->get_group().empty()) {
                auto const description = sub->get_description();
                text += entry(sub->get_name(), description.substr(0, description.find('\n')), k_command_column);
            }
        }
        return text.empty() ? text : "\nCommands:\n" + text;
    }

    static std::string arguments(CLI::App const& app)
    {
        std::string text;
        for (auto const* const option : app.get_options()) {
            if (option->get_positional() && !option->get_group().empty()) {
                text += entry(name_of(*option), description_of(*option), k_command_column);
            }
        }
        return text.empty() ? text : "\nArguments:\n" + text;
    }

    // Options by heading, those of unnamed option groups under the group's own description.
    static void add_groups(CLI::App const& app, std::string& text)
    {
        for (auto const& group : app.get_groups()) {
            std::string entries;
            for (auto const* const option : app.get_options()) {
                if (option->get_group() == group && option->nonpositional()) {
                    entries += entry(name_of(*option), description_of(*option), k_name_column);
                }
            }
            if (!group.empty() && !entries.empty()) {
                text += "\n" + group + ":\n" + entries;
            }
        }
        for (auto const* const sub : app.get_subcommands({})) {
            if (sub->get_name().empty()) {
                add_groups(*sub, text);
            }
        }
    }
};

} // namespace

void use_help_layout(CLI::App& app)
{
    auto const layout = std::make_shared<Layout>();
    layout->label("SUBCOMMAND", "COMMAND");
    app.formatter(layout);
}

} // namespace rmqha::cmd
