#include "amqp/message.hpp"
#include "base/error.hpp"
#include "base/spelling.hpp"
#include "messaging/envelope_value.hpp"
#include "messaging/property_names.hpp"
#include "messaging/template.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>

namespace rmqha::messaging {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view k_body = "body.";
constexpr std::string_view k_headers = "headers.";

/// The number of a word; nothing for other names.
std::optional<std::size_t> word_number(std::string_view name)
{
    std::size_t number = 0;
    auto const* const last = name.data() + name.size();
    auto const [end, error] = std::from_chars(name.data(), last, number);
    return error == std::errc{} && end == last && number > 0 ? std::optional(number) : std::nullopt;
}

std::optional<std::string_view> word(std::string_view text, std::size_t number)
{
    constexpr std::string_view k_blank = " \t\n\r\v\f";
    for (;;) {
        text.remove_prefix(std::min(text.find_first_not_of(k_blank), text.size()));
        if (text.empty()) {
            return std::nullopt;
        }
        auto const end = std::min(text.find_first_of(k_blank), text.size());
        if (--number == 0) {
            return text.substr(0, end);
        }
        text.remove_prefix(end);
    }
}

/// The member at a dotted path; a name that has dots itself is found too. Null when there is none.
Json const* member(Json const& json, std::string const& path)
{
    if (!json.is_object()) {
        return nullptr;
    }
    if (auto const whole = json.find(path); whole != json.end()) {
        return &*whole;
    }
    for (auto dot = path.find('.'); dot != std::string::npos; dot = path.find('.', dot + 1)) {
        if (auto const outer = json.find(path.substr(0, dot)); outer != json.end()) {
            if (auto const* const inner = member(*outer, path.substr(dot + 1))) {
                return inner;
            }
        }
    }
    return nullptr;
}

/// Control characters and bytes that are no UTF-8 cannot be in there: it was parsed.
std::string text_of(Json const& json)
{
    return json.is_string() ? json.get<std::string>() : json.dump();
}

/// A value that holds nothing when the body is no JSON.
Json parsed(std::string_view body)
{
    return Json::parse(body, nullptr, false);
}

void append_header(amqp::Table const& headers, std::string const& path, std::string& out)
{
    for (auto const& [name, value] : headers) {
        if (path == name) {
            if (auto const* const text = std::get_if<std::string>(&value.data)) {
                out += *text;
            } else if (auto const* const time = std::get_if<amqp::Timestamp>(&value.data)) {
                out += std::to_string(time->seconds);
            } else {
                out += json_of(value).dump();
            }
            return;
        }
    }
    auto const json = json_of(headers);
    if (auto const* const inner = member(json, path)) {
        out += text_of(*inner);
    }
}

template <typename Number>
void append_number(std::optional<Number> const& number, std::string& out)
{
    if (number) {
        out += std::to_string(*number);
    }
}

std::vector<std::string> delivery_fields()
{
    std::vector<std::string> known{"body",          "exchange", "routing_key", "redelivered",
                                   "delivery_mode", "priority", "timestamp",   "headers"};
    for (auto const& property : k_text_properties) {
        known.emplace_back(property.name);
    }
    return known;
}

} // namespace

KeyTemplate::KeyTemplate(std::string_view text) : m_template(text, {.escapes = false})
{
    auto const fields = m_template.fields();
    m_wants_json = std::any_of(fields.begin(), fields.end(), [](auto const& name) { return !word_number(name); });
}

std::string KeyTemplate::render(std::string_view body) const
{
    auto const fail = [](std::string const& field, std::string_view reason) {
        base::fail(base::ExitCode::data, "the routing key's field \"{}\": {}", field, reason);
    };
    Json const json = m_wants_json ? parsed(body) : Json();
    std::string key;
    m_template.render(key, [&](std::string const& field, std::string& out) {
        if (auto const number = word_number(field)) {
            auto const found = word(body, *number);
            if (!found) {
                fail(field, "the message has fewer words");
            }
            out += *found;
            return;
        }
        if (!json.is_object()) {
            fail(field, "the message is not a JSON object");
        }
        auto const* const found = member(json, field);
        if (found == nullptr) {
            fail(field, "the message has no such member");
        } else if (found->is_structured() || found->is_null()) {
            fail(field, fmt::format("it is {}", type_of(*found)));
        } else {
            out += text_of(*found);
        }
    });
    constexpr std::size_t k_longest = 255; // AMQP's short string
    if (key.size() > k_longest) {
        base::fail(base::ExitCode::data, "the routing key would be {} bytes long, {} are allowed", key.size(),
                   k_longest);
    }
    return key;
}

DeliveryTemplate::DeliveryTemplate(std::string_view text) : m_template(text, {.escapes = true})
{
    static auto const known = delivery_fields();
    for (auto const& field : m_template.fields()) {
        m_wants_json = m_wants_json || field.starts_with(k_body);
        bool const inner = field.starts_with(k_body) || field.starts_with(k_headers);
        if (!inner && std::find(known.begin(), known.end(), field) == known.end()) {
            throw base::Error(base::ExitCode::usage,
                              fmt::format("template \"{}\": there is no field \"{}\"", text, field),
                              fmt::format("Known are {}, headers.NAME and body.MEMBER.{}", fmt::join(known, ", "),
                                          base::did_you_mean(field, known)));
        }
    }
}

void DeliveryTemplate::render(amqp::Delivery const& delivery, std::string& out) const
{
    auto const& properties = delivery.properties;
    Json const json = m_wants_json ? parsed(delivery.body) : Json();
    m_template.render(out, [&](std::string const& field, std::string& to) {
        if (field == "body") {
            to += delivery.body;
        } else if (field == "exchange") {
            to += delivery.exchange;
        } else if (field == "routing_key") {
            to += delivery.routing_key;
        } else if (field == "redelivered") {
            to += delivery.redelivered ? "true" : "false";
        } else if (field == "delivery_mode") {
            append_number(properties.delivery_mode, to);
        } else if (field == "priority") {
            append_number(properties.priority, to);
        } else if (field == "timestamp") {
            append_number(properties.timestamp, to);
        } else if (field == "headers") {
            to += json_of(properties.headers).dump();
        } else if (field.starts_with(k_headers)) {
            append_header(properties.headers, field.substr(k_headers.size()), to);
        } else if (field.starts_with(k_body)) {
            if (auto const* const found = member(json, field.substr(k_body.size()))) {
                to += text_of(*found);
            }
        } else if (auto const* const text = find_text_property(field)) {
            to += (properties.*text->member).value_or("");
        }
    });
}

} // namespace rmqha::messaging
