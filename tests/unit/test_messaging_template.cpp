#include "amqp/message.hpp"
#include "base/error.hpp"
#include "messaging/template.hpp"
#include "support/catch.hpp"

using namespace rmqha;
using messaging::DeliveryTemplate;
using messaging::KeyTemplate;

namespace {

std::string key(std::string const& text, std::string const& body)
{
    return KeyTemplate(text).render(body);
}

std::string shown(std::string const& text, amqp::Delivery const& delivery)
{
    std::string out;
    DeliveryTemplate(text).render(delivery, out);
    return out;
}

} // namespace

TEST_CASE("a routing key without fields is as it is; doubled braces are braces")
{
    CHECK(key("jobs", "x") == "jobs");
    CHECK(key("", "x").empty());
    CHECK(key("a{{b}}", "x") == "a{b}");
    CHECK_FALSE(KeyTemplate("a{{b}}").has_fields());
    CHECK(key("a\\n", "") == "a\\n");
}

TEST_CASE("a routing key takes members of the message's JSON")
{
    std::string const body = R"({"user":{"id":42,"name":"Ω"},"country":"DE","a.b":"dotted","ok":true,"f":1.50})";
    CHECK(key("user.{country}.{user.id}", body) == "user.DE.42");
    CHECK(key("{user.name}{ok}", body) == "Ωtrue");
    CHECK(key("{a.b}", body) == "dotted");
}

TEST_CASE("a routing key takes words of the message")
{
    CHECK(key("{2}-{1}", "  one\ttwo  three\n") == "two-one");
    CHECK_THROWS_WITH(key("{4}", "one two three "), Catch::Contains("fewer words"));
    CHECK_THROWS_WITH(key("{1}", ""), Catch::Contains("fewer words"));
}

TEST_CASE("a routing key that cannot be made says why")
{
    auto const [text, body, reason] = GENERATE(table<std::string, std::string, std::string>({
        {"{user}", "not JSON", "the message is not a JSON object"},
        {"{user}", "[1]", "the message is not a JSON object"},
        {"{user}", "{}", "no such member"},
        {"{user.id}", R"({"user":1})", "no such member"},
        {"{user}", R"({"user":{}})", "it is an object"},
        {"{user}", R"({"user":[1]})", "it is an array"},
        {"{user}", R"({"user":null})", "it is null"},
        {"{1}", std::string(256, 'x'), "256 bytes long"},
    }));
    CAPTURE(text, body);
    CHECK_THROWS_WITH(key(text, body), Catch::Contains(reason));
}

TEST_CASE("a template that cannot be points at the place")
{
    auto const [text, reason] = GENERATE(table<std::string, std::string>({
        {"a{b", "without a closing one at character 2"},
        {"a{b{c}", "without a closing one at character 2"},
        {"a}b", "without an opening one at character 2"},
        {"{}", "a field without a name at character 1"},
        {"{body}\\x", "a backslash must be followed by n, t, r, 0 or \\ at character 7"},
        {"\\", "at character 1"},
        {"{bdy}", "there is no field \"bdy\""},
        {"{header.x}", "there is no field \"header.x\""},
    }));
    CAPTURE(text);
    CHECK_THROWS_WITH(DeliveryTemplate(text), Catch::Contains(reason));
}

TEST_CASE("a delivery is written as its template says")
{
    amqp::Delivery delivery;
    delivery.exchange = "events";
    delivery.routing_key = "user.new";
    delivery.redelivered = true;
    delivery.body = R"({"id":7,"tags":["a"],"name":"x"})";
    delivery.properties.message_id = "m-1";
    delivery.properties.priority = 3;
    delivery.properties.headers = {{"tries", {std::int64_t{2}}},
                                   {"from.host", {std::string("h")}},
                                   {"at", {amqp::Timestamp{17}}},
                                   {"inner", {amqp::Table{{"x", {std::string("y")}}}}}};
    CHECK(shown("{exchange}/{routing_key} {redelivered} {message_id} {priority}\\t{body.id}\\n", delivery) ==
          "events/user.new true m-1 3\t7\n");
    CHECK(shown("{headers.tries} {headers.from.host} {headers.at} {headers.inner.x}", delivery) == "2 h 17 y");
    CHECK(shown("{body.tags}{body.name}", delivery) == "[\"a\"]x");
    CHECK(shown("{{{body}}}\\0", delivery) == "{" + delivery.body + "}" + std::string(1, '\0'));
    CHECK(shown("{headers.inner}", delivery) == R"({"x":"y"})");
}

TEST_CASE("what a message does not have leaves nothing")
{
    CHECK(shown("[{message_id}{timestamp}{headers.x}{body.y}{delivery_mode}]", {}) == "[]");
    CHECK(shown("{headers}", {}) == "{}");
}
