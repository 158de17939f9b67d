#include "amqp/codec.hpp"
#include "amqp/content.hpp"
#include "amqp/failure.hpp"
#include "support/amqp_frames.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <limits>
#include <random>

using namespace rmqha;
using amqp::Buffer;
using amqp::Failure;
using amqp::FailureKind;
using amqp::Properties;
using amqp::Table;
namespace wire = test::wire;

namespace {

constexpr std::uint32_t k_frame_max = 4096;
constexpr std::uint16_t k_channel_max = 1;

std::string text_of(Buffer const& buffer)
{
    return {buffer.data().data(), buffer.size()};
}

bool is_not_amqp(std::string const& bytes)
{
    try {
        amqp::frame_at(bytes, k_frame_max, k_channel_max);
        return false;
    } catch (Failure const& failure) {
        return failure.kind() == FailureKind::not_amqp && failure.code() == base::ExitCode::protocol;
    }
}

/// What a message with these properties is read as from the bytes it is written as.
Properties through_the_wire(Properties const& properties)
{
    Buffer buffer;
    amqp::append_content(buffer, 1, properties, "", k_frame_max);
    auto const frame = amqp::frame_at(buffer.data(), k_frame_max, k_channel_max);
    REQUIRE(frame.has_value());
    CHECK(frame->type == amqp::FrameType::header);
    CHECK(amqp::wire_size(*frame) == buffer.size());
    return amqp::Decoder().properties(frame->payload);
}

/// True when these properties are refused as bad data, and nothing of them stays in the buffer.
bool is_refused(Properties const& properties)
{
    Buffer buffer;
    buffer.append(std::string_view("before"));
    try {
        amqp::append_content(buffer, 1, properties, "body", k_frame_max);
        return false;
    } catch (base::Error const& error) {
        return error.code() == base::ExitCode::data && text_of(buffer) == "before";
    }
}

Properties with_headers(Table headers)
{
    Properties properties;
    properties.headers = std::move(headers);
    return properties;
}

} // namespace

TEST_CASE("a frame is found once it is whole, never before")
{
    auto const bytes = wire::header(6);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        INFO(size);
        CHECK_FALSE(amqp::frame_at(std::string_view(bytes).substr(0, size), k_frame_max, k_channel_max));
    }
    auto const more = bytes + "what follows";
    auto const frame = amqp::frame_at(more, k_frame_max, k_channel_max);
    REQUIRE(frame.has_value());
    CHECK(frame->type == amqp::FrameType::header);
    CHECK(frame->channel == 1);
    CHECK(amqp::wire_size(*frame) == bytes.size());
    CHECK(amqp::body_size(frame->payload) == 6);
}

TEST_CASE("frames of an unknown type, above a limit or without their end octet are not AMQP")
{
    for (unsigned const type : {0U, 4U, 5U, 7U, 9U, 255U}) {
        CHECK(is_not_amqp(wire::frame(type, 1, "x")));
    }
    CHECK(is_not_amqp(wire::frame(3, 2, "x")));
    CHECK(is_not_amqp(wire::frame(3, 65535, "x")));
    auto bytes = wire::body("x");
    bytes.back() = '\xcd';
    CHECK(is_not_amqp(bytes));
}

TEST_CASE("a frame may be as large as agreed, and its size alone gives a larger one away")
{
    CHECK(amqp::frame_at(wire::body(std::string(k_frame_max - 8, 'x')), k_frame_max, k_channel_max).has_value());
    CHECK(is_not_amqp(wire::body(std::string(k_frame_max - 7, 'x')).substr(0, 7)));
    CHECK(is_not_amqp(wire::u8(3) + wire::u16(1) + wire::u32(0xffffffff)));
}

TEST_CASE("methods and content headers too short to be read are not AMQP")
{
    CHECK_THROWS_AS(amqp::method_id(std::string_view("abc")), Failure);
    CHECK_THROWS_AS(amqp::body_size(std::string_view("0123456789abc")), Failure);
    amqp::Decoder decoder;
    CHECK_THROWS_AS(decoder.method<amqp_basic_ack_t>(AMQP_BASIC_ACK_METHOD, std::string_view("1234567")), Failure);
    CHECK_THROWS_AS(decoder.method<amqp_basic_ack_t>(0x00990099, std::string_view("12345678")), Failure);
}

TEST_CASE("all properties of a message are read as they were written")
{
    Properties properties;
    CHECK(through_the_wire(properties) == properties);
    properties.content_type = "text/plain";
    properties.content_encoding = "gzip";
    properties.headers = {{"x", {std::string("y")}}};
    properties.delivery_mode = std::uint8_t{2};
    properties.priority = std::uint8_t{255};
    properties.correlation_id = std::string(255, 'c');
    properties.reply_to = "";
    properties.expiration = "60000";
    properties.message_id = std::string("\0\xff", 2);
    properties.timestamp = std::numeric_limits<std::uint64_t>::max();
    properties.type = "t";
    properties.user_id = "u";
    properties.app_id = "a";
    CHECK(through_the_wire(properties) == properties);
}

TEST_CASE("headers of every kind, within each other, are read as they were written")
{
    using Limits = std::numeric_limits<std::int64_t>;
    Table const inner{{"", {}}, {"deep", {amqp::Array{{amqp::Array{}}, {Table{}}, {Table{{"n", {Limits::min()}}}}}}}};
    auto const properties =
        with_headers({{"nothing", {}},
                      {"yes", {true}},
                      {"no", {false}},
                      {"least", {Limits::min()}},
                      {"most", {Limits::max()}},
                      {"number", {-0.1}},
                      {"text", {std::string("\0 gr\xc3\xbc\xc3\x9f", 8)}},
                      {"binary", {amqp::Binary{std::string("\0\xff", 2)}}},
                      {"time", {amqp::Timestamp{1'700'000'000}}},
                      {"array", {amqp::Array{{std::int64_t{1}}, {std::string("two")}, {}, {inner}, {inner}}}},
                      {"table", {inner}},
                      {"another table", {Table{{"a", {inner}}, {"b", {inner}}}}},
                      {std::string(255, 'n'), {true}},
                      {"yes", {std::string("a name may come twice")}}});
    CHECK(through_the_wire(properties) == properties);
}

TEST_CASE("numbers of every width of the wire are read")
{
    auto const field = [](char kind, std::string const& bytes) { return wire::short_string("") + kind + bytes; };
    auto const headers = field('b', wire::u8(0xff)) + field('B', wire::u8(0xff)) + field('s', wire::u16(0xffff)) +
                         field('u', wire::u16(0xffff)) + field('I', wire::u32(0xffffffff)) +
                         field('i', wire::u32(0xffffffff)) + field('l', wire::u64(~0ULL)) +
                         field('L', wire::u64(~0ULL)) + field('f', wire::u32(0x3fc00000)) +
                         field('D', wire::u8(2) + wire::u32(150));
    auto const bytes = wire::header(0, wire::u16(0x2000) + wire::long_string(headers));
    auto const frame = amqp::frame_at(bytes, k_frame_max, k_channel_max);
    REQUIRE(frame.has_value());
    std::vector<amqp::Value> values;
    for (auto const& header : amqp::Decoder().properties(frame->payload).headers) {
        values.push_back(header.value);
    }
    auto const whole = [](std::int64_t number) { return amqp::Value{number}; };
    CHECK(values == std::vector<amqp::Value>{whole(-1),
                                             whole(255),
                                             whole(-1),
                                             whole(65535),
                                             whole(-1),
                                             whole(0xffffffff),
                                             whole(-1),
                                             whole(std::numeric_limits<std::int64_t>::max()),
                                             {1.5},
                                             {1.5}});
}

TEST_CASE("properties that fit no frame, and names and texts too long, are bad data and leave nothing behind")
{
    std::string const long_text(256, 'x');
    for (auto const member : {&Properties::content_type, &Properties::correlation_id, &Properties::app_id}) {
        Properties properties;
        properties.*member = long_text;
        CHECK(is_refused(properties));
    }
    CHECK(is_refused(with_headers({{long_text, {true}}})));
    CHECK(is_refused(with_headers({{"a", {amqp::Array{{Table{{long_text, {}}}}}}}})));
    // frame overhead, fixed part, flags, table size, name, kind, text size
    constexpr std::size_t k_room = k_frame_max - 8 - 12 - 2 - 4 - 2 - 1 - 4;
    auto const fits = with_headers({{"a", {std::string(k_room, 'x')}}});
    CHECK(through_the_wire(fits) == fits);
    CHECK(is_refused(with_headers({{"a", {std::string(k_room + 1, 'x')}}})));
    CHECK(is_refused(with_headers({{"a", {amqp::Binary{std::string(200'000, 'x')}}}})));
}

TEST_CASE("numbers the broker cannot read are bad data, however deep, and leave nothing behind")
{
    constexpr auto k_infinite = std::numeric_limits<double>::infinity();
    CHECK(is_refused(with_headers({{"a", {std::numeric_limits<double>::quiet_NaN()}}})));
    CHECK(is_refused(with_headers({{"a", {-k_infinite}}})));
    CHECK(is_refused(with_headers({{"a", {amqp::Array{{1.5}, {Table{{"inner", {k_infinite}}}}}}}})));
}

TEST_CASE("a body is cut into frames of the size agreed, an empty one into none")
{
    for (std::size_t const size : {0U, 1U, 4087U, 4088U, 4089U, 8176U, 8177U, 20'000U}) {
        std::string body(size, '\0');
        std::generate(body.begin(), body.end(), [i = 0]() mutable { return static_cast<char>(i++); });
        Buffer buffer;
        amqp::append_content(buffer, 1, {}, body, k_frame_max);
        auto const header = amqp::frame_at(buffer.data(), k_frame_max, k_channel_max);
        REQUIRE(header.has_value());
        CHECK(amqp::body_size(header->payload) == size);
        buffer.consume(amqp::wire_size(*header));
        std::string together;
        std::size_t frames = 0;
        while (auto const frame = amqp::frame_at(buffer.data(), k_frame_max, k_channel_max)) {
            CHECK(frame->type == amqp::FrameType::body);
            together.append(frame->payload.data(), frame->payload.size());
            buffer.consume(amqp::wire_size(*frame));
            ++frames;
        }
        CHECK(buffer.empty());
        CHECK(together == body);
        CHECK(frames == (size + k_frame_max - 9) / (k_frame_max - 8));
    }
}

TEST_CASE("a method that fits no frame of the size agreed is bad data and leaves nothing behind")
{
    auto const declare = [](Buffer& buffer, std::string const& queue, std::size_t argument) {
        Table const arguments{{"a", {std::string(argument, 'x')}}};
        amqp::WireTable table(arguments);
        amqp_queue_declare_t method{};
        method.queue = amqp::bytes_of(queue);
        method.arguments = table.get();
        amqp::append_method(buffer, 1, AMQP_QUEUE_DECLARE_METHOD, &method, k_frame_max);
    };
    // frame overhead, method, ticket, queue, flags, table size, name, kind, text size
    constexpr std::size_t k_room = k_frame_max - 8 - 4 - 2 - 2 - 1 - 4 - 2 - 1 - 4;
    Buffer buffer;
    declare(buffer, "q", k_room);
    auto const before = text_of(buffer);
    CHECK(before.size() == k_frame_max);
    auto const frame = amqp::frame_at(before, k_frame_max, k_channel_max);
    REQUIRE(frame.has_value());
    CHECK(amqp::method_id(frame->payload) == AMQP_QUEUE_DECLARE_METHOD);
    CHECK_THROWS_AS(declare(buffer, "q", k_room + 1), base::Error);
    CHECK_THROWS_AS(declare(buffer, std::string(256, 'q'), 1), base::Error);
    CHECK(text_of(buffer) == before);
}

TEST_CASE("a heartbeat is written as the protocol has it")
{
    Buffer buffer;
    amqp::append_heartbeat(buffer);
    CHECK(text_of(buffer) == wire::heartbeat());
}

TEST_CASE("a buffer holds what a string would after the same appending, consuming and taking back")
{
    std::mt19937 random(1); // NOLINT(cert-msc51-cpp): the same run every time
    auto const up_to = [&](std::size_t most) { return std::uniform_int_distribution<std::size_t>(0, most)(random); };
    Buffer buffer;
    std::string model;
    bool same = true;
    for (int i = 0; i < 5000 && same; ++i) {
        switch (up_to(3)) {
        case 0: {
            std::string const more(up_to(up_to(9) == 0 ? 20'000 : 300), static_cast<char>(up_to(255)));
            buffer.append(more);
            model += more;
            break;
        }
        case 1: {
            auto const room = buffer.reserve(100);
            same = room.size() >= 100;
            std::fill_n(room.begin(), 7, 'r');
            buffer.commit(7);
            model += std::string(7, 'r');
            break;
        }
        case 2: {
            auto const count = up_to(model.size());
            buffer.consume(count);
            model.erase(0, count);
            break;
        }
        default: {
            auto const size = model.size() - up_to(std::min<std::size_t>(model.size(), 50));
            buffer.truncate(size);
            model.resize(size);
        }
        }
        same = same && text_of(buffer) == model && buffer.empty() == model.empty();
    }
    CHECK(same);
}

namespace {

/// Reads frames as a connection does until bytes are missing: how many it read, or -1 when they broke the protocol.
int frames_in(std::string_view bytes)
{
    int frames = 0;
    amqp::Decoder decoder;
    amqp::ContentAssembler content;
    try {
        while (auto const frame = amqp::frame_at(bytes, k_frame_max, k_channel_max)) {
            bytes.remove_prefix(amqp::wire_size(*frame));
            ++frames;
            if (frame->type == amqp::FrameType::heartbeat) {
                continue;
            }
            if (frame->type != amqp::FrameType::method) {
                content.take(*frame, decoder, nullptr);
                continue;
            }
            auto const id = amqp::method_id(frame->payload);
            auto const arguments = frame->payload.subspan(4);
            if (id == AMQP_BASIC_DELIVER_METHOD) {
                auto const& method = decoder.method<amqp_basic_deliver_t>(id, arguments);
                content.begin(amqp::Delivery{.consumer_tag = amqp::text(method.consumer_tag),
                                             .routing_key = amqp::text(method.routing_key)});
            } else if (id == AMQP_CONNECTION_START_METHOD) {
                amqp::table_of(decoder.method<amqp_connection_start_t>(id, arguments).server_properties);
            } else {
                decoder.method<char>(id, arguments);
            }
        }
    } catch (Failure const& failure) {
        if (failure.kind() != FailureKind::not_amqp) {
            throw;
        }
        return -1;
    }
    return frames;
}

} // namespace

TEST_CASE("whatever bytes a broken peer sends, they are refused or more are awaited")
{
    Buffer content;
    Table const inner{{"list", {amqp::Array{{std::int64_t{1}}, {std::string("two")}, {Table{{"x", {true}}}}}}}};
    auto properties = with_headers({{"table", {inner}}, {"number", {0.5}}, {"binary", {amqp::Binary{"12"}}}});
    properties.content_type = "text/plain";
    properties.timestamp = 1;
    amqp::append_content(content, 1, properties, "body", k_frame_max);
    std::vector<std::string> const good{wire::start() + wire::tune(),
                                        wire::heartbeat() + wire::deliver(1) + text_of(content) + wire::ack(3, true),
                                        wire::blocked("low on memory") + wire::channel_close(404, "NOT_FOUND"),
                                        wire::deliver(2) + wire::header(6) + wire::body("abc") + wire::body("def")};
    for (auto const& bytes : good) {
        CHECK(frames_in(bytes) > 0);
    }
    std::mt19937 random(1); // NOLINT(cert-msc51-cpp): the same run every time
    auto const up_to = [&](std::size_t most) { return std::uniform_int_distribution<std::size_t>(0, most)(random); };
    int broken = 0;
    for (int i = 0; i < 20'000; ++i) {
        auto bytes = good[up_to(good.size() - 1)];
        for (auto changes = up_to(3) + 1; changes > 0; --changes) {
            auto const at = up_to(bytes.size() - 1);
            switch (up_to(4)) {
            case 0:
                bytes[at] = static_cast<char>(up_to(255));
                break;
            case 1:
                bytes[at] = static_cast<char>(static_cast<unsigned char>(bytes[at]) ^ (1U << up_to(7)));
                break;
            case 2:
                bytes.erase(at, up_to(8));
                break;
            case 3:
                bytes.insert(at, bytes.substr(up_to(bytes.size() - 1), up_to(40)));
                break;
            default:
                bytes.resize(at + 1);
            }
            if (bytes.empty()) {
                break;
            }
        }
        broken += frames_in(bytes) < 0 ? 1 : 0;
    }
    CHECK(broken > 1000); // the changes do reach the decoder
}
