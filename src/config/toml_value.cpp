#include "config/toml_value.hpp"

#include <fmt/format.h>

namespace rmqha::config {

std::string_view type_name(toml::node const& node)
{
    switch (node.type()) {
    case toml::node_type::table:
        return "a table";
    case toml::node_type::array:
        return "an array";
    case toml::node_type::string:
        return "a string";
    case toml::node_type::integer:
        return "an integer";
    case toml::node_type::floating_point:
        return "a number with a fraction";
    case toml::node_type::boolean:
        return "a boolean";
    default:
        return "a date or time";
    }
}

std::optional<std::string> scalar_text(toml::node const& node)
{
    if (auto const* const text = node.as_string()) {
        return text->get();
    }
    if (auto const* const number = node.as_integer()) {
        return std::to_string(number->get());
    }
    if (auto const* const number = node.as_floating_point()) {
        return fmt::format("{}", number->get());
    }
    if (auto const* const boolean = node.as_boolean()) {
        return boolean->get() ? "true" : "false";
    }
    return std::nullopt;
}

std::string_view wanted(OptionType type)
{
    switch (type) {
    case OptionType::number:
        return "a whole number, without quotes";
    case OptionType::levels:
        return "a whole number, without quotes, or a string of two, such as \"85,95\"";
    case OptionType::toggle:
        return "true or false, without quotes";
    case OptionType::duration:
        return "a string with its unit, such as \"30s\"";
    case OptionType::text:
        break;
    }
    return "a string";
}

bool fits(toml::node const& node, OptionType type)
{
    if (type == OptionType::levels && node.is_string()) {
        return node.as_string()->get().find(',') != std::string::npos;
    }
    return type == OptionType::number || type == OptionType::levels ? node.is_integer()
           : type == OptionType::toggle                             ? node.is_boolean()
                                                                    : node.is_string();
}

} // namespace rmqha::config
