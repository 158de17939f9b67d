#pragma once

// Internal to src/messaging.

#include "amqp/message.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace rmqha::messaging {

/// The properties that are text, as envelopes and templates call them. Besides them there are delivery_mode, priority
/// and timestamp, which are numbers.
struct TextProperty {
    std::string_view name;
    std::optional<std::string> amqp::Properties::*member;
};
inline constexpr std::array k_text_properties{TextProperty{"content_type", &amqp::Properties::content_type},
                                              TextProperty{"content_encoding", &amqp::Properties::content_encoding},
                                              TextProperty{"correlation_id", &amqp::Properties::correlation_id},
                                              TextProperty{"reply_to", &amqp::Properties::reply_to},
                                              TextProperty{"expiration", &amqp::Properties::expiration},
                                              TextProperty{"message_id", &amqp::Properties::message_id},
                                              TextProperty{"type", &amqp::Properties::type},
                                              TextProperty{"user_id", &amqp::Properties::user_id},
                                              TextProperty{"app_id", &amqp::Properties::app_id}};

/// Null for what is no text property.
inline TextProperty const* find_text_property(std::string_view name)
{
    for (auto const& property : k_text_properties) {
        if (property.name == name) {
            return &property;
        }
    }
    return nullptr;
}

} // namespace rmqha::messaging
