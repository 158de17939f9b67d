#include "base/encoding.hpp"
#include "base/error.hpp"
#include "messaging/envelope.hpp"
#include "support/catch.hpp"

#include <cmath>
#include <limits>
#include <random>

using namespace rmqha;
using messaging::Message;

namespace {

std::string written(Message const& message)
{
    return messaging::write_envelope({.exchange = message.exchange,
                                      .routing_key = message.routing_key,
                                      .properties = message.properties,
                                      .body = message.body});
}

Message read(std::string const& line, Message into = {})
{
    messaging::read_envelope(line, into);
    return into;
}

/// Messages of every kind, the nasty ones more often than they occur.
class RandomMessages {
public:
    explicit RandomMessages(unsigned seed) : m_random(seed) {}

    Message message()
    {
        Message message{.exchange = text(), .routing_key = text(), .properties = properties(), .body = text()};
        return message;
    }

private:
    std::size_t below(std::size_t limit) { return m_random() % limit; }
    bool often() { return below(2) == 0; }

    std::string text()
    {
        static std::string const pieces[] = {"a",    "Ω",    "\"", "\\", "\n", std::string(1, '\0'),
                                             "\xff", "\xc3", "$",  "{",  "}"};
        std::string result;
        for (std::size_t i = below(6); i > 0; --i) {
            result += pieces[below(std::size(pieces))];
        }
        return result;
    }

    amqp::Value value(int depth)
    {
        switch (below(depth < 4 ? 9 : 7)) {
        case 0:
            return {};
        case 1:
            return {often()};
        case 2:
            return {static_cast<std::int64_t>(m_random())};
        case 3: {
            double const doubles[] = {3.0, -0.0, 0.1, 1e300, std::numeric_limits<double>::infinity(), 5e-324, 1e20};
            return {doubles[below(std::size(doubles))]};
        }
        case 4:
            return {text()};
        case 5:
            return {amqp::Binary{text()}};
        case 6:
            return {amqp::Timestamp{m_random()}};
        case 7: {
            amqp::Array array;
            for (std::size_t i = below(4); i > 0; --i) {
                array.push_back(value(depth + 1));
            }
            return {array};
        }
        default:
            return {table(depth + 1)};
        }
    }

    amqp::Table table(int depth)
    {
        static std::string const names[] = {"$timestamp", "$table", "$fields", "$base64", "plain"};
        amqp::Table result;
        for (std::size_t i = below(4); i > 0; --i) {
            result.push_back({often() ? names[below(std::size(names))] : text() + "x", value(depth)});
        }
        return result;
    }

    amqp::Properties properties()
    {
        amqp::Properties result;
        for (auto* const property :
             {&result.content_type, &result.content_encoding, &result.correlation_id, &result.reply_to,
              &result.expiration, &result.message_id, &result.type, &result.user_id, &result.app_id}) {
            if (often()) {
                *property = text();
            }
        }
        if (often()) {
            result.delivery_mode = static_cast<std::uint8_t>(below(256));
            result.priority = static_cast<std::uint8_t>(below(256));
            result.timestamp = m_random();
        }
        result.headers = table(0);
        return result;
    }

    std::mt19937_64 m_random;
};

} // namespace

TEST_CASE("any message comes back from its envelope as it was")
{
    for (unsigned seed = 1; seed <= 5000; ++seed) {
        auto const message = RandomMessages(seed).message();
        auto const line = written(message);
        CAPTURE(seed, line);
        REQUIRE(line.find('\n') == std::string::npos);
        auto const back = read(line);
        REQUIRE(back.exchange == message.exchange);
        REQUIRE(back.routing_key == message.routing_key);
        REQUIRE(back.body == message.body);
        REQUIRE(back.properties == message.properties);
    }
}

TEST_CASE("an envelope reads as one expects")
{
    Message message{
        .exchange = "events", .routing_key = "k", .properties = {.delivery_mode = 2, .type = "t"}, .body = "hello"};
    message.properties.headers = {{"tries", {std::int64_t{3}}},
                                  {"share", {0.5}},
                                  {"whole", {3.0}},
                                  {"at", {amqp::Timestamp{1700000000}}},
                                  {"raw", {amqp::Binary{"\x01\x02"}}}};
    CHECK(written(message) ==
          R"({"exchange":"events","routing_key":"k","properties":{"delivery_mode":2,"type":"t"},)"
          R"("headers":{"tries":3,"share":0.5,"whole":3.0,"at":{"$timestamp":1700000000},"raw":{"$binary":"AQI="}},)"
          R"("body":"hello"})");
    message.body = "\xff";
    message.properties = {};
    CHECK(
        messaging::write_envelope({.exchange = message.exchange,
                                   .routing_key = message.routing_key,
                                   .properties = message.properties,
                                   .body = message.body,
                                   .redelivered = true,
                                   .fate = "nacked",
                                   .reason = "full"}) ==
        R"({"exchange":"events","routing_key":"k","redelivered":true,"fate":"nacked","reason":"full","body_base64":"/w=="})");
}

TEST_CASE("not a number keeps being none")
{
    Message message;
    message.properties.headers = {{"n", {std::nan("")}}};
    auto const back = read(written(message)).properties.headers;
    CHECK(std::isnan(std::get<double>(back.at(0).value.data)));
}

TEST_CASE("an envelope overrides the defaults key by key, and headers one by one")
{
    Message defaults{.exchange = "e",
                     .routing_key = "k",
                     .properties = {.content_type = "text/plain", .delivery_mode = 2},
                     .body = {}};
    defaults.properties.headers = {{"a", {std::string("default")}}, {"b", {std::string("default")}}};
    auto const message = read(R"({"body":"x","properties":{"content_type":"image/png"},"headers":{"b":1}})", defaults);
    CHECK(message.exchange == "e");
    CHECK(message.properties.content_type == "image/png");
    CHECK(message.properties.delivery_mode == 2);
    CHECK(message.properties.headers == amqp::Table{{"a", {std::string("default")}}, {"b", {std::int64_t{1}}}});
}

TEST_CASE("an envelope says whether it names a routing key; what was told besides is passed over")
{
    Message into;
    CHECK_FALSE(messaging::read_envelope(R"({"body":""})", into));
    CHECK(messaging::read_envelope(R"({"body":"","routing_key":"","redelivered":true,"fate":"nacked","reason":"x"})",
                                   into));
}

TEST_CASE("what is no envelope is refused in words")
{
    auto const [line, reason] = GENERATE(table<std::string, std::string>({
        {"", "it is not JSON"},
        {"{", "it is not JSON: column 2"},
        {R"({"body":"","headers":{"n":1e999}})", "it is not JSON: number overflow"},
        {"[]", "must be a JSON object, not an array"},
        {R"({"body":"x"} {"body":"y"})", "it is not JSON"},
        {"{\"body\":\"\xff\"}", "it is not JSON"},
        {"{}", "it has no body"},
        {R"({"body":"x","body_base64":""})", "both"},
        {R"({"body":1})", R"("body" must be a string, not a number)"},
        {R"({"body_base64":"?"})", "is not base64"},
        {R"({"body":"","routingkey":"x"})", R"(there is no "routingkey" in an envelope)"},
        {R"({"body":"","routing_key":null})", R"("routing_key" must be a string, not null)"},
        {R"({"body":"","properties":[]})", R"("properties" must be an object, not an array)"},
        {R"({"body":"","properties":{"contenttype":"x"}})", R"(there is no "contenttype" in the properties)"},
        {R"({"body":"","properties":{"priority":256}})", R"(property "priority" must be a whole number from 0 to 255)"},
        {R"({"body":"","properties":{"timestamp":-1}})", R"(property "timestamp" must be a whole number)"},
        {R"({"body":"","properties":{"expiration":5}})", R"(property "expiration" must be a string, not a number)"},
        {R"({"body":"","headers":{"n":9223372036854775808}})", R"(header "n" is beyond a signed integer of 64 bits)"},
        {R"({"body":"","headers":{"n":{"$binary":"?"}}})", R"(header "n" is not base64)"},
        {R"({"body":"","headers":{"n":{"$date":1}}})", R"(header "n": there is no "$date" of this kind)"},
        {R"({"body":"","headers":{"":1}})", "must be 1 to 255 bytes long"},
        {R"({"body":"","headers":{"n":{"$timestamp":"x"}}})", "$timestamp must be whole seconds"},
    }));
    CAPTURE(line);
    Message into;
    CHECK_THROWS_WITH(messaging::read_envelope(line, into), Catch::Contains(reason));
}

TEST_CASE("headers nested too deep are refused, however deep")
{
    std::size_t const depth = GENERATE(70U, 100'000U);
    auto const line = R"({"body":"","headers":{"n":)" + std::string(depth, '[') + std::string(depth, ']') + "}}";
    Message into;
    CHECK_THROWS_WITH(messaging::read_envelope(line, into), Catch::Contains("nested deeper than 64"));
}
