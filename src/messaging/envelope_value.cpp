#include "messaging/envelope_value.hpp"

#include "base/encoding.hpp"
#include "base/error.hpp"
#include "base/utf8.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <set>

namespace rmqha::messaging {

namespace {

using amqp::Value;
using Json = nlohmann::ordered_json;

constexpr int k_deepest = 64; ///< as amqp reads them

[[noreturn]] void refuse(std::string const& reason)
{
    throw base::Error(base::ExitCode::data, reason);
}

Json double_json(double number)
{
    if (std::isfinite(number)) {
        return number;
    }
    return {{"$double", std::isnan(number) ? "nan" : number > 0 ? "inf" : "-inf"}};
}

/// For json_of: a visitor must know all of a Value's types.
struct ToJson {
    Json operator()(std::monostate) const { return nullptr; }
    Json operator()(bool flag) const { return flag; }
    Json operator()(std::int64_t number) const { return number; }
    Json operator()(double number) const { return double_json(number); }
    Json operator()(std::string const& text) const { return messaging::json_of(text); }
    Json operator()(amqp::Binary const& binary) const { return {{"$binary", base::to_base64(binary.bytes)}}; }
    Json operator()(amqp::Timestamp const& time) const { return {{"$timestamp", time.seconds}}; }
    Json operator()(amqp::Array const& array) const
    {
        Json json = Json::array();
        for (auto const& element : array) {
            json.push_back(json_of(element));
        }
        return json;
    }
    Json operator()(amqp::Table const& table) const { return messaging::json_of(table); }
};

bool is_tag(Json const& json)
{
    return json.is_object() && json.size() == 1 && json.begin().key().starts_with('$');
}

std::string bytes_of(Json const& json, std::string const& where)
{
    if (!json.is_string()) {
        refuse(fmt::format("{} must be base64 in a string, not {}", where, type_of(json)));
    }
    auto bytes = base::from_base64(json.get_ref<std::string const&>());
    if (!bytes) {
        refuse(fmt::format("{} is not base64", where));
    }
    return *std::move(bytes);
}

std::int64_t integer_of(Json const& json, std::string const& where)
{
    if (json.is_number_unsigned() && json.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max()) {
        refuse(fmt::format("{} is beyond a signed integer of 64 bits", where));
    }
    return json.get<std::int64_t>();
}

Value double_of(Json const& json, std::string const& where)
{
    auto const word = json.is_string() ? json.get<std::string>() : "";
    if (word == "nan") {
        return {std::numeric_limits<double>::quiet_NaN()};
    }
    if (word == "inf" || word == "-inf") {
        return {(word == "inf" ? 1 : -1) * std::numeric_limits<double>::infinity()};
    }
    refuse(fmt::format(R"({}: $double must be "nan", "inf" or "-inf")", where));
}

Value value_of(Json const& json, std::string const& where, int depth);
amqp::Table table_of(Json const& json, std::string const& where, int depth);

Value tagged_value(Json const& json, std::string const& where, int depth)
{
    auto const& tag = json.begin().key();
    auto const& content = json.begin().value();
    if (tag == "$timestamp") {
        if (!content.is_number_unsigned()) {
            refuse(fmt::format("{}: $timestamp must be whole seconds since 1970", where));
        }
        return {amqp::Timestamp{content.get<std::uint64_t>()}};
    }
    if (tag == "$binary") {
        return {amqp::Binary{bytes_of(content, where)}};
    }
    if (tag == "$base64") {
        return {bytes_of(content, where)};
    }
    if (tag == "$double") {
        return double_of(content, where);
    }
    return {table_of(json, where, depth)};
}

Value value_of(Json const& json, std::string const& where, int depth)
{
    if (depth > k_deepest) {
        refuse(fmt::format("headers are nested deeper than {}", k_deepest));
    }
    switch (json.type()) {
    case Json::value_t::null:
        return {};
    case Json::value_t::boolean:
        return {json.get<bool>()};
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
        return {integer_of(json, where)};
    case Json::value_t::number_float:
        return {json.get<double>()};
    case Json::value_t::string:
        return {json.get<std::string>()};
    case Json::value_t::array: {
        amqp::Array array;
        for (auto const& element : json) {
            array.push_back(value_of(element, where, depth + 1));
        }
        return {array};
    }
    default:
        return is_tag(json) ? tagged_value(json, where, depth) : Value{table_of(json, where, depth)};
    }
}

void add_field(amqp::Table& table, std::string name, Json const& json, std::string const& where, int depth)
{
    constexpr std::size_t k_longest = 255; // AMQP's short string
    if (name.empty() || name.size() > k_longest) {
        refuse(fmt::format("the names in {} must be 1 to {} bytes long", where, k_longest));
    }
    auto inner = fmt::format("{} \"{}\"", where, name);
    table.push_back({std::move(name), value_of(json, inner, depth + 1)});
}

amqp::Table table_of(Json const& json, std::string const& where, int depth)
{
    if (!json.is_object()) {
        refuse(fmt::format("{} must be an object, not {}", where, type_of(json)));
    }
    amqp::Table table;
    Json const* fields = &json;
    if (is_tag(json)) {
        auto const& tag = json.begin().key();
        fields = &json.begin().value();
        if (tag == "$fields" && fields->is_array()) {
            for (auto const& pair : *fields) {
                if (!pair.is_array() || pair.size() != 2) {
                    refuse(fmt::format("{}: $fields must be an array of [name, value]", where));
                }
                add_field(table, string_of(pair[0], where), pair[1], where, depth);
            }
            return table;
        }
        if (tag != "$table" || !fields->is_object()) {
            refuse(fmt::format("{}: there is no \"{}\" of this kind", where, tag));
        }
    }
    for (auto const& [name, value] : fields->items()) {
        add_field(table, name, value, where, depth);
    }
    return table;
}

} // namespace

std::string type_of(Json const& json)
{
    switch (json.type()) {
    case Json::value_t::null:
        return "null";
    case Json::value_t::boolean:
        return "true or false";
    case Json::value_t::string:
        return "a string";
    case Json::value_t::array:
        return "an array";
    case Json::value_t::object:
        return "an object";
    default:
        return "a number";
    }
}

Json json_of(std::string const& text)
{
    return base::is_utf8(text) ? Json(text) : Json{{"$base64", base::to_base64(text)}};
}

Json json_of(amqp::Table const& table)
{
    std::set<std::string_view> names;
    bool plain = true;
    for (auto const& field : table) {
        plain = plain && names.insert(field.name).second && base::is_utf8(field.name);
    }
    if (!plain) {
        Json fields = Json::array();
        for (auto const& field : table) {
            fields.push_back(Json::array({json_of(field.name), json_of(field.value)}));
        }
        return {{"$fields", fields}};
    }
    Json json = Json::object();
    for (auto const& field : table) {
        json[field.name] = json_of(field.value);
    }
    return is_tag(json) ? Json{{"$table", json}} : json;
}

Json json_of(Value const& value)
{
    return std::visit(ToJson{}, value.data);
}

std::string string_of(Json const& json, std::string const& where)
{
    if (is_tag(json) && json.begin().key() == "$base64") {
        return bytes_of(json.begin().value(), where);
    }
    if (!json.is_string()) {
        refuse(fmt::format("{} must be a string, not {}", where, type_of(json)));
    }
    return json.get<std::string>();
}

amqp::Table table_of(Json const& json, std::string const& where)
{
    return table_of(json, where, 0);
}

} // namespace rmqha::messaging
