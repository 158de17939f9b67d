#include "audit/password.hpp"

#include "support/audit_samples.hpp"
#include "support/catch.hpp"

using namespace rmqha;
using audit::Severity;
using test::clean_facts;
using test::judged;
using test::verdict;

namespace {

constexpr auto* k_sha256_guest = "c2FsdDRwMuw4kgNZhm0cEYx1m4NAR6BCdplxDdFbnDjbRIKq";
constexpr auto* k_sha256_shop = "c2FsdNfHaKwJTHvQIYgqa0PVkXNfbF2hpy7cUHciu8bhC3cu";
constexpr auto* k_sha256 = "rabbit_password_hashing_sha256";

audit::Facts facts_with(management::User user)
{
    auto facts = clean_facts();
    std::get<0>(facts.users).push_back(std::move(user));
    return facts;
}

} // namespace

TEST_CASE("the user guest is found, whatever its password")
{
    CHECK(verdict(clean_facts(), "AUDIT-GUEST-USER") == Severity::ok);
    CHECK(verdict(facts_with({"guest", {}, "", k_sha256}), "AUDIT-GUEST-USER") == Severity::warning);
    CHECK(verdict(facts_with({"guest2", {}, "", k_sha256}), "AUDIT-GUEST-USER") == Severity::ok);
}

TEST_CASE("passwords anybody would try are critical, and never shown")
{
    auto const code = "AUDIT-DEFAULT-PASSWORD";
    auto const findings = judged(facts_with({"eve", {}, k_sha256_guest, k_sha256}), code);
    REQUIRE(findings.size() == 1);
    CHECK(findings.front().severity == Severity::critical);
    CHECK(findings.front().objects == std::vector<std::string>{R"(user "eve")"});
    CHECK_THAT(findings.front().evidence + findings.front().remedy, !Catch::Contains("guest"));
    CHECK(verdict(facts_with({"shop", {}, k_sha256_shop, k_sha256}), code) == Severity::critical);
    CHECK(verdict(facts_with({"shops", {}, k_sha256_shop, k_sha256}), code) == Severity::ok);
    CHECK(verdict(facts_with({"eve", {}, "", k_sha256}), code) == Severity::ok); // no login by password
}

TEST_CASE("a hash of no known kind is UNKNOWN")
{
    auto const code = "AUDIT-DEFAULT-PASSWORD";
    CHECK(verdict(facts_with({"eve", {}, k_sha256_guest, "my_hashing"}), code) == Severity::unknown);
    CHECK(verdict(facts_with({"eve", {}, "not base64", k_sha256}), code) == Severity::unknown);
    CHECK(verdict(facts_with({"eve", {}, "c2Fs", k_sha256}), code) == Severity::unknown);
    CHECK(verdict(facts_with({"eve", {}, "", ""}), code) == Severity::unknown);
}

TEST_CASE("hashes of all kinds are read as the broker makes them")
{
    auto const [hash, kind] = GENERATE(table<char const*, char const*>(
        {{"c2FsdF+QGvKX6cwMP3DZldzzhp4=", "rabbit_password_hashing_md5"},
         {k_sha256_guest, k_sha256},
         {"c2FsdI9u/W8MXXTIi8mC1uYlCFeM4Ykx8LZIYi/KZkB/Dr3I6ZdrANB/ic62bLVzIoEmGHvGehfcfUHcjtI8DG2qsh8=",
          "rabbit_password_hashing_sha512"}}));
    management::User const user{"guest", {}, hash, kind};
    CHECK(audit::has_password(user, "guest") == true);
    CHECK(audit::has_password(user, "Guest") == false);
    CHECK(audit::has_guessable_password(user) == true);
}

TEST_CASE("administrators with client connections are found, but not those that monitor")
{
    auto const code = "AUDIT-ADMIN-TAG";
    auto facts = clean_facts();
    CHECK(verdict(facts, code) == Severity::ok);
    auto& connections = std::get<0>(facts.connections);
    connections.front().user = "ops";
    auto const findings = judged(facts, code);
    REQUIRE(findings.size() == 1);
    CHECK(findings.front().objects == std::vector<std::string>{R"(user "ops")"});
    CHECK_THAT(findings.front().evidence, Catch::StartsWith("1 client connection with the tag administrator"));
    connections.front().product = "rmqha";
    connections.front().given_name = "rmqha monitor";
    CHECK(verdict(facts, code) == Severity::ok);
    connections.front().product = "pika"; // anybody may call a connection so
    CHECK(verdict(facts, code) == Severity::warning);
    facts.connections = test::not_permitted();
    CHECK(verdict(facts, code) == Severity::unknown);
}

TEST_CASE("listeners without TLS are found beyond loopback")
{
    auto facts = clean_facts();
    auto const [protocol, code, other] = GENERATE(
        table<char const*, char const*, char const*>({{"amqp", "AUDIT-AMQP-PLAIN", "AUDIT-MANAGEMENT-PLAIN"},
                                                      {"http", "AUDIT-MANAGEMENT-PLAIN", "AUDIT-AMQP-PLAIN"}}));
    auto& listeners = std::get<0>(facts.listeners);
    for (auto const* const loopback : {"127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"}) {
        listeners.push_back({"r1@h1", protocol, 1234, loopback});
    }
    CHECK(verdict(facts, code) == Severity::ok);
    listeners.push_back({"r1@h1", protocol, 1234, "::"});
    listeners.push_back({"r2@h2", protocol, 1234, "0.0.0.0"});
    listeners.push_back({"r3@h3", protocol, 1234, "10.0.0.1"});
    auto const findings = judged(facts, code);
    REQUIRE(findings.size() == 1);
    CHECK(findings.front().count == 3);
    CHECK(findings.front().objects.front() == "[::]:1234 of r1@h1");
    CHECK(verdict(facts, other) == Severity::ok);
}
