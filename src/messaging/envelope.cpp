#include "messaging/envelope.hpp"

#include "base/encoding.hpp"
#include "base/error.hpp"
#include "base/spelling.hpp"
#include "base/utf8.hpp"
#include "messaging/envelope_value.hpp"
#include "messaging/property_names.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

namespace rmqha::messaging {

namespace {

using amqp::Properties;
using Json = nlohmann::ordered_json;

[[noreturn]] void refuse(std::string const& reason, std::string const& hint = {})
{
    throw base::Error(base::ExitCode::data, reason, hint);
}

[[noreturn]] void refuse_key(std::string const& key, std::string const& where, std::vector<std::string> const& known)
{
    refuse(fmt::format("there is no \"{}\" in {}", key, where),
           fmt::format("Known are {}.{}", fmt::join(known, ", "), base::did_you_mean(key, known)));
}

std::uint64_t number_of(Json const& json, std::string const& where, std::uint64_t most)
{
    if (!json.is_number_unsigned() || json.get<std::uint64_t>() > most) {
        refuse(fmt::format("{} must be a whole number from 0 to {}", where, most));
    }
    return json.get<std::uint64_t>();
}

void read_property(std::string const& key, Json const& value, Properties& into)
{
    auto const where = "property \"" + key + "\"";
    if (auto const* const text = find_text_property(key)) {
        into.*text->member = string_of(value, where);
    } else if (key == "delivery_mode") {
        into.delivery_mode = static_cast<std::uint8_t>(number_of(value, where, 255));
    } else if (key == "priority") {
        into.priority = static_cast<std::uint8_t>(number_of(value, where, 255));
    } else if (key == "timestamp") {
        into.timestamp = number_of(value, where, std::numeric_limits<std::uint64_t>::max());
    } else {
        std::vector<std::string> known{"delivery_mode", "priority", "timestamp"};
        std::transform(k_text_properties.begin(), k_text_properties.end(), std::back_inserter(known),
                       [](TextProperty const& property) { return std::string(property.name); });
        refuse_key(key, "the properties", known);
    }
}

void read_properties(Json const& json, Properties& into)
{
    if (!json.is_object()) {
        refuse("\"properties\" must be an object, not " + type_of(json));
    }
    for (auto const& [key, value] : json.items()) {
        read_property(key, value, into);
    }
}

/// The envelope's headers take the place of those of the same name.
void read_headers(Json const& json, amqp::Table& into)
{
    auto given = table_of(json, "header");
    std::erase_if(into, [&](amqp::Field const& old) {
        return std::any_of(given.begin(), given.end(), [&](auto const& field) { return field.name == old.name; });
    });
    std::move(given.begin(), given.end(), std::back_inserter(into));
}

std::string body_of(Json const& json)
{
    auto const plain = json.find("body");
    auto const base64 = json.find("body_base64");
    if ((plain == json.end()) == (base64 == json.end())) {
        refuse(plain == json.end() ? "it has no body" : "it has both \"body\" and \"body_base64\"",
               R"(Give one of "body" (a string) and "body_base64"; an empty body is "body":"".)");
    }
    if (plain != json.end()) {
        if (!plain->is_string()) {
            refuse("\"body\" must be a string, not " + type_of(*plain),
                   "A body that is JSON itself is written as a string: quoted, with its quotes escaped.");
        }
        return plain->get<std::string>();
    }
    auto bytes = base64->is_string() ? base::from_base64(base64->get_ref<std::string const&>()) : std::nullopt;
    if (!bytes) {
        refuse("\"body_base64\" is not base64 in a string");
    }
    return *std::move(bytes);
}

Json properties_json(Properties const& properties)
{
    Json json = Json::object();
    if (properties.delivery_mode) {
        json["delivery_mode"] = *properties.delivery_mode;
    }
    if (properties.priority) {
        json["priority"] = *properties.priority;
    }
    if (properties.timestamp) {
        json["timestamp"] = *properties.timestamp;
    }
    for (auto const& text : k_text_properties) {
        if (auto const& value = properties.*text.member) {
            json[std::string(text.name)] = json_of(*value);
        }
    }
    return json;
}

Json parsed(std::string_view line)
{
    try {
        auto json = Json::parse(line);
        if (!json.is_object()) {
            refuse("an envelope must be a JSON object, not " + type_of(json));
        }
        return json;
    } catch (Json::exception const& error) {
        // "[json.exception.parse_error.101] parse error at line 1, column 3: …", or "[…] number overflow parsing
        // '1e999'"
        std::string_view const text = error.what();
        auto const column = text.find("column");
        auto const reason = column == std::string_view::npos ? text.find("] ") + 2 : column;
        refuse(fmt::format("it is not JSON: {}", text.substr(reason)));
    }
}

} // namespace

std::string write_envelope(EnvelopeView const& view)
{
    Json json = {{"exchange", json_of(view.exchange)}, {"routing_key", json_of(view.routing_key)}};
    if (view.redelivered) {
        json["redelivered"] = *view.redelivered;
    }
    if (!view.fate.empty()) {
        json["fate"] = view.fate;
    }
    if (!view.reason.empty()) {
        json["reason"] = json_of(std::string(view.reason));
    }
    if (auto properties = properties_json(view.properties); !properties.empty()) {
        json["properties"] = std::move(properties);
    }
    if (!view.properties.headers.empty()) {
        json["headers"] = json_of(view.properties.headers);
    }
    if (base::is_utf8(view.body)) {
        json["body"] = view.body;
    } else {
        json["body_base64"] = base::to_base64(view.body);
    }
    return json.dump();
}

bool read_envelope(std::string_view line, Message& into)
{
    auto const json = parsed(line);
    bool has_key = false;
    for (auto const& [key, value] : json.items()) {
        if (key == "exchange") {
            into.exchange = string_of(value, "\"exchange\"");
        } else if (key == "routing_key") {
            into.routing_key = string_of(value, "\"routing_key\"");
            has_key = true;
        } else if (key == "properties") {
            read_properties(value, into.properties);
        } else if (key == "headers") {
            read_headers(value, into.properties.headers);
        } else if (key != "body" && key != "body_base64" && key != "redelivered" && key != "fate" && key != "reason") {
            refuse_key(key, "an envelope",
                       {"exchange", "routing_key", "body", "body_base64", "properties", "headers", "redelivered",
                        "fate", "reason"});
        }
    }
    into.body = body_of(json);
    return has_key;
}

} // namespace rmqha::messaging
