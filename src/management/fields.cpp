#include "management/fields.hpp"

#include <nlohmann/json.hpp>

namespace rmqha::management {

using nlohmann::json;

json const* member(json const& object, char const* key)
{
    if (!object.is_object()) {
        return nullptr;
    }
    auto const found = object.find(key);
    return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::string text(json const& object, char const* key)
{
    json const* value = member(object, key);
    return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

std::optional<std::uint64_t> number(json const& object, char const* key)
{
    json const* value = member(object, key);
    if (value == nullptr || !value->is_number() || value->get<double>() < 0) {
        return std::nullopt; // "not_available", "undefined", ...
    }
    return value->is_number_float() ? static_cast<std::uint64_t>(value->get<double>()) : value->get<std::uint64_t>();
}

std::optional<int> small_number(json const& object, char const* key)
{
    auto const value = number(object, key);
    return value && *value < 1'000'000 ? std::optional(static_cast<int>(*value)) : std::nullopt;
}

std::optional<bool> truth(json const& object, char const* key)
{
    json const* value = member(object, key);
    return value != nullptr && value->is_boolean() ? std::optional(value->get<bool>()) : std::nullopt;
}

std::optional<std::vector<std::string>> texts(json const& object, char const* key)
{
    json const* value = member(object, key);
    if (value == nullptr || !value->is_array()) {
        return std::nullopt;
    }
    std::vector<std::string> list;
    for (json const& item : *value) {
        if (item.is_string()) {
            list.push_back(item.get<std::string>());
        }
    }
    return list;
}

Problem unreadable(char const* wanted)
{
    return {Problem::Kind::unreadable, std::string("the answer is not ") + wanted};
}

} // namespace rmqha::management
