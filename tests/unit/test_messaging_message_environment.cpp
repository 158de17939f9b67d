#include "messaging/message_environment.hpp"
#include "support/catch.hpp"

using namespace rmqha;

namespace {

std::vector<std::string> variables(amqp::Properties properties)
{
    auto all = messaging::message_environment("q", {.properties = std::move(properties)});
    all.erase(all.begin(), all.begin() + 4); // queue, exchange, routing key, redelivered
    return all;
}

using Words = std::vector<std::string>;

} // namespace

TEST_CASE("where a message came from is in its environment", "[messaging]")
{
    CHECK(messaging::message_environment("q", {.redelivered = true, .exchange = "e", .routing_key = "r.k"}) ==
          Words{"MESSAGE_QUEUE=q", "MESSAGE_EXCHANGE=e", "MESSAGE_ROUTING_KEY=r.k", "MESSAGE_REDELIVERED=true"});
}

TEST_CASE("properties are in the environment when the message has them", "[messaging]")
{
    CHECK(variables({}).empty());
    CHECK(variables({.content_type = "text/plain",
                     .content_encoding = "gzip",
                     .delivery_mode = std::uint8_t{2},
                     .priority = std::uint8_t{0},
                     .correlation_id = "c",
                     .reply_to = "r",
                     .expiration = "100",
                     .message_id = "m",
                     .timestamp = 1'700'000'000,
                     .type = "t",
                     .user_id = "u",
                     .app_id = ""}) == Words{"MESSAGE_CONTENT_TYPE=text/plain", "MESSAGE_CONTENT_ENCODING=gzip",
                                             "MESSAGE_DELIVERY_MODE=2", "MESSAGE_PRIORITY=0",
                                             "MESSAGE_CORRELATION_ID=c", "MESSAGE_REPLY_TO=r", "MESSAGE_EXPIRATION=100",
                                             "MESSAGE_ID=m", "MESSAGE_TIMESTAMP=1700000000", "MESSAGE_TYPE=t",
                                             "MESSAGE_USER_ID=u", "MESSAGE_APP_ID="});
}

TEST_CASE("headers are in the environment by a name that every shell can read", "[messaging]")
{
    CHECK(variables({.headers = {{"x-delivery-count", {std::int64_t{3}}},
                                 {"Größe", {std::string("a b\n'c'")}},
                                 {"yes", {true}},
                                 {"half", {0.5}},
                                 {"at", {amqp::Timestamp{12}}},
                                 {"none", {}},
                                 {"raw", {amqp::Binary{"\xff"}}},
                                 {"list", {amqp::Array{{std::int64_t{1}}, {std::string("x")}, {}}}},
                                 {"table", {amqp::Table{{"k", {amqp::Array{}}}}}}}}) ==
          Words{"MESSAGE_HEADER_X_DELIVERY_COUNT=3", "MESSAGE_HEADER_GR____E=a b\n'c'", "MESSAGE_HEADER_YES=true",
                "MESSAGE_HEADER_HALF=0.5", "MESSAGE_HEADER_AT=12", "MESSAGE_HEADER_NONE=", "MESSAGE_HEADER_RAW=\xff",
                "MESSAGE_HEADER_LIST=[1,\"x\",null]", "MESSAGE_HEADER_TABLE={\"k\":[]}"});
}

TEST_CASE("what an environment cannot hold is left out; of equal names the first counts", "[messaging]")
{
    constexpr std::size_t k_most = (128U << 10U) - 1; // without the NUL behind it
    std::string const fitting(k_most - std::string("MESSAGE_HEADER_FITS=").size(), 'x');
    CHECK(variables({.headers = {{"nul", {std::string(1, '\0')}},
                                 {"a-b", {std::string("first")}},
                                 {"a_b", {std::string("second")}},
                                 {"fits", {fitting}},
                                 {"long", {fitting + "x"}}},
                     .message_id = std::string("a\0b", 3)}) ==
          Words{"MESSAGE_HEADER_A_B=first", "MESSAGE_HEADER_FITS=" + fitting});
}
