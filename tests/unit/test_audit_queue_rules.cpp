#include "support/audit_samples.hpp"
#include "support/catch.hpp"

using namespace rmqha;
using audit::Severity;
using test::audited_policy;
using test::audited_queue;
using test::clean_facts;
using test::judged;
using test::verdict;

namespace {

health::Queue mirrored_queue(std::string const& name)
{
    health::Queue queue;
    queue.vhost = "/";
    queue.name = name;
    queue.type = "classic";
    queue.leader = "r1@h1";
    queue.mirrors = {"r2@h2"};
    return queue;
}

/// One queue of this type with these arguments, and one policy for it.
audit::Facts facts_with(std::string const& type, management::PolicyDefinition arguments,
                        management::PolicyDefinition policy = {})
{
    auto facts = clean_facts();
    auto queue = audited_queue("orders", type);
    queue.arguments = std::move(arguments);
    facts.queues = std::vector{queue};
    if (!policy.empty()) {
        facts.policies = std::vector{audited_policy("p", std::move(policy))};
    }
    return facts;
}

} // namespace

TEST_CASE("quorum queues need three members")
{
    auto facts = clean_facts();
    auto& queue = facts.snapshot.queues->front();
    for (auto const count : {1U, 2U}) {
        queue.members.assign(count, "r1@h1");
        auto const findings = judged(facts, "AUDIT-QUORUM-MEMBERS");
        REQUIRE(findings.size() == 1);
        CHECK(findings.front().objects == std::vector<std::string>{R"(queue "orders" in vhost "/")"});
        CHECK(findings.front().remedy == "rmqha queue repair --target 3 orders");
    }
    queue.vhost = "my shop";
    CHECK(judged(facts, "AUDIT-QUORUM-MEMBERS").front().remedy ==
          "rmqha queue repair --target 3 --vhost 'my shop' orders");
    queue.type = "stream";
    CHECK(verdict(facts, "AUDIT-QUORUM-MEMBERS") == Severity::ok);
    queue.type = "quorum";
    queue.members.clear(); // not told
    CHECK(verdict(facts, "AUDIT-QUORUM-MEMBERS") == Severity::ok);
}

TEST_CASE("mirrored queues must be durable")
{
    auto facts = clean_facts();
    facts.snapshot.queues->push_back(mirrored_queue("m"));
    auto& queue = facts.snapshot.queues->back();
    CHECK(verdict(facts, "AUDIT-NOT-DURABLE") == Severity::ok);
    queue.durable = false;
    CHECK(verdict(facts, "AUDIT-NOT-DURABLE") == Severity::warning);
    queue.exclusive = true;
    CHECK(verdict(facts, "AUDIT-NOT-DURABLE") == Severity::ok);
    queue.exclusive = false;
    queue.mirrors.emplace();
    CHECK(verdict(facts, "AUDIT-NOT-DURABLE") == Severity::ok);
}

TEST_CASE("a delivery limit: missing by default before 4.0, and where it is switched off")
{
    auto facts = facts_with("quorum", {});
    CHECK(verdict(facts, "AUDIT-DELIVERY-LIMIT") == Severity::ok);
    facts.version = "3.13.7";
    CHECK_THAT(judged(facts, "AUDIT-DELIVERY-LIMIT").front().evidence, Catch::StartsWith("no delivery limit"));
    CHECK(verdict(facts_with("quorum", {{"x-delivery-limit", "-1"}}), "AUDIT-DELIVERY-LIMIT") == Severity::warning);
    CHECK(verdict(facts_with("quorum", {{"x-delivery-limit", "-1"}}, {{"delivery-limit", "30"}}),
                  "AUDIT-DELIVERY-LIMIT") == Severity::ok);
    facts.policies = std::vector{audited_policy("p", {{"delivery-limit", "20"}})};
    CHECK(verdict(facts, "AUDIT-DELIVERY-LIMIT") == Severity::ok);
    facts = facts_with("classic", {});
    facts.version = "3.13.7";
    CHECK(verdict(facts, "AUDIT-DELIVERY-LIMIT") == Severity::ok);
}

TEST_CASE("a short delivery limit: the lower of argument and policy counts")
{
    CHECK(verdict(facts_with("quorum", {{"x-delivery-limit", "5"}}), "AUDIT-DELIVERY-LIMIT") == Severity::ok);
    auto const lost =
        judged(facts_with("quorum", {{"x-delivery-limit", "20"}}, {{"delivery-limit", "4"}}), "AUDIT-DELIVERY-LIMIT");
    REQUIRE(lost.size() == 1);
    CHECK_THAT(lost.front().evidence, Catch::StartsWith("delivery limit of 4 without a dead letter exchange"));
    auto const kept = judged(facts_with("quorum", {{"x-delivery-limit", "2"}, {"x-dead-letter-exchange", "\"dlx\""}}),
                             "AUDIT-DELIVERY-LIMIT");
    REQUIRE(kept.size() == 1);
    CHECK_THAT(kept.front().evidence, Catch::StartsWith("delivery limit of 2:") && Catch::Contains("good messages"));
}

TEST_CASE("queues must be limited in length, streams in size or age")
{
    auto const code = "AUDIT-LENGTH-LIMIT";
    for (auto const* const type : {"classic", "quorum", "stream"}) {
        INFO(type);
        CHECK(verdict(facts_with(type, {}), code) == Severity::warning);
        CHECK(verdict(facts_with(type, {{"x-max-length-bytes", "1"}}), code) == Severity::ok);
        CHECK(verdict(facts_with(type, {}, {{"max-length-bytes", "1"}}), code) == Severity::ok);
    }
    CHECK(verdict(facts_with("classic", {{"x-max-length", "1"}}), code) == Severity::ok);
    CHECK(verdict(facts_with("classic", {{"x-max-age", "\"1D\""}}), code) == Severity::warning);
    CHECK(verdict(facts_with("stream", {{"x-max-age", "\"1D\""}}), code) == Severity::ok);
    CHECK(verdict(facts_with("stream", {{"x-max-length", "1"}}), code) == Severity::warning);
    // A policy that does not apply limits nothing.
    CHECK(verdict(facts_with("quorum", {}, {{"max-length", "1"}, {"queue-mode", "\"lazy\""}}), code) ==
          Severity::warning);
    auto exclusive = facts_with("classic", {});
    std::get<0>(exclusive.queues).front().exclusive = true;
    CHECK(verdict(exclusive, code) == Severity::ok);
}

TEST_CASE("leaders all on one node are found among five and more")
{
    auto facts = clean_facts();
    auto& queues = *facts.snapshot.queues;
    for (int i = 1; i < 4; ++i) {
        queues.push_back(test::healthy_queue("q" + std::to_string(i)));
    }
    CHECK(verdict(facts, "AUDIT-LEADERS-ONE-NODE") == Severity::ok);
    queues.push_back(mirrored_queue("m"));
    auto const findings = judged(facts, "AUDIT-LEADERS-ONE-NODE");
    REQUIRE(findings.size() == 1);
    CHECK(findings.front().objects == std::vector<std::string>{"r1@h1"});
    CHECK_THAT(findings.front().evidence, Catch::StartsWith("leads all 5 replicated queues"));
    queues.back().leader = "r2@h2";
    CHECK(verdict(facts, "AUDIT-LEADERS-ONE-NODE") == Severity::ok);
    queues.back().leader = "r1@h1";
    facts.snapshot.running = {"r1@h1"};
    CHECK(verdict(facts, "AUDIT-LEADERS-ONE-NODE") == Severity::ok);
}
