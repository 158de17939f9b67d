#pragma once

#include "management/answer.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
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

/// "the answer is not a JSON array".
Problem unreadable(char const* wanted);

} // namespace rmqha::management
