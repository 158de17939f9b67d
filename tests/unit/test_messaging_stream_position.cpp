#include "base/units.hpp"
#include "messaging/stream_position.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

using namespace rmqha;
using namespace std::chrono_literals;
using messaging::parse_stream_offset;
using messaging::StreamOffset;
using messaging::StreamPlace;
using messaging::StreamPosition;

namespace {

auto const k_now = base::parse_time("2026-01-31T12:00:00.700Z").value();

amqp::Delivery message(std::uint64_t tag, std::optional<std::int64_t> offset)
{
    amqp::Delivery delivery{.delivery_tag = tag};
    delivery.properties.headers.push_back({"x-rmqha-seq", {std::int64_t{1}}});
    if (offset) {
        delivery.properties.headers.push_back({"x-stream-offset", {*offset}});
    }
    return delivery;
}

amqp::Value number(std::int64_t value)
{
    return {value};
}

/// A position in a stream whose messages from `first` to `last` have arrived with tags from 1.
StreamPosition arrived(std::int64_t first, std::int64_t last)
{
    StreamPosition position(StreamPlace::first);
    for (auto offset = first; offset <= last; ++offset) {
        position.arrived(message(static_cast<std::uint64_t>(offset - first + 1), offset));
    }
    return position;
}

} // namespace

TEST_CASE("a place in a stream is a word, an offset, an age or a time")
{
    CHECK(parse_stream_offset("first", k_now) == StreamOffset(StreamPlace::first));
    CHECK(parse_stream_offset("last", k_now) == StreamOffset(StreamPlace::last));
    CHECK(parse_stream_offset("next", k_now) == StreamOffset(StreamPlace::next));
    CHECK(parse_stream_offset("0", k_now) == StreamOffset(std::uint64_t{0}));
    CHECK(parse_stream_offset("9223372036854775807", k_now) == StreamOffset(std::uint64_t{9223372036854775807}));
    auto const seconds = [](char const* text) {
        return StreamOffset(std::chrono::floor<std::chrono::seconds>(base::parse_time(text).value()));
    };
    CHECK(parse_stream_offset("1h", k_now) == seconds("2026-01-31T11:00:00Z"));
    CHECK(parse_stream_offset("2026-01-30", k_now) == seconds("2026-01-30T00:00:00Z"));
    for (auto const* const text : {"", "First", "-1", "1.5", "9223372036854775808", "yesterday"}) {
        CAPTURE(text);
        auto const error = test::error_of([&] { parse_stream_offset(text, k_now); });
        CHECK(error.code() == base::ExitCode::usage);
        CHECK(error.what() == fmt::format("\"{}\" is no place in a stream", text));
    }
}

TEST_CASE("the first subscription asks for what the user asked for")
{
    CHECK_FALSE(StreamPosition(std::nullopt).argument(k_now));
    CHECK(StreamPosition(StreamPlace::first).argument(k_now) == amqp::Value{std::string("first")});
    CHECK(StreamPosition(StreamPlace::last).argument(k_now) == amqp::Value{std::string("last")});
    CHECK(StreamPosition(StreamPlace::next).argument(k_now) == amqp::Value{std::string("next")});
    CHECK(StreamPosition(std::uint64_t{7}).argument(k_now) == number(7));
    CHECK(StreamPosition(std::chrono::sys_seconds(90s)).argument(k_now) == amqp::Value{amqp::Timestamp{90}});
}

TEST_CASE("who subscribes again goes on behind what, with all before it, is done")
{
    auto position = arrived(100, 105);
    position.settled(2, false);
    CHECK_FALSE(position.next());
    position.settled(1, false);
    CHECK(position.next() == 102U);
    position.settled(4, false);
    position.forget();
    CHECK(position.argument(k_now) == number(102));
    CHECK(position.in_stream());
}

TEST_CASE("several are done at once")
{
    auto position = arrived(100, 105);
    position.settled(2, false);
    position.settled(5, true);
    CHECK(position.next() == 105U);
    position.forget();
    position.settled(6, true); // of a channel that is no more
    CHECK(position.argument(k_now) == number(105));
}

TEST_CASE("on the same channel it goes on behind what has arrived")
{
    auto position = arrived(100, 105);
    position.settled(1, false);
    CHECK(position.argument(k_now) == number(106));
}

TEST_CASE("what came during an outage is not missed, also when nothing came before")
{
    StreamPosition next(StreamPlace::next);
    next.argument(k_now);
    auto const first_time = std::chrono::floor<std::chrono::seconds>(k_now).time_since_epoch().count();
    CHECK(next.argument(k_now + 1h) == amqp::Value{amqp::Timestamp{static_cast<std::uint64_t>(first_time)}});
    StreamPosition first(StreamPlace::first);
    first.argument(k_now);
    CHECK(first.argument(k_now + 1h) == amqp::Value{std::string("first")});
}

TEST_CASE("another queue than a stream is known by its first message")
{
    StreamPosition plain(std::nullopt);
    plain.arrived(message(1, std::nullopt));
    plain.settled(1, false);
    CHECK_FALSE(plain.argument(k_now));
    CHECK_FALSE(plain.in_stream());
    CHECK_FALSE(plain.misplaced());
    StreamPosition misplaced(StreamPlace::first);
    misplaced.arrived(message(1, std::nullopt));
    CHECK(misplaced.misplaced());
    StreamPosition implicit(std::nullopt);
    implicit.arrived(message(1, 5));
    implicit.settled(1, false);
    implicit.forget();
    CHECK(implicit.argument(k_now) == number(6));
}
