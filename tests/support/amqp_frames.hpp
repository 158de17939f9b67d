#pragma once

#include "support/scripted_server.hpp"

#include <cstdint>
#include <string>
#include <string_view>

/// AMQP 0-9-1 as a broker writes it, byte by byte: independent of the codec under test.
namespace rmqha::test::wire {

std::string u8(unsigned value);
std::string u16(unsigned value);
std::string u32(std::uint32_t value);
std::string u64(std::uint64_t value);
std::string short_string(std::string_view text);
std::string long_string(std::string_view text);

std::string frame(unsigned type, unsigned channel, std::string_view payload);
/// On channel 0 for class 10 (connection), else on channel 1.
std::string method(unsigned class_id, unsigned method_id, std::string_view arguments = {});

std::string start(std::string_view mechanisms = "PLAIN AMQPLAIN", unsigned major = 0, unsigned minor = 9);
std::string tune(unsigned channel_max = 2047, std::uint32_t frame_max = 131072, unsigned heartbeat = 60);
std::string open_ok();
std::string channel_open_ok();
std::string connection_close(unsigned code, std::string_view text);
std::string channel_close(unsigned code, std::string_view text);
std::string blocked(std::string_view reason);
std::string confirm_select_ok();
std::string ack(std::uint64_t tag, bool multiple = false);
std::string nack(std::uint64_t tag, bool multiple = false);
std::string deliver(std::uint64_t tag, bool redelivered = false);
std::string returned(std::string_view routing_key);
std::string header(std::uint64_t body_size, std::string_view properties = std::string_view("\0\0", 2));
std::string body(std::string_view bytes);
std::string heartbeat();

/// The client's next frame, heartbeats passed over: "class.method" ("10.11"), or "header", "body".
std::string read_frame(Peer& peer);
/// Reads frames until this one.
void await(Peer& peer, std::string_view name);

/// Plays the broker up to the open channel.
void accept_login(Peer& peer, std::string_view tuning = tune());

} // namespace rmqha::test::wire
