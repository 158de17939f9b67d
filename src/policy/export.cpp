#include "policy/export.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <tuple>

namespace rmqha::policy {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

void sort(Exported& exported)
{
    std::ranges::sort(exported.vhosts);
    std::ranges::sort(exported.policies, [](Policy const& a, Policy const& b) {
        return std::tie(a.vhost, a.kind, a.name) < std::tie(b.vhost, b.kind, b.name);
    });
}

/// JSON's strings are TOML's, but for DEL, which TOML wants escaped.
std::string toml_text(json const& value)
{
    auto text = value.dump(-1, ' ', false, json::error_handler_t::replace);
    for (auto at = text.find('\x7f'); at != std::string::npos; at = text.find('\x7f', at)) {
        text.replace(at, 1, "\\u007F");
    }
    return text;
}

std::string toml_key(std::string const& key)
{
    bool const bare = !key.empty() && std::ranges::all_of(key, [](unsigned char c) {
        return c < 0x80 && (std::isalnum(c) != 0 || c == '-' || c == '_');
    });
    return bare ? key : toml_text(key);
}

std::string toml_value(json const& value)
{
    std::vector<std::string> parts;
    if (value.is_array()) {
        for (auto const& item : value) {
            parts.push_back(toml_value(item));
        }
        return fmt::format("[{}]", fmt::join(parts, ", "));
    }
    if (value.is_object()) {
        for (auto const& [key, item] : value.items()) {
            parts.push_back(fmt::format("{} = {}", toml_key(key), toml_value(item)));
        }
        return fmt::format("{{ {} }}", fmt::join(parts, ", "));
    }
    return toml_text(value);
}

ordered_json definition_of(Policy const& policy)
{
    auto definition = ordered_json::object();
    for (auto const& [key, value] : policy.definition) {
        definition[key] = ordered_json::parse(value);
    }
    return definition;
}

} // namespace

ordered_json number_json(double number)
{
    constexpr double k_exact = 1e15; // up to here every whole number is one
    bool const whole = number > -k_exact && number < k_exact && std::trunc(number) == number;
    return whole ? ordered_json(static_cast<std::int64_t>(number)) : ordered_json(number);
}

std::string to_toml(Exported exported)
{
    sort(exported);
    std::string text = fmt::format("# The vhosts this file speaks for: --prune deletes what else they have.\n"
                                   "vhosts = {}\n",
                                   toml_value(exported.vhosts));
    for (auto const& one : exported.policies) {
        text += fmt::format("\n[[policies]]\nname = {}\nvhost = {}\n", toml_text(one.name), toml_text(one.vhost));
        if (one.kind == PolicyKind::operator_policy) {
            text += "operator = true\n";
        }
        text += fmt::format("pattern = {}\napply_to = {}\npriority = {}\n[policies.definition]\n",
                            toml_text(one.pattern), toml_text(one.apply_to), number_json(one.priority).dump());
        for (auto const& [key, value] : one.definition) {
            text += fmt::format("{} = {}\n", toml_key(key), toml_value(json::parse(value)));
        }
    }
    return text;
}

ordered_json to_definitions(Exported exported)
{
    sort(exported);
    ordered_json root{
        {"vhosts", ordered_json::array()}, {"policies", ordered_json::array()}, {"parameters", ordered_json::array()}};
    for (auto const& vhost : exported.vhosts) {
        root["vhosts"].push_back({{"name", vhost}});
    }
    for (auto const& one : exported.policies) {
        ordered_json content{{"pattern", one.pattern},
                             {"apply-to", one.apply_to},
                             {"priority", number_json(one.priority)},
                             {"definition", definition_of(one)}};
        if (one.kind == PolicyKind::policy) {
            ordered_json entry{{"vhost", one.vhost}, {"name", one.name}};
            entry.update(content);
            root["policies"].push_back(std::move(entry));
        } else {
            root["parameters"].push_back(
                {{"vhost", one.vhost}, {"component", "operator_policy"}, {"name", one.name}, {"value", content}});
        }
    }
    return root;
}

} // namespace rmqha::policy
