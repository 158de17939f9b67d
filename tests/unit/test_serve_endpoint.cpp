#include "base/error.hpp"
#include "serve/endpoint.hpp"
#include "support/catch.hpp"

using namespace rmqha;
using Catch::Contains;

TEST_CASE("an address to listen at is read as it is written")
{
    using serve::Endpoint;
    auto const read = [](char const* text) { return serve::parse_endpoint("--listen", text); };
    CHECK(read("127.0.0.1:15693") == Endpoint{"127.0.0.1", 15693});
    CHECK(read("localhost:0") == Endpoint{"localhost", 0});
    CHECK(read("[::1]:80") == Endpoint{"::1", 80});
    CHECK(to_text(read("[::1]:80")) == "[::1]:80");
    CHECK(to_text(read("127.0.0.1:80")) == "127.0.0.1:80");
    for (char const* const wrong :
         {"", ":", "15693", "127.0.0.1", ":15693", "::1:80", "a:65536", "a:-1", "a:", "a:http", "[]:80"}) {
        CAPTURE(wrong);
        CHECK_THROWS_WITH(read(wrong), Contains("--listen: \"" + std::string(wrong) + "\""));
    }
}

TEST_CASE("listening tells the port the system chose, and whether others can reach it")
{
    auto const here = serve::listen_at({"127.0.0.1", 0});
    CHECK(here.endpoint.host == "127.0.0.1");
    CHECK(here.endpoint.port != 0);
    CHECK(here.loopback);
    CHECK_FALSE(serve::listen_at({"0.0.0.0", 0}).loopback);
}

TEST_CASE("an address that cannot be listened at is an error that names it")
{
    auto const code_of = [](serve::Endpoint const& endpoint, std::string const& words) {
        try {
            serve::listen_at(endpoint);
        } catch (base::Error const& error) {
            CHECK_THAT(error.what(), Contains(words));
            return error.code();
        }
        return base::ExitCode::ok;
    };
    auto const taken = serve::listen_at({"127.0.0.1", 0});
    CHECK(code_of(taken.endpoint, "cannot listen on " + to_text(taken.endpoint) + ": address already in use") ==
          base::ExitCode::unavailable);
    // TEST-NET-1 of RFC 5737: nobody's address.
    CHECK(code_of({"192.0.2.1", 0}, "cannot listen on 192.0.2.1:0: cannot assign requested address") ==
          base::ExitCode::unavailable);
    CHECK(code_of({"no such host", 0}, "cannot listen on no such host:0: ") == base::ExitCode::no_host);
}
