#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace rmqha::amqp {

struct Value;
struct Field;
using Table = std::vector<Field>;
using Array = std::vector<Value>;
struct Binary {
    std::string bytes;
    bool operator==(Binary const&) const = default;
};
struct Timestamp {
    std::uint64_t seconds = 0; ///< since 1970, UTC
    bool operator==(Timestamp const&) const = default;
};

/// A header or argument value. Every integer width of the wire is read into int64 (an unsigned 64-bit value above its
/// range is clamped) and written as int64; decimals are read into double.
struct Value {
    std::variant<std::monostate, bool, std::int64_t, double, std::string, Binary, Timestamp, Array, Table> data;
    bool operator==(Value const&) const = default;
};

struct Field {
    std::string name; ///< at most 255 bytes
    Value value;
    bool operator==(Field const&) const = default;
};

/// The properties of a message (class basic). Strings are at most 255 bytes.
struct Properties {
    std::optional<std::string> content_type;
    std::optional<std::string> content_encoding;
    Table headers;
    std::optional<std::uint8_t> delivery_mode; ///< 1 transient, 2 persistent
    std::optional<std::uint8_t> priority;
    std::optional<std::string> correlation_id;
    std::optional<std::string> reply_to;
    std::optional<std::string> expiration; ///< milliseconds, as decimal text
    std::optional<std::string> message_id;
    std::optional<std::uint64_t> timestamp; ///< seconds since 1970, UTC
    std::optional<std::string> type;
    std::optional<std::string> user_id;
    std::optional<std::string> app_id;

    bool operator==(Properties const&) const = default;
};

/// A message on its way out.
struct Publication {
    std::string const& exchange;    ///< at most 255 bytes; "" is the default exchange
    std::string const& routing_key; ///< at most 255 bytes
    bool mandatory = false;         ///< have it returned rather than dropped when no queue takes it
    Properties const& properties;
    std::string const& body;
};

/// A message on its way in.
struct Delivery {
    std::string consumer_tag;
    std::uint64_t delivery_tag = 0;
    bool redelivered = false;
    std::string exchange;
    std::string routing_key;
    Properties properties;
    std::string body;
};

/// A mandatory message that no queue took; its confirm follows.
struct Returned {
    std::uint16_t reply_code = 0;
    std::string reply_text;
    std::string exchange;
    std::string routing_key;
    Properties properties;
    std::string body;
};

/// The broker's word on published messages: all up to `tag` when `multiple`, else that one.
struct Confirm {
    std::uint64_t tag = 0;
    bool multiple = false;
    bool positive = true; ///< false: basic.nack
};

} // namespace rmqha::amqp
