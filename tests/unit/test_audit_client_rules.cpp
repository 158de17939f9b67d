#include "support/audit_samples.hpp"
#include "support/catch.hpp"

using namespace rmqha;
using audit::Severity;
using test::audited_connection;
using test::clean_facts;
using test::judged;
using test::verdict;

TEST_CASE("connections all on one node are found among five and more")
{
    auto const code = "AUDIT-CONNECTIONS-ONE-NODE";
    auto facts = clean_facts();
    auto& connections = std::get<0>(facts.connections);
    connections.clear();
    for (int i = 0; i < 4; ++i) {
        connections.push_back(audited_connection(i, "r2@h2"));
    }
    CHECK(verdict(facts, code) == Severity::ok);
    connections.push_back(audited_connection(4, "r2@h2"));
    auto const findings = judged(facts, code);
    REQUIRE(findings.size() == 1);
    CHECK(findings.front().objects == std::vector<std::string>{"r2@h2"});
    CHECK_THAT(findings.front().evidence, Catch::StartsWith("has all 5 client connections"));
    connections.push_back(audited_connection(5, "r1@h1"));
    CHECK(verdict(facts, code) == Severity::ok);
    connections.back().product = "rmqha"; // our own, which goes to every node
    connections.back().given_name = "rmqha monitor";
    CHECK(verdict(facts, code) == Severity::warning);
    facts.snapshot.running = {"r2@h2"};
    CHECK(verdict(facts, code) == Severity::ok);
}

TEST_CASE("connections without heartbeat are found, and those that do not tell are UNKNOWN")
{
    auto const code = "AUDIT-HEARTBEAT-OFF";
    auto facts = clean_facts();
    auto& connection = std::get<0>(facts.connections).front();
    connection.timeout = 0;
    auto const findings = judged(facts, code);
    REQUIRE(findings.size() == 1);
    CHECK(findings.front().objects == std::vector<std::string>{R"(connection "shop 1" of user "shop")"});
    connection.protocol = "MQTT 3.1.1"; // a keep-alive of its own
    CHECK(verdict(facts, code) == Severity::ok);
    connection.protocol = "AMQP 0-9-1";
    connection.timeout.reset();
    CHECK(verdict(facts, code) == Severity::unknown);
    connection.timeout = 10;
    facts.environments.front().heartbeat = 0;
    CHECK(judged(facts, code).front().objects == std::vector<std::string>{"env.json"});
    facts.connections = test::not_permitted();
    CHECK(judged(facts, code).size() == 2);
}

TEST_CASE("consumers without prefetch are found where the queue is deep")
{
    auto const code = "AUDIT-PREFETCH";
    auto facts = clean_facts();
    auto& queue = facts.snapshot.queues->front();
    auto& consumer = std::get<0>(facts.consumers).front();
    auto& channel = std::get<0>(facts.channels).front();
    queue.messages = 1001;
    CHECK(verdict(facts, code) == Severity::ok);
    consumer.prefetch = 0;
    auto const findings = judged(facts, code);
    REQUIRE(findings.size() == 1);
    CHECK(findings.front().objects == std::vector<std::string>{R"(queue "orders" in vhost "/")"});
    CHECK_THAT(findings.front().evidence, Catch::StartsWith("more than 1,000 messages, and 1 consumer without"));
    channel.global = 100; // set for the channel as a whole
    CHECK(verdict(facts, code) == Severity::ok);
    channel.global.reset();
    CHECK(verdict(facts, code) == Severity::warning);
    queue.messages = 1000;
    CHECK(verdict(facts, code) == Severity::ok);
    queue.messages.reset();
    CHECK(verdict(facts, code) == Severity::unknown);
    facts.snapshot.queues.reset();
    CHECK(verdict(facts, code) == Severity::unknown);
    consumer.prefetch = 10; // no depth needed to know that this is fine
    CHECK(verdict(facts, code) == Severity::ok);
    consumer.prefetch.reset(); // a stream's
    CHECK(verdict(facts, code) == Severity::ok);
}
