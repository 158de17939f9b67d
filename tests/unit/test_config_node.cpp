#include "base/error.hpp"
#include "config/node.hpp"
#include "support/catch.hpp"

using namespace rmqha;
using config::Node;
using config::parse_node;

TEST_CASE("a node is read as it is written", "[config]")
{
    CHECK(parse_node("rabbit1") == Node{.host = "rabbit1", .name = ""});
    CHECK(parse_node("rabbit1:5673") == Node{.host = "rabbit1", .port = 5673, .name = ""});
    CHECK(parse_node("10.0.0.1:1,management=2,prometheus=3,weight=10,name=rabbit@r1") == Node{.host = "10.0.0.1",
                                                                                              .port = 1,
                                                                                              .management_port = 2,
                                                                                              .prometheus_port = 3,
                                                                                              .weight = 10,
                                                                                              .name = "rabbit@r1"});
    CHECK(parse_node("[::1]") == Node{.host = "::1", .name = ""});
    CHECK(parse_node("[fe80::1%eth0]:5671,weight=2") ==
          Node{.host = "fe80::1%eth0", .port = 5671, .weight = 2, .name = ""});
}

TEST_CASE("a node that cannot be is refused with the part that is wrong", "[config]")
{
    struct Row {
        char const* text;
        char const* message;
    };
    auto const row = GENERATE(values<Row>({
        {"", "host \"\""},
        {":5672", "host \"\""},
        {"a b", "host \"a b\""},
        {"a/b", "host \"a/b\""},
        {"-a", "host \"-a\""},
        {"a:", "port \"\""},
        {"a:0", "port \"0\""},
        {"a:65536", "port \"65536\""},
        {"a:56x", "port \"56x\""},
        {"::1", "needs brackets"},
        {"[::1", "not an IPv6 address"},
        {"[rabbit]", "not an IPv6 address"},
        {"[::1]5672", "unexpected \"5672\""},
        {"a,weight=0", "weight \"0\""},
        {"a,weight=1001", "weight \"1001\""},
        {"a,weigth=3", "\"weigth=3\""},
        {"a,b", "\"b\""},
        {"a,", "\"\""},
        {"a,name=rabbit", "node name \"rabbit\""},
        {"a,name=rabbit@", "node name \"rabbit@\""},
        {"a,management=x", "management port \"x\""},
    }));
    CAPTURE(row.text);
    CHECK_THROWS_WITH(parse_node(row.text), Catch::Contains(row.message));
}

TEST_CASE("a URI given as a node is not echoed, for it may hold a password", "[config]")
{
    CHECK_THROWS_WITH(parse_node("amqp://me:secret@host"), !Catch::Contains("secret"));
}

TEST_CASE("a misspelt part of a node is met with the nearest one", "[config]")
{
    try {
        parse_node("a,weigth=3");
        FAIL("accepted");
    } catch (base::Error const& error) {
        CHECK(error.code() == base::ExitCode::usage);
        CHECK_THAT(error.hint(), Catch::Contains("Did you mean \"weight\"?"));
    }
}

TEST_CASE("a node written as text is read back as the same node", "[config]")
{
    for (auto const* text : {"a", "a:5673", "[::1]:5673", "a:1,management=2,prometheus=3,weight=4,name=rabbit@a"}) {
        CHECK(config::to_text(parse_node(text)) == text);
    }
    CHECK(config::label(parse_node("[::1]:5673,weight=4")) == "[::1]:5673");
}

TEST_CASE("every strategy's name is read as that strategy", "[config]")
{
    REQUIRE(config::strategy_names().size() == 5);
    for (auto const& name : config::strategy_names()) {
        CHECK(config::to_string(config::parse_strategy(name)) == name);
    }
    CHECK(config::parse_strategy("in_order") == config::Strategy::in_order);
    try {
        config::parse_strategy("round-robin");
        FAIL("accepted");
    } catch (base::Error const& error) {
        CHECK_THAT(error.hint(), Catch::Contains("Did you mean \"round_robin\"?"));
    }
}
