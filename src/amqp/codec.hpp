#pragma once

// Internal to src/amqp: the border to rabbitmq-c, which encodes and decodes methods, properties and tables.

#include "amqp/buffer.hpp"
#include "amqp/message.hpp"

#include <amqp.h>
#include <amqp_framing.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace rmqha::amqp {

enum class FrameType : std::uint8_t {
    method = AMQP_FRAME_METHOD,
    header = AMQP_FRAME_HEADER,
    body = AMQP_FRAME_BODY,
    heartbeat = AMQP_FRAME_HEARTBEAT
};

inline constexpr std::size_t k_frame_overhead = 8;   ///< type, channel, size, end octet
inline constexpr std::uint32_t k_frame_max = 131072; ///< what we propose; RabbitMQ's own default (4.1 wants >= 8192)

struct Frame {
    FrameType type{};
    std::uint16_t channel = 0;
    std::span<char const> payload;
};

/// The frame at the front of `bytes`, if it is whole. Throws Failure(not_amqp) for bytes that are no frame of at most
/// `frame_max` bytes on a channel up to `channel_max`: checked before anything is allocated for it.
std::optional<Frame> frame_at(std::span<char const> bytes, std::uint32_t frame_max, std::uint16_t channel_max);
inline std::size_t wire_size(Frame const& frame)
{
    return frame.payload.size() + k_frame_overhead;
}

inline std::string_view view(amqp_bytes_t bytes)
{
    return {static_cast<char const*>(bytes.bytes), bytes.len};
}
inline std::string text(amqp_bytes_t bytes)
{
    return std::string(view(bytes));
}
/// rabbitmq-c takes a mutable pointer but only reads through it.
inline amqp_bytes_t bytes_of(std::string_view from)
{
    return {from.size(), const_cast<char*>(from.data())};
}

Table table_of(amqp_table_t const& wire);

/// Memory that rabbitmq-c's decoded structures live in; each decode ends the life of what was decoded before.
class Decoder {
public:
    Decoder() { init_amqp_pool(&m_pool, 4096); }
    Decoder(Decoder const&) = delete;
    Decoder& operator=(Decoder const&) = delete;
    ~Decoder() { empty_amqp_pool(&m_pool); }

    /// `arguments` is a method frame's payload after the 4-byte id. Throws Failure(not_amqp).
    template <typename Method>
    Method const& method(amqp_method_number_t id, std::span<char const> arguments)
    {
        return *static_cast<Method const*>(decode(id, arguments));
    }
    /// `payload` is a content header frame's. Throws Failure(not_amqp).
    Properties properties(std::span<char const> payload);

private:
    void* decode(amqp_method_number_t id, std::span<char const> arguments);

    amqp_pool_t m_pool{};
};

amqp_method_number_t method_id(std::span<char const> payload);
std::uint64_t body_size(std::span<char const> header_payload);

/// A table in rabbitmq-c's form, with the memory it needs. Valid as long as the Table it was made from.
class WireTable {
public:
    /// Throws Error(data) for a name above 255 bytes.
    explicit WireTable(Table const& table);
    amqp_table_t get() { return {static_cast<int>(m_entries.size()), m_entries.data()}; }

private:
    amqp_field_value_t value_of(Value const& value);

    std::vector<amqp_table_entry_t> m_entries;
    std::vector<WireTable> m_tables;
    std::vector<std::vector<amqp_field_value_t>> m_arrays;
};

/// Appends a method frame of at most `frame_max` bytes. `decoded` is rabbitmq-c's structure for `id`. Throws
/// Error(data), with nothing appended, when it cannot be encoded or does not fit.
void append_method(Buffer& out, std::uint16_t channel, amqp_method_number_t id, void* decoded, std::uint32_t frame_max);
/// Appends header and body frames of at most `frame_max` bytes. Throws Error(data), with nothing appended, for
/// properties that cannot be encoded or do not fit a frame.
void append_content(Buffer& out, std::uint16_t channel, Properties const& properties, std::string_view body,
                    std::uint32_t frame_max);
void append_heartbeat(Buffer& out);

} // namespace rmqha::amqp
