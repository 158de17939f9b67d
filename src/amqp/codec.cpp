#include "amqp/codec.hpp"

#include "amqp/failure.hpp"
#include "amqp/nesting.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace rmqha::amqp {

namespace {

constexpr char k_frame_end = static_cast<char>(AMQP_FRAME_END);
constexpr std::size_t k_envelope = 7; // type, channel, size

std::uint8_t byte_at(std::span<char const> bytes, std::size_t at)
{
    return static_cast<std::uint8_t>(bytes[at]);
}

std::uint32_t read32(std::span<char const> bytes, std::size_t at)
{
    return static_cast<std::uint32_t>(byte_at(bytes, at)) << 24U |
           static_cast<std::uint32_t>(byte_at(bytes, at + 1)) << 16U |
           static_cast<std::uint32_t>(byte_at(bytes, at + 2)) << 8U | byte_at(bytes, at + 3);
}

void write32(char* to, std::uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8) {
        *to++ = static_cast<char>(value >> static_cast<unsigned>(shift));
    }
}

void write_envelope(char* to, FrameType type, std::uint16_t channel, std::size_t size)
{
    to[0] = static_cast<char>(type);
    to[1] = static_cast<char>(channel >> 8U);
    to[2] = static_cast<char>(channel);
    write32(to + 3, static_cast<std::uint32_t>(size));
    to[k_envelope + size] = k_frame_end;
}

[[noreturn]] void not_amqp(std::string const& what)
{
    throw Failure(FailureKind::not_amqp, "the peer broke the protocol: " + what);
}

} // namespace

std::optional<Frame> frame_at(std::span<char const> bytes, std::uint32_t frame_max, std::uint16_t channel_max)
{
    if (bytes.size() < k_envelope) {
        return std::nullopt;
    }
    auto const type = byte_at(bytes, 0);
    auto const channel = static_cast<std::uint16_t>(byte_at(bytes, 1) << 8U | byte_at(bytes, 2));
    std::size_t const size = read32(bytes, 3);
    bool const known = type == AMQP_FRAME_METHOD || type == AMQP_FRAME_HEADER || type == AMQP_FRAME_BODY ||
                       type == AMQP_FRAME_HEARTBEAT;
    if (!known) {
        not_amqp(fmt::format("unknown frame type {}", type));
    }
    if (size + k_frame_overhead > frame_max) {
        not_amqp(fmt::format("a frame of {} bytes, above the limit of {}", size, frame_max));
    }
    if (channel > channel_max) {
        not_amqp(fmt::format("a frame on channel {}, which is not open", channel));
    }
    if (bytes.size() < size + k_frame_overhead) {
        return std::nullopt;
    }
    if (bytes[k_envelope + size] != k_frame_end) {
        not_amqp("a frame without its end octet");
    }
    return Frame{static_cast<FrameType>(type), channel, bytes.subspan(k_envelope, size)};
}

amqp_method_number_t method_id(std::span<char const> payload)
{
    if (payload.size() < 4) {
        not_amqp("a method frame without a method");
    }
    return read32(payload, 0);
}

std::uint64_t body_size(std::span<char const> header_payload)
{
    constexpr std::size_t k_smallest = 14; // class, weight, size, property flags
    if (header_payload.size() < k_smallest) {
        not_amqp("a content header of too few bytes");
    }
    return static_cast<std::uint64_t>(read32(header_payload, 4)) << 32U | read32(header_payload, 8);
}

void* Decoder::decode(amqp_method_number_t id, std::span<char const> arguments)
{
    recycle_amqp_pool(&m_pool);
    constexpr std::size_t k_versions = 2; // bytes before connection.start's table, the only one a server sends
    if (id == AMQP_CONNECTION_START_METHOD && arguments.size() > k_versions) {
        require_shallow_table(arguments.subspan(k_versions));
    }
    void* decoded = nullptr;
    if (amqp_decode_method(id, &m_pool, bytes_of({arguments.data(), arguments.size()}), &decoded) < 0) {
        not_amqp(fmt::format("method {:#x} cannot be decoded", id));
    }
    return decoded;
}

Properties Decoder::properties(std::span<char const> payload)
{
    recycle_amqp_pool(&m_pool);
    constexpr std::size_t k_before_flags = 12;
    require_shallow_headers(payload.subspan(k_before_flags));
    void* decoded = nullptr;
    auto const encoded = bytes_of({payload.data() + k_before_flags, payload.size() - k_before_flags});
    if (amqp_decode_properties(AMQP_BASIC_CLASS, &m_pool, encoded, &decoded) < 0) {
        not_amqp("message properties cannot be decoded");
    }
    auto const& wire = *static_cast<amqp_basic_properties_t const*>(decoded);
    Properties properties;
    auto const take = [&](amqp_flags_t flag, amqp_bytes_t from, std::optional<std::string>& into) {
        if ((wire._flags & flag) != 0) {
            into = text(from);
        }
    };
    take(AMQP_BASIC_CONTENT_TYPE_FLAG, wire.content_type, properties.content_type);
    take(AMQP_BASIC_CONTENT_ENCODING_FLAG, wire.content_encoding, properties.content_encoding);
    take(AMQP_BASIC_CORRELATION_ID_FLAG, wire.correlation_id, properties.correlation_id);
    take(AMQP_BASIC_REPLY_TO_FLAG, wire.reply_to, properties.reply_to);
    take(AMQP_BASIC_EXPIRATION_FLAG, wire.expiration, properties.expiration);
    take(AMQP_BASIC_MESSAGE_ID_FLAG, wire.message_id, properties.message_id);
    take(AMQP_BASIC_TYPE_FLAG, wire.type, properties.type);
    take(AMQP_BASIC_USER_ID_FLAG, wire.user_id, properties.user_id);
    take(AMQP_BASIC_APP_ID_FLAG, wire.app_id, properties.app_id);
    if ((wire._flags & AMQP_BASIC_HEADERS_FLAG) != 0) {
        properties.headers = table_of(wire.headers);
    }
    if ((wire._flags & AMQP_BASIC_DELIVERY_MODE_FLAG) != 0) {
        properties.delivery_mode = wire.delivery_mode;
    }
    if ((wire._flags & AMQP_BASIC_PRIORITY_FLAG) != 0) {
        properties.priority = wire.priority;
    }
    if ((wire._flags & AMQP_BASIC_TIMESTAMP_FLAG) != 0) {
        properties.timestamp = wire.timestamp;
    }
    return properties;
}

void append_method(Buffer& out, std::uint16_t channel, amqp_method_number_t id, void* decoded, std::uint32_t frame_max)
{
    auto const room = out.reserve(frame_max);
    char* const payload = room.data() + k_envelope;
    write32(payload, id);
    auto const size = amqp_encode_method(id, decoded, {frame_max - k_frame_overhead - 4, payload + 4});
    if (size < 0) {
        base::fail(base::ExitCode::data, "arguments of {} cannot be encoded: {}", amqp_method_name(id),
                   amqp_error_string2(size));
    }
    write_envelope(room.data(), FrameType::method, channel, static_cast<std::size_t>(size) + 4);
    out.commit(static_cast<std::size_t>(size) + 4 + k_frame_overhead);
}

namespace {

/// The property list (flags and values) of one message, encoded at `to`.
std::size_t encode_properties(Properties const& properties, std::span<char> to)
{
    amqp_basic_properties_t wire{};
    auto const give = [&](amqp_flags_t flag, std::optional<std::string> const& from, amqp_bytes_t& into) {
        if (from) {
            wire._flags |= flag;
            into = bytes_of(*from);
        }
    };
    give(AMQP_BASIC_CONTENT_TYPE_FLAG, properties.content_type, wire.content_type);
    give(AMQP_BASIC_CONTENT_ENCODING_FLAG, properties.content_encoding, wire.content_encoding);
    give(AMQP_BASIC_CORRELATION_ID_FLAG, properties.correlation_id, wire.correlation_id);
    give(AMQP_BASIC_REPLY_TO_FLAG, properties.reply_to, wire.reply_to);
    give(AMQP_BASIC_EXPIRATION_FLAG, properties.expiration, wire.expiration);
    give(AMQP_BASIC_MESSAGE_ID_FLAG, properties.message_id, wire.message_id);
    give(AMQP_BASIC_TYPE_FLAG, properties.type, wire.type);
    give(AMQP_BASIC_USER_ID_FLAG, properties.user_id, wire.user_id);
    give(AMQP_BASIC_APP_ID_FLAG, properties.app_id, wire.app_id);
    std::optional<WireTable> headers;
    if (!properties.headers.empty()) {
        headers.emplace(properties.headers);
        wire._flags |= AMQP_BASIC_HEADERS_FLAG;
        wire.headers = headers->get();
    }
    if (properties.delivery_mode) {
        wire._flags |= AMQP_BASIC_DELIVERY_MODE_FLAG;
        wire.delivery_mode = *properties.delivery_mode;
    }
    if (properties.priority) {
        wire._flags |= AMQP_BASIC_PRIORITY_FLAG;
        wire.priority = *properties.priority;
    }
    if (properties.timestamp) {
        wire._flags |= AMQP_BASIC_TIMESTAMP_FLAG;
        wire.timestamp = *properties.timestamp;
    }
    auto const size = amqp_encode_properties(AMQP_BASIC_CLASS, &wire, {to.size(), to.data()});
    if (size < 0) {
        throw base::Error(base::ExitCode::data, "message properties cannot be encoded",
                          "Each property is at most 255 bytes, and all with the headers fit one frame (128 KiB).");
    }
    return static_cast<std::size_t>(size);
}

} // namespace

void append_content(Buffer& out, std::uint16_t channel, Properties const& properties, std::string_view body,
                    std::uint32_t frame_max)
{
    constexpr std::size_t k_fixed = 12; // class, weight, body size
    auto const room = out.reserve(frame_max);
    char* const payload = room.data() + k_envelope;
    auto const size = encode_properties(properties, {payload + k_fixed, frame_max - k_frame_overhead - k_fixed});
    write32(payload, static_cast<std::uint32_t>(AMQP_BASIC_CLASS) << 16U);
    write32(payload + 4, static_cast<std::uint32_t>(static_cast<std::uint64_t>(body.size()) >> 32U));
    write32(payload + 8, static_cast<std::uint32_t>(body.size()));
    write_envelope(room.data(), FrameType::header, channel, k_fixed + size);
    out.commit(k_fixed + size + k_frame_overhead);
    while (!body.empty()) {
        auto const part = body.substr(0, frame_max - k_frame_overhead);
        char* const frame = out.reserve(part.size() + k_frame_overhead).data();
        std::memcpy(frame + k_envelope, part.data(), part.size());
        write_envelope(frame, FrameType::body, channel, part.size());
        out.commit(part.size() + k_frame_overhead);
        body.remove_prefix(part.size());
    }
}

void append_heartbeat(Buffer& out)
{
    write_envelope(out.reserve(k_frame_overhead).data(), FrameType::heartbeat, 0, 0);
    out.commit(k_frame_overhead);
}

} // namespace rmqha::amqp
