#pragma once

#include "messaging/source.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace rmqha::messaging {

// A message as one line of JSON:
//
//     {"exchange":"","routing_key":"jobs","body":"hello","headers":{"tries":1},"properties":{"delivery_mode":2}}
//
// A body that is not UTF-8 is `body_base64` instead. Header values keep their AMQP type: a number without fraction and
// exponent is an integer of 64 bits, any other a double. What JSON has no word for is an object with one key:
// {"$timestamp":1700000000}, {"$binary":"<base64>"}, {"$base64":"<a string that is not UTF-8>"}, {"$double":"nan"}
// (inf, -inf); {"$table":{…}} is a table that looks like one of these, {"$fields":[[name,value],…]} a table whose names
// repeat or are not UTF-8. {"$base64":…} also stands for any other string of the message.

/// A message to be written, and what may be told of it besides.
struct EnvelopeView {
    std::string const& exchange;
    std::string const& routing_key;
    amqp::Properties const& properties;
    std::string const& body;
    std::optional<bool> redelivered = {};
    std::string_view fate = {};   ///< left out when empty
    std::string_view reason = {}; ///< left out when empty
};

/// One line of JSON, without a line feed. Nothing of the message is lost: see read_envelope.
std::string write_envelope(EnvelopeView const& view);

/// Overwrites what `line` says of the message in `into`, key by key; headers one by one. Returns whether it names a
/// routing key. What write_envelope tells besides the message is passed over. Throws base::Error(data) with the reason
/// alone ("\"body\" must be a string, not a number"): not JSON, unknown or missing keys, wrong types, values out of
/// range, headers nested deeper than 64.
bool read_envelope(std::string_view line, Message& into);

} // namespace rmqha::messaging
