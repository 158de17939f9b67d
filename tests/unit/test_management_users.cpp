#include "management/users.hpp"
#include "support/catch.hpp"
#include "support/recorded.hpp"

using namespace rmqha;
using test::answered;

namespace {

template <typename Value>
Value got(management::Answer<Value> const& answer)
{
    if (auto const* const problem = management::problem_of(answer)) {
        throw std::runtime_error(problem->reason);
    }
    return std::get<Value>(answer);
}

auto const* const k_no_administrator = R"({"error":"not_authorised","reason":"Not administrator user"})";

} // namespace

TEST_CASE("users are read with tags as a list, or as text up to 3.8")
{
    auto const users = got(management::read_users(answered(R"([
        {"name":"a","password_hash":"xyz","hashing_algorithm":"rabbit_password_hashing_sha256",
         "tags":["administrator","x"]},
        {"name":"b","tags":"monitoring,management"},{"name":"c","password_hash":null,"tags":""}])")));
    REQUIRE(users.size() == 3);
    CHECK(users[0].tags == std::vector<std::string>{"administrator", "x"});
    CHECK(users[0].password_hash == "xyz");
    CHECK(users[0].hashing == "rabbit_password_hashing_sha256");
    CHECK(users[1].tags == std::vector<std::string>{"monitoring", "management"});
    CHECK(users[2].tags.empty());
    auto const denied = management::read_users(answered(k_no_administrator, 401));
    REQUIRE(management::problem_of(denied) != nullptr);
    CHECK(management::problem_of(denied)->reason == "user lacks the tag administrator");
}

TEST_CASE("connections, consumers and channels are read with what is left out of them empty")
{
    auto const connections = got(management::read_connections(answered(R"([
        {"client_properties":{"product":"pika","connection_name":"shop"},"name":"c1","node":"r1@h","protocol":"AMQP 0-9-1",
         "timeout":0,"user":"u"},{"name":"c2"},{"client_properties":[],"timeout":"undefined"}])")));
    REQUIRE(connections.size() == 3);
    CHECK(connections[0].given_name == "shop");
    CHECK(connections[0].product == "pika");
    CHECK(connections[0].timeout == 0U);
    CHECK_FALSE(connections[1].timeout);
    CHECK_FALSE(connections[2].timeout);

    auto const consumers = got(management::read_consumers(answered(R"([
        {"prefetch_count":0,"queue":{"name":"q","vhost":"/"},"channel_details":{"name":"ch","user":"u"}},
        {"channel_details":[],"queue":null}])")));
    REQUIRE(consumers.size() == 2);
    CHECK(consumers[0].queue == "q");
    CHECK(consumers[0].channel == "ch");
    CHECK(consumers[0].prefetch == 0U);
    CHECK_FALSE(consumers[1].prefetch);

    auto const channels =
        got(management::read_channels(answered(R"([{"name":"ch","global_prefetch_count":5},{"name":"d"}])")));
    REQUIRE(channels.size() == 2);
    CHECK(channels[0].global == 5U);
    CHECK_FALSE(channels[1].global);
    CHECK(management::problem_of(management::read_channels(answered("{}"))) != nullptr);
}

TEST_CASE("an overview without listeners tells none, which is not that there are none")
{
    auto const listeners = got(management::read_listeners(answered(test::recorded("4.0/overview.json"))));
    REQUIRE_FALSE(listeners.empty());
    CHECK(listeners.front().address == "127.0.0.1");
    CHECK(management::problem_of(management::read_listeners(answered("{}")))->kind ==
          management::Problem::Kind::not_supported);
}

TEST_CASE("web plugins' own addresses count over those of the overview")
{
    auto const web = got(management::read_web_addresses(answered(R"([
        {"name":"r1@h","contexts":[{"ip":"127.0.0.1","port":"15672"},{"ip":"10.0.0.1","port":15692},{"port":"1"}]},
        {"name":"r2@h","contexts":null},{"name":"r3@h"}])")));
    REQUIRE(web.size() == 2);
    auto const corrected = management::corrected({{"r1@h", "http", 15672, "::"},
                                                  {"r1@h", "http/prometheus", 15692, "::"},
                                                  {"r1@h", "amqp", 5672, "::"},
                                                  {"r2@h", "http", 15672, "::"}},
                                                 web);
    CHECK(corrected[0].address == "127.0.0.1");
    CHECK(corrected[1].address == "10.0.0.1");
    CHECK(corrected[2].address == "::");
    CHECK(corrected[3].address == "::");
}
