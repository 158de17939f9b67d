#include "messaging/header.hpp"

#include "base/error.hpp"
#include "base/units.hpp"

#include <charconv>
#include <cmath>
#include <limits>

namespace rmqha::messaging {

namespace {

[[noreturn]] void refuse(std::string_view text, std::string const& reason)
{
    throw base::Error(base::ExitCode::usage, fmt::format("header \"{}\": {}", text, reason),
                      "Write NAME=VALUE, or NAME:TYPE=VALUE with the type string, int, double, bool or timestamp.");
}

amqp::Value value_of(std::string_view type, std::string_view value, std::string_view text)
{
    constexpr auto k_most = std::numeric_limits<std::int64_t>::max();
    if (type == "string") {
        return {std::string(value)};
    }
    if (type == "int" || type == "timestamp") {
        auto const number = base::parse_integer(value, type == "int" ? -k_most - 1 : 0, k_most);
        if (!number) {
            refuse(text, fmt::format("\"{}\" is not a whole number of 64 bits", value));
        }
        return type == "int" ? amqp::Value{*number} : amqp::Value{amqp::Timestamp{static_cast<std::uint64_t>(*number)}};
    }
    if (type == "double") {
        double number = 0;
        auto const [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
        if (value.empty() || error != std::errc{} || end != value.data() + value.size()) {
            refuse(text, fmt::format("\"{}\" is not a number", value));
        }
        if (!std::isfinite(number)) {
            refuse(text, "the broker takes finite numbers only");
        }
        return {number};
    }
    if (type == "bool") {
        if (value != "true" && value != "false") {
            refuse(text, fmt::format("\"{}\" is neither true nor false", value));
        }
        return {value == "true"};
    }
    refuse(text, fmt::format("there is no type \"{}\"", type));
}

} // namespace

amqp::Field parse_header(std::string_view text)
{
    auto const equals = text.find('=');
    if (equals == std::string_view::npos) {
        refuse(text, "it has no \"=\"");
    }
    auto const left = text.substr(0, equals);
    auto const colon = left.rfind(':');
    auto const name = left.substr(0, colon);
    auto const type = colon == std::string_view::npos ? std::string_view("string") : left.substr(colon + 1);
    constexpr std::size_t k_longest = 255; // AMQP's short string
    if (name.empty() || name.size() > k_longest) {
        refuse(text, "the name must be 1 to 255 bytes long");
    }
    return {std::string(name), value_of(type, text.substr(equals + 1), text)};
}

} // namespace rmqha::messaging
