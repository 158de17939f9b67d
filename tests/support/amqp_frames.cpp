#include "support/amqp_frames.hpp"

namespace rmqha::test::wire {

namespace {

std::string big_endian(std::uint64_t value, int bytes)
{
    std::string result;
    for (int i = bytes - 1; i >= 0; --i) {
        result += static_cast<char>(value >> (8 * i));
    }
    return result;
}

unsigned number(std::string_view bytes)
{
    unsigned result = 0;
    for (char const byte : bytes) {
        result = result << 8U | static_cast<unsigned char>(byte);
    }
    return result;
}

constexpr unsigned k_connection = 10;
constexpr unsigned k_channel = 20;
constexpr unsigned k_basic = 60;
constexpr unsigned k_confirm = 85;

} // namespace

std::string u8(unsigned value)
{
    return big_endian(value, 1);
}

std::string u16(unsigned value)
{
    return big_endian(value, 2);
}

std::string u32(std::uint32_t value)
{
    return big_endian(value, 4);
}

std::string u64(std::uint64_t value)
{
    return big_endian(value, 8);
}

std::string short_string(std::string_view text)
{
    return u8(static_cast<unsigned>(text.size())) + std::string(text);
}

std::string long_string(std::string_view text)
{
    return u32(static_cast<std::uint32_t>(text.size())) + std::string(text);
}

std::string frame(unsigned type, unsigned channel, std::string_view payload)
{
    return u8(type) + u16(channel) + long_string(payload) + '\xce';
}

std::string method(unsigned class_id, unsigned method_id, std::string_view arguments)
{
    return frame(1, class_id == k_connection ? 0 : 1, u16(class_id) + u16(method_id) + std::string(arguments));
}

std::string start(std::string_view mechanisms, unsigned major, unsigned minor)
{
    auto const properties = short_string("product") + 'S' + long_string("RabbitMQ") + short_string("version") + 'S' +
                            long_string("4.0.5") + short_string("cluster_name") + 'S' + long_string("prod");
    return method(k_connection, 10,
                  u8(major) + u8(minor) + long_string(properties) + long_string(mechanisms) + long_string("en_US"));
}

std::string tune(unsigned channel_max, std::uint32_t frame_max, unsigned heartbeat)
{
    return method(k_connection, 30, u16(channel_max) + u32(frame_max) + u16(heartbeat));
}

std::string open_ok()
{
    return method(k_connection, 41, short_string(""));
}

std::string channel_open_ok()
{
    return method(k_channel, 11, long_string(""));
}

std::string connection_close(unsigned code, std::string_view text)
{
    return method(k_connection, 50, u16(code) + short_string(text) + u16(0) + u16(0));
}

std::string channel_close(unsigned code, std::string_view text)
{
    return method(k_channel, 40, u16(code) + short_string(text) + u16(0) + u16(0));
}

std::string blocked(std::string_view reason)
{
    return method(k_connection, 60, short_string(reason));
}

std::string confirm_select_ok()
{
    return method(k_confirm, 11);
}

std::string ack(std::uint64_t tag, bool multiple)
{
    return method(k_basic, 80, u64(tag) + u8(multiple ? 1 : 0));
}

std::string nack(std::uint64_t tag, bool multiple)
{
    return method(k_basic, 120, u64(tag) + u8(multiple ? 1 : 0));
}

std::string deliver(std::uint64_t tag, bool redelivered)
{
    return method(k_basic, 60,
                  short_string("ctag") + u64(tag) + u8(redelivered ? 1 : 0) + short_string("ex") + short_string("key"));
}

std::string returned(std::string_view routing_key)
{
    return method(k_basic, 50, u16(312) + short_string("NO_ROUTE") + short_string("") + short_string(routing_key));
}

std::string header(std::uint64_t body_size, std::string_view properties)
{
    return frame(2, 1, u16(k_basic) + u16(0) + u64(body_size) + std::string(properties));
}

std::string body(std::string_view bytes)
{
    return frame(3, 1, bytes);
}

std::string heartbeat()
{
    return frame(8, 0, {});
}

std::string read_frame(Peer& peer)
{
    for (;;) {
        auto const envelope = peer.read_exactly(7);
        auto const payload = peer.read_exactly(number(envelope.substr(3)));
        peer.expect("\xce");
        switch (envelope[0]) {
        case 1:
            return std::to_string(number(payload.substr(0, 2))) + '.' + std::to_string(number(payload.substr(2, 2)));
        case 2:
            return "header";
        case 3:
            return "body";
        default:
            break; // a heartbeat
        }
    }
}

void await(Peer& peer, std::string_view name)
{
    while (read_frame(peer) != name) {
    }
}

void accept_login(Peer& peer, std::string_view tuning)
{
    peer.expect(std::string_view("AMQP\0\0\x09\x01", 8));
    peer.send(start());
    await(peer, "10.11");
    peer.send(tuning);
    await(peer, "10.40");
    peer.send(open_ok());
    await(peer, "20.10");
    peer.send(channel_open_ok());
}

} // namespace rmqha::test::wire
