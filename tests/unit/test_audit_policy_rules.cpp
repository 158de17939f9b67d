#include "support/audit_samples.hpp"
#include "support/catch.hpp"

using namespace rmqha;
using audit::Severity;
using test::audited_policy;
using test::clean_facts;
using test::judged;
using test::verdict;

namespace {

audit::Facts mirroring_facts()
{
    auto facts = clean_facts();
    facts.version = "3.10.8";
    facts.mirroring = true;
    facts.queues = std::vector{test::audited_queue("orders", "classic")};
    std::get<0>(facts.queues).front().arguments = {{"x-max-length", "10"}};
    facts.policies = std::vector{audited_policy("ha", {{"ha-mode", "\"all\""}})};
    return facts;
}

} // namespace

TEST_CASE("ha-mode all is found on more than three nodes")
{
    auto facts = mirroring_facts();
    CHECK(verdict(facts, "AUDIT-HA-ALL") == Severity::ok);
    facts.members = std::size_t{5};
    auto const findings = judged(facts, "AUDIT-HA-ALL");
    REQUIRE(findings.size() == 1);
    CHECK(findings.front().objects == std::vector<std::string>{R"(policy "ha" in vhost "/")"});
    CHECK_THAT(findings.front().evidence, Catch::Contains("on 5 nodes") && Catch::Contains("4 mirrors"));
    CHECK(findings.front().remedy == "rmqha policy set-ha --mode exactly --params 2 ha '.*'");
    facts.policies = std::vector{audited_policy("ha", {{"ha-mode", "\"exactly\""}, {"ha-params", "2"}})};
    CHECK(verdict(facts, "AUDIT-HA-ALL") == Severity::ok);
}

TEST_CASE("mirroring policies are critical where nothing is mirrored, and only there")
{
    auto facts = mirroring_facts();
    CHECK(verdict(facts, "AUDIT-MIRRORING-REMOVED") == Severity::ok);
    facts.mirroring = false;
    auto const findings = judged(facts, "AUDIT-MIRRORING-REMOVED");
    REQUIRE(findings.size() == 1);
    CHECK(findings.front().severity == Severity::critical);
    CHECK_THAT(findings.front().remedy, Catch::EndsWith("rmqha policy delete ha"));
    facts.members = std::size_t{5};
    CHECK(verdict(facts, "AUDIT-HA-ALL") == Severity::ok);
    facts.policies = std::vector{audited_policy("limits", {{"max-length", "10"}})};
    CHECK(verdict(facts, "AUDIT-MIRRORING-REMOVED") == Severity::ok);
    facts.policies = std::vector{audited_policy("left over", {{"ha-sync-mode", "\"manual\""}, {"max-length", "1"}})};
    CHECK(verdict(facts, "AUDIT-MIRRORING-REMOVED") == Severity::critical);
    facts.policies = test::not_permitted();
    CHECK(verdict(facts, "AUDIT-MIRRORING-REMOVED") == Severity::unknown);
}

TEST_CASE("keys that the matched queues do not take keep a policy from applying at all")
{
    auto facts = mirroring_facts();
    CHECK(verdict(facts, "AUDIT-POLICY-KEYS") == Severity::ok);
    facts.queues = std::vector{test::audited_queue("orders", "quorum"), test::audited_queue("bills", "quorum")};
    auto const findings = judged(facts, "AUDIT-POLICY-KEYS");
    REQUIRE(findings.size() == 1);
    CHECK(findings.front().evidence == "nothing of it applies at 2 queues of type quorum: they do not take ha-mode");
    CHECK_THAT(findings.front().remedy,
               Catch::EndsWith("rmqha policy explain bills") || Catch::EndsWith("rmqha policy explain orders"));
}

TEST_CASE("keys without use at a queue that takes them are found too, but for what is meant for exchanges")
{
    auto facts = clean_facts();
    facts.queues = std::vector{test::audited_queue("orders", "classic")};
    facts.policies = std::vector{audited_policy("p", {{"max-length", "10"}, {"consumer-timeout", "1000"}})};
    std::get<0>(facts.policies).front().definition["initial-cluster-size"] = "3";
    facts.version = "3.8.9"; // where classic queues take everything
    CHECK_THAT(judged(facts, "AUDIT-POLICY-KEYS").front().evidence,
               Catch::Contains("1 queue of type classic make nothing of") && Catch::Contains("initial-cluster-size"));
    auto exchanges = audited_policy("ae", {{"alternate-exchange", "\"x\""}});
    exchanges.apply_to = "all";
    facts.policies = std::vector{exchanges};
    CHECK(verdict(facts, "AUDIT-POLICY-KEYS") == Severity::ok);
    std::get<0>(facts.policies).front().apply_to = "queues";
    CHECK(verdict(facts, "AUDIT-POLICY-KEYS") == Severity::warning);
    facts.queues = test::not_permitted();
    CHECK(verdict(facts, "AUDIT-POLICY-KEYS") == Severity::unknown);
}
