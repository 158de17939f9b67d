#include "base/error.hpp"
#include "config/uri.hpp"
#include "support/catch.hpp"

using namespace rmqha;
using config::parse_uris;
using config::Values;

TEST_CASE("a URI says what it holds and nothing else", "[config]")
{
    CHECK(parse_uris({"amqp://rabbit1"}) == Values{{"node", {"rabbit1"}}, {"tls", {"false"}}});
    CHECK(parse_uris({"amqp://"}) == Values{{"node", {"localhost"}}, {"tls", {"false"}}});
    CHECK(parse_uris({"amqp://ops@h:5673"}) == Values{{"node", {"h:5673"}}, {"tls", {"false"}}, {"user", {"ops"}}});
    CHECK(parse_uris({"amqp://ops:pw@[::1]:5673/shop"}) == Values{{"node", {"[::1]:5673"}},
                                                                  {"tls", {"false"}},
                                                                  {"uri_password", {"pw"}},
                                                                  {"user", {"ops"}},
                                                                  {"vhost", {"shop"}}});
    CHECK(parse_uris(
              {"amqps://h/%2F?heartbeat=10&connection_timeout=250&cacertfile=/ca.pem&certfile=/c.pem&keyfile=/k.pem"
               "&verify=verify_none&server_name_indication=rabbit"}) == Values{{"cacert", {"/ca.pem"}},
                                                                               {"cert", {"/c.pem"}},
                                                                               {"connection_timeout", {"250ms"}},
                                                                               {"heartbeat", {"10s"}},
                                                                               {"insecure", {"true"}},
                                                                               {"key", {"/k.pem"}},
                                                                               {"node", {"h"}},
                                                                               {"server_name", {"rabbit"}},
                                                                               {"tls", {"true"}},
                                                                               {"vhost", {"/"}}});
}

TEST_CASE("parts of a URI are percent-decoded", "[config]")
{
    auto const values = parse_uris({"amqp://o%40ps:p%3Aa%2Fs%25%3f@h/a%2fb"});
    CHECK(values.at("user").front() == "o@ps");
    CHECK(values.at("uri_password").front() == "p:a/s%?");
    CHECK(values.at("vhost").front() == "a/b");
    CHECK(config::percent_encoded("a/b ü~") == "a%2Fb%20%C3%BC~");
}

TEST_CASE("several URIs give several nodes, repeated or apart by commas", "[config]")
{
    auto const nodes = std::vector<std::string>{"a", "b:1", "c"};
    CHECK(parse_uris({"amqp://a,amqp://b:1", "amqp://c"}).at("node") == nodes);
    CHECK(parse_uris({"amqp://a, amqp://b:1,amqp://c,"}).at("node") == nodes);
    CHECK(parse_uris({"amqp://u:p,w@a,amqp://u:p,w@b"}).at("uri_password").front() == "p,w");
}

TEST_CASE("URIs must agree on everything but the node", "[config]")
{
    CHECK_THROWS_WITH(parse_uris({"amqp://a/x,amqp://b/y"}), Catch::Contains("\"amqp://b/y\" differs"));
    CHECK_THROWS_WITH(parse_uris({"amqp://u:secret1@a,amqp://u:secret2@b"}), !Catch::Contains("secret"));
}

TEST_CASE("a URI that cannot be is refused, its password unsaid", "[config]")
{
    struct Row {
        char const* text;
        char const* message;
    };
    auto const row = GENERATE(values<Row>({
        {"", "not a URI"},
        {"u:secret@h", "not a URI"},
        {"http://u:secret@h", "not an AMQP URI"},
        {"amqp://u:secret@h/", "ends in a slash"},
        {"amqp://u:secret@h/?heartbeat=3", "ends in a slash"},
        {"amqp://u:secret@h/a/b", "more than one vhost"},
        {"amqp://u:secret@h:0", "port \"0\""},
        {"amqp://u:secret@h:x", "port \"x\""},
        {"amqp://u:sec%zzret@h", "password: a %"},
        {"amqp://u:secret%2@h", "password: a %"},
        {"amqp://:secret@h", "no user"},
        {"amqp://u:secret/x@h", "not a port"},
        {"amqp://u:secret?x@h", "not a port"},
        {"amqp://u:secret", "not a port"},
        {"amqp://u:secret@a,b", "comma in the host"},
        {"amqp://u:secret@::1", "needs brackets"},
        {"amqp://u:secret@h?heartbaet=3", "unknown parameter \"heartbaet\""},
        {"amqp://u:secret@h?heartbeat=3s", "heartbeat \"3s\": not a whole number of seconds"},
        {"amqp://u:secret@h?connection_timeout=-1", "not a whole number of milliseconds"},
        {"amqp://u:secret@h?heartbeat", "parameter \"heartbeat\" has no value"},
        {"amqp://u:secret@h?cacertfile=/x", "for TLS only"},
        {"amqps://u:secret@h?verify=maybe", "neither verify_none nor verify_peer"},
    }));
    CAPTURE(row.text);
    CHECK_THROWS_WITH(parse_uris({row.text}), Catch::Contains(row.message) && !Catch::Contains("secret"));
}

TEST_CASE("what a wrong URI should be is in the hint", "[config]")
{
    auto const hint = [](char const* text) {
        try {
            parse_uris({text});
        } catch (base::Error const& error) {
            CHECK(error.code() == base::ExitCode::usage);
            return error.hint();
        }
        return std::string("accepted");
    };
    CHECK_THAT(hint("amqp://h/"), Catch::Contains("%2F"));
    CHECK_THAT(hint("amqp://h?heartbaet=3"), Catch::Contains("Did you mean \"heartbeat\"?"));
    CHECK_THAT(hint("amqp://u:p/w@h"), Catch::Contains("%2F"));
}

TEST_CASE("a URI is shown without its password", "[config]")
{
    CHECK(config::redacted("amqp://u:secret@h:5672/v") == "amqp://u:***@h:5672/v");
    CHECK(config::redacted("amqp://u:se@cr/et@h") == "amqp://u:***@h");
    CHECK(config::redacted("u:secret@h") == "u:***@h");
    CHECK(config::redacted("amqp://u:secret") == "amqp://u:***");
    CHECK(config::redacted("amqp://h:5672/v?heartbeat=3") == "amqp://h:5672/v?heartbeat=3");
    CHECK(config::redacted("amqp://u@[::1]:5672") == "amqp://u@[::1]:5672");
}
