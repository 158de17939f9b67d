#include "messaging/message_environment.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>
#include <type_traits>

namespace rmqha::messaging {

namespace {

constexpr std::size_t k_longest = 128U << 10U; ///< "NAME=value" with its NUL

using Json = nlohmann::ordered_json;

Json json_of(amqp::Value const& value)
{
    return std::visit(
        [](auto const& held) -> Json {
            using T = std::decay_t<decltype(held)>;
            if constexpr (std::is_same_v<T, std::monostate>) {
                return nullptr;
            } else if constexpr (std::is_same_v<T, amqp::Binary>) {
                return held.bytes;
            } else if constexpr (std::is_same_v<T, amqp::Timestamp>) {
                return held.seconds;
            } else if constexpr (std::is_same_v<T, amqp::Array>) {
                auto array = Json::array();
                std::ranges::for_each(held, [&](auto const& one) { array.push_back(json_of(one)); });
                return array;
            } else if constexpr (std::is_same_v<T, amqp::Table>) {
                auto object = Json::object();
                std::ranges::for_each(held, [&](auto const& field) { object[field.name] = json_of(field.value); });
                return object;
            } else {
                return held;
            }
        },
        value.data);
}

std::string text_of(amqp::Value const& value)
{
    if (auto const* const text = std::get_if<std::string>(&value.data)) {
        return *text;
    }
    if (auto const* const binary = std::get_if<amqp::Binary>(&value.data)) {
        return binary->bytes;
    }
    if (std::holds_alternative<std::monostate>(value.data)) {
        return {};
    }
    return json_of(value).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string header_variable(std::string const& name)
{
    auto variable = std::string(k_message_prefix) + "HEADER_";
    for (char const letter : name) {
        bool const lower = letter >= 'a' && letter <= 'z';
        bool const usual = (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9');
        variable.push_back(lower ? static_cast<char>(letter - 'a' + 'A') : usual ? letter : '_');
    }
    return variable;
}

class Variables {
public:
    std::vector<std::string> take() { return std::move(m_entries); }

    void add(std::string const& name, std::string const& value)
    {
        auto entry = name + '=';
        bool const there = std::ranges::any_of(m_entries, [&](auto const& one) { return one.starts_with(entry); });
        if (!there && value.find('\0') == std::string::npos && entry.size() + value.size() < k_longest) {
            m_entries.push_back(std::move(entry += value));
        }
    }

    template <typename T>
    void add_property(std::string const& name, std::optional<T> const& value)
    {
        if (value) {
            add(k_message_prefix + name, fmt::format("{}", *value));
        }
    }

private:
    std::vector<std::string> m_entries;
};

} // namespace

std::vector<std::string> message_environment(std::string const& queue, amqp::Delivery const& delivery)
{
    Variables variables;
    auto const add = [&](std::string const& name, std::string const& value) {
        variables.add(k_message_prefix + name, value);
    };
    add("QUEUE", queue);
    add("EXCHANGE", delivery.exchange);
    add("ROUTING_KEY", delivery.routing_key);
    add("REDELIVERED", delivery.redelivered ? "true" : "false");
    auto const& properties = delivery.properties;
    variables.add_property("CONTENT_TYPE", properties.content_type);
    variables.add_property("CONTENT_ENCODING", properties.content_encoding);
    variables.add_property("DELIVERY_MODE", properties.delivery_mode);
    variables.add_property("PRIORITY", properties.priority);
    variables.add_property("CORRELATION_ID", properties.correlation_id);
    variables.add_property("REPLY_TO", properties.reply_to);
    variables.add_property("EXPIRATION", properties.expiration);
    variables.add_property("ID", properties.message_id);
    variables.add_property("TIMESTAMP", properties.timestamp);
    variables.add_property("TYPE", properties.type);
    variables.add_property("USER_ID", properties.user_id);
    variables.add_property("APP_ID", properties.app_id);
    for (auto const& header : properties.headers) {
        variables.add(header_variable(header.name), text_of(header.value));
    }
    return variables.take();
}

} // namespace rmqha::messaging
