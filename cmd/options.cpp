#include "cmd/options.hpp"

#include "base/error.hpp"
#include "base/spelling.hpp"
#include "base/units.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace rmqha::cmd {

namespace {

using Reader = std::function<void(std::string const& option, std::string const& value)>;

// An option whose value goes through `read`, which throws Error(usage) at a wrong one.
CLI::Option* add_read(CLI::App& app, std::string const& names, Reader read, std::string const& help)
{
    // The reader needs the option's name, which there is only once the option has been made.
    auto const name = std::make_shared<std::string>();
    auto* const option = app.add_option_function<std::string>(
        names, [name, read = std::move(read)](std::string const& value) { read(*name, value); }, help);
    *name = option->get_name();
    return option;
}

template <typename T>
CLI::Option* add_duration_to(CLI::App& app, std::string const& names, T& target, std::string const& help)
{
    auto read = [&target](std::string const& option, std::string const& value) {
        auto const duration = base::parse_duration(value);
        if (!duration) {
            throw base::Error(base::ExitCode::usage, fmt::format("{}: \"{}\" is not a duration", option, value),
                              "Durations are written with their unit: 250ms, 3s, 5m, 2h.");
        }
        target = *duration;
    };
    return add_read(app, names, read, help)->type_name("DURATION");
}

} // namespace

CLI::Option* add_duration(CLI::App& app, std::string const& names, base::milliseconds& target, std::string const& help)
{
    return add_duration_to(app, names, target, help);
}

CLI::Option* add_duration(CLI::App& app, std::string const& names, std::optional<base::milliseconds>& target,
                          std::string const& help)
{
    return add_duration_to(app, names, target, help);
}

CLI::Option* add_size(CLI::App& app, std::string const& names, std::optional<std::uint64_t>& target,
                      std::string const& help)
{
    auto read = [&target](std::string const& option, std::string const& value) {
        auto const size = base::parse_size(value);
        if (!size) {
            throw base::Error(base::ExitCode::usage, fmt::format("{}: \"{}\" is not a size", option, value),
                              "Sizes are written in bytes or with a unit: 512, 64KiB, 10MB.");
        }
        target = *size;
    };
    return add_read(app, names, read, help)->type_name("SIZE");
}

CLI::Option* add_number(CLI::App& app, std::string const& names, std::function<void(std::int64_t)> set, Range range,
                        std::string const& help)
{
    auto read = [set = std::move(set), range](std::string const& option, std::string const& value) {
        auto const number = base::parse_integer(value, range.low, range.high);
        if (!number) {
            bool const open = range.high == Range{}.high;
            auto const allowed =
                open ? fmt::format("of at least {}", range.low) : fmt::format("from {} to {}", range.low, range.high);
            throw base::Error(base::ExitCode::usage,
                              fmt::format("{}: \"{}\" is not a whole number {}", option, value, allowed));
        }
        set(*number);
    };
    return add_read(app, names, read, help)->type_name("N");
}

CLI::Option* add_levels(CLI::App& app, std::string const& names, std::optional<config::Levels>& target,
                        config::LevelRange range, std::string const& help)
{
    auto read = [&target, range](std::string const& option, std::string const& value) {
        target = config::parse_levels(value, range);
        if (!target) {
            throw base::Error(base::ExitCode::usage,
                              fmt::format("{}: \"{}\" is not {}", option, value, config::levels_wanted(range)));
        }
    };
    return add_read(app, names, read, help)->type_name("LEVELS");
}

CLI::Option* add_choice_of(CLI::App& app, std::string const& names, std::function<void(std::size_t)> set,
                           std::vector<std::string> const& words, std::string const& help)
{
    auto read = [set = std::move(set), words](std::string const& option, std::string const& value) {
        auto const found = std::find(words.begin(), words.end(), value);
        if (found == words.end()) {
            throw base::Error(
                base::ExitCode::usage, fmt::format("{}: unknown value \"{}\"", option, value),
                fmt::format("It takes one of: {}.{}", fmt::join(words, ", "), base::did_you_mean(value, words)));
        }
        set(static_cast<std::size_t>(found - words.begin()));
    };
    return add_read(app, names, read, help)->type_name(fmt::format("{}", fmt::join(words, "|")));
}

CLI::Option* add_choice(CLI::App& app, std::string const& names, std::string& target,
                        std::vector<std::string> const& words, std::string const& help)
{
    return add_choice_of(
        app, names, [&target, words](std::size_t i) { target = words.at(i); }, words, help);
}

void set_examples(CLI::App& app, std::vector<Example> const& examples)
{
    std::string footer = "Examples:\n";
    for (auto const& example : examples) {
        footer += fmt::format("  {}\n      {}\n", example.line, example.meaning);
    }
    app.footer(footer);
}

} // namespace rmqha::cmd
