#pragma once

#include "config/option.hpp"

#include <toml++/toml.h>

#include <optional>
#include <string>
#include <string_view>

namespace rmqha::config {

/// "a table", "an integer": for messages.
std::string_view type_name(toml::node const& node);

/// The one word or figure of a value; nothing when it is a table, an array or a date.
std::optional<std::string> scalar_text(toml::node const& node);

/// What an option of this type must be in a file, for messages: "a whole number, without quotes".
std::string_view wanted(OptionType type);

/// Whether the value has the form that wanted() tells.
bool fits(toml::node const& node, OptionType type);

} // namespace rmqha::config
