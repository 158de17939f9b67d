#pragma once

#include "base/clock.hpp"
#include "config/levels.hpp"

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace CLI {
class App;
class Option;
} // namespace CLI

namespace rmqha::cmd {

// Options with checked values. `names` is written as CLI11 has it: "-c,--count", or "count" for an argument. A value
// that cannot be is an Error(usage) naming option, value and what is allowed. The target is untouched when nothing is
// given, and must live as long as the app: keep it in the command's shared_ptr'd struct.

/// DURATION: 250ms, 3s, 5m.
CLI::Option* add_duration(CLI::App& app, std::string const& names, base::milliseconds& target, std::string const& help);
CLI::Option* add_duration(CLI::App& app, std::string const& names, std::optional<base::milliseconds>& target,
                          std::string const& help);

/// SIZE in bytes: 512, 64KiB, 10MB.
CLI::Option* add_size(CLI::App& app, std::string const& names, std::optional<std::uint64_t>& target,
                      std::string const& help);

/// What a number may be, both ends included.
struct Range {
    std::int64_t low = 0;
    std::int64_t high = std::numeric_limits<std::int64_t>::max();
};

/// N: a whole number within the range.
CLI::Option* add_number(CLI::App& app, std::string const& names, std::function<void(std::int64_t)> set, Range range,
                        std::string const& help);

/// The same into any integer that holds the range, or an optional of one.
template <typename T>
CLI::Option* add_number(CLI::App& app, std::string const& names, T& target, Range range, std::string const& help)
{
    return add_number(app, names, std::function<void(std::int64_t)>([&target](std::int64_t n) {
                          if constexpr (requires { typename T::value_type; }) {
                              target = static_cast<typename T::value_type>(n);
                          } else {
                              target = static_cast<T>(n);
                          }
                      }),
                      range, help);
}

/// LEVELS: one number, from which on there is a warning, or two, "85,95", the second from which on it is critical.
CLI::Option* add_levels(CLI::App& app, std::string const& names, std::optional<config::Levels>& target,
                        config::LevelRange range, std::string const& help);

/// One of several words; they make the metavariable ("quorum|classic") and what completion offers.
CLI::Option* add_choice(CLI::App& app, std::string const& names, std::string& target,
                        std::vector<std::string> const& words, std::string const& help);

/// The same for an enum, or an optional of one.
template <typename E, typename Target>
CLI::Option* add_choice(CLI::App& app, std::string const& names, Target& target,
                        std::vector<std::pair<std::string, E>> const& choices, std::string const& help);

/// Examples at the end of the command's --help: what is typed, and in words what it does.
struct Example {
    std::string line;
    std::string meaning;
};
void set_examples(CLI::App& app, std::vector<Example> const& examples);

// --- implementation of the template above ---

/// The place of the chosen word in `words` goes to `set`.
CLI::Option* add_choice_of(CLI::App& app, std::string const& names, std::function<void(std::size_t)> set,
                           std::vector<std::string> const& words, std::string const& help);

template <typename E, typename Target>
CLI::Option* add_choice(CLI::App& app, std::string const& names, Target& target,
                        std::vector<std::pair<std::string, E>> const& choices, std::string const& help)
{
    std::vector<std::string> words;
    std::vector<E> values;
    for (auto const& [word, value] : choices) {
        words.push_back(word);
        values.push_back(value);
    }
    return add_choice_of(
        app, names, [&target, values](std::size_t i) { target = values.at(i); }, words, help);
}

} // namespace rmqha::cmd
