#include "management/fields.hpp"

#include "management/problem.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

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

std::vector<std::string> tags(json const& object)
{
    if (auto list = texts(object, "tags")) {
        return *list;
    }
    std::vector<std::string> found;
    auto const list = text(object, "tags");
    for (std::size_t at = 0; at < list.size();) {
        std::size_t const end = std::min(list.find(',', at), list.size());
        found.push_back(list.substr(at, end - at));
        at = end + 1;
    }
    return found;
}

Problem unreadable(char const* wanted)
{
    return {Problem::Kind::unreadable, std::string("the answer is not ") + wanted};
}

std::optional<Problem> for_each_item(http::Result const& result, std::function<void(json const&)> const& take)
{
    if (auto problem = problem_in(result)) {
        return problem;
    }
    using Event = json::parse_event_t;
    bool in_list = false;
    auto const look = [&](int depth, Event event, json& item) {
        in_list = in_list || (depth == 0 && event == Event::array_start);
        bool const whole = event == Event::object_end || event == Event::array_end || event == Event::value;
        if (depth != 1 || !in_list || !whole) {
            return true;
        }
        take(item);
        return false; // it need not be kept
    };
    json const body = json::parse(std::get<http::Response>(result).body, look, false);
    return body.is_array() ? std::nullopt : std::optional(unreadable("a JSON array"));
}

} // namespace rmqha::management
