#include "messaging/stream_position.hpp"

#include <algorithm>

namespace rmqha::messaging {

namespace {

constexpr auto* k_offset = "x-stream-offset"; ///< the argument, and the header of each delivery

amqp::Value value_of(StreamOffset const& offset)
{
    if (auto const* const number = std::get_if<std::uint64_t>(&offset)) {
        return {static_cast<std::int64_t>(*number)};
    }
    if (auto const* const time = std::get_if<std::chrono::sys_seconds>(&offset)) {
        auto const seconds = std::max<std::int64_t>(time->time_since_epoch().count(), 0);
        return {amqp::Timestamp{static_cast<std::uint64_t>(seconds)}};
    }
    switch (std::get<StreamPlace>(offset)) {
    case StreamPlace::first:
        return {std::string("first")};
    case StreamPlace::last:
        return {std::string("last")};
    case StreamPlace::next:
        break;
    }
    return {std::string("next")};
}

std::optional<std::uint64_t> offset_of(amqp::Delivery const& delivery)
{
    for (auto const& field : delivery.properties.headers) {
        if (field.name == k_offset) {
            auto const* const number = std::get_if<std::int64_t>(&field.value.data);
            return number != nullptr ? std::optional(static_cast<std::uint64_t>(*number)) : std::nullopt;
        }
    }
    return std::nullopt;
}

} // namespace

std::optional<amqp::Value> StreamPosition::argument(std::chrono::system_clock::time_point now)
{
    if (!m_under_way.empty()) {
        return value_of(m_under_way.back().offset + 1);
    }
    if (m_next) {
        return value_of(*m_next);
    }
    if (!m_start) {
        return std::nullopt;
    }
    bool const again = m_first_time.has_value();
    if (!again) {
        m_first_time = std::chrono::floor<std::chrono::seconds>(now);
    }
    return value_of(again && *m_start == StreamOffset(StreamPlace::next) ? StreamOffset(*m_first_time) : *m_start);
}

void StreamPosition::arrived(amqp::Delivery const& delivery)
{
    if (m_kind == Kind::other) {
        return;
    }
    auto const offset = offset_of(delivery);
    if (!offset) {
        m_kind = Kind::other;
        return;
    }
    m_kind = Kind::stream;
    m_under_way.push_back({delivery.delivery_tag, *offset, false});
}

void StreamPosition::settled(std::uint64_t tag, bool several)
{
    for (auto& one : m_under_way) {
        if (one.tag > tag) {
            break;
        }
        one.done = one.done || several || one.tag == tag;
    }
    while (!m_under_way.empty() && m_under_way.front().done) {
        m_next = m_under_way.front().offset + 1;
        m_under_way.pop_front();
    }
}

} // namespace rmqha::messaging
