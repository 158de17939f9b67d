#pragma once

// Internal to src/messaging.

#include "amqp/message.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace rmqha::messaging {

/// Strings and header values as envelope.hpp says, both ways. `where` names the value in errors: base::Error(data).
nlohmann::ordered_json json_of(std::string const& text);
nlohmann::ordered_json json_of(amqp::Table const& table);
nlohmann::ordered_json json_of(amqp::Value const& value);
std::string string_of(nlohmann::ordered_json const& json, std::string const& where);
amqp::Table table_of(nlohmann::ordered_json const& json, std::string const& where);

/// "a number", "an object": for messages.
std::string type_of(nlohmann::ordered_json const& json);

} // namespace rmqha::messaging
