#pragma once

#include "management/answer.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

/// Members of JSON objects, read tolerantly: absent, null and odd values are empty. For the readers of answers only.
namespace rmqha::management {

/// Null when there is none, or the value is null.
nlohmann::json const* member(nlohmann::json const& object, char const* key);
std::string text(nlohmann::json const& object, char const* key);
std::optional<std::uint64_t> number(nlohmann::json const& object, char const* key);
std::optional<int> small_number(nlohmann::json const& object, char const* key);
std::optional<bool> truth(nlohmann::json const& object, char const* key);
std::optional<std::vector<std::string>> texts(nlohmann::json const& object, char const* key);

/// A user's tags: "a,b" up to RabbitMQ 3.8, a list since.
std::vector<std::string> tags(nlohmann::json const& object);

/// "the answer is not a JSON array".
Problem unreadable(char const* wanted);

/// Hands everything in the list that `result` is to `take`, one after the other, so that no more than one is ever held
/// as JSON. What kept it from being a list; nothing when all went well.
std::optional<Problem> for_each_item(http::Result const& result,
                                     std::function<void(nlohmann::json const&)> const& take);

/// The same into a list, each read by `read`.
template <typename Value, typename Read>
Answer<std::vector<Value>> list_of(http::Result const& result, Read const& read)
{
    std::vector<Value> list;
    if (auto problem = for_each_item(result, [&](nlohmann::json const& item) { list.push_back(read(item)); })) {
        return *problem;
    }
    return list;
}

} // namespace rmqha::management
