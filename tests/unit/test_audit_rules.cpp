#include "audit/rules.hpp"

#include "support/audit_samples.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

#include <set>

using namespace rmqha;
using audit::Severity;
using test::clean_facts;
using test::judged;
using test::verdict;

TEST_CASE("a cluster that keeps to all rules has no finding")
{
    auto const findings = audit::findings_of(clean_facts(), audit::rules());
    for (auto const& finding : findings) {
        INFO(finding.code << ": " << finding.evidence);
        CHECK(false);
    }
    CHECK(findings.empty());
}

TEST_CASE("each rule has a code of its own")
{
    std::set<std::string> codes;
    for (auto const& rule : audit::rules()) {
        CHECK(rule.code.starts_with("AUDIT-"));
        CHECK_FALSE(rule.about.empty());
        codes.insert(rule.code);
    }
    CHECK(codes.size() == audit::rules().size());
}

TEST_CASE("what could not be asked is UNKNOWN in every rule that judges by it, what brokers do not have SKIPPED")
{
    using Kind = management::Problem::Kind;
    auto const [kind, severity] = GENERATE(table<Kind, Severity>({{Kind::permission, Severity::unknown},
                                                                  {Kind::silent, Severity::unknown},
                                                                  {Kind::unreadable, Severity::unknown},
                                                                  {Kind::not_supported, Severity::skipped}}));
    management::Problem const problem{kind, "for a reason"};
    auto facts = clean_facts();
    facts.members = problem;
    facts.queues = problem;
    facts.policies = problem;
    facts.mirroring = problem;
    facts.listeners = problem;
    facts.users = problem;
    facts.connections = problem;
    facts.consumers = problem;
    facts.channels = problem;
    auto const findings = audit::findings_of(facts, audit::rules());
    for (auto const* const code :
         {"AUDIT-SINGLE-NODE", "AUDIT-NODES-EVEN", "AUDIT-HA-ALL", "AUDIT-MIRRORING-REMOVED", "AUDIT-POLICY-KEYS",
          "AUDIT-DELIVERY-LIMIT", "AUDIT-LENGTH-LIMIT", "AUDIT-GUEST-USER", "AUDIT-DEFAULT-PASSWORD", "AUDIT-ADMIN-TAG",
          "AUDIT-AMQP-PLAIN", "AUDIT-MANAGEMENT-PLAIN", "AUDIT-CONNECTIONS-ONE-NODE", "AUDIT-HEARTBEAT-OFF",
          "AUDIT-PREFETCH"}) {
        INFO(code);
        CHECK(verdict(facts, code) == severity);
    }
}

TEST_CASE("queues that nobody told of leave the rules on them UNKNOWN")
{
    auto facts = clean_facts();
    facts.snapshot.queues.reset();
    facts.snapshot.queues_source = "no node's management API answers";
    for (auto const* const code : {"AUDIT-QUORUM-MEMBERS", "AUDIT-NOT-DURABLE", "AUDIT-LEADERS-ONE-NODE"}) {
        CHECK(verdict(facts, code) == Severity::unknown);
        CHECK_THAT(judged(facts, code).front().evidence, Catch::Contains("no node's management API answers"));
    }
}

TEST_CASE("vhosts the user may not see into leave every rule on queues and policies UNKNOWN")
{
    auto facts = clean_facts();
    facts.hidden_vhosts = std::set<std::string>{"secret one", "shop"};
    for (auto const& rule : audit::rules()) {
        INFO(rule.code);
        CHECK(verdict(facts, rule.code) == (rule.by_vhost ? Severity::unknown : Severity::ok));
    }
    auto const finding = judged(facts, "AUDIT-HA-ALL").front();
    CHECK(finding.objects == std::vector<std::string>{R"(vhost "secret one")", R"(vhost "shop")"});
    CHECK(finding.remedy == "rabbitmqctl set_permissions -p 'secret one' ops '^$' '^$' '^$'");

    facts.hidden_vhosts = test::not_permitted();
    CHECK(verdict(facts, "AUDIT-LENGTH-LIMIT") == Severity::unknown);
    CHECK(verdict(facts, "AUDIT-GUEST-USER") == Severity::ok);

    // What is found elsewhere is told all the same.
    facts.hidden_vhosts = std::set<std::string>{"shop"};
    facts.snapshot.queues->front().members = {"r1@h1"};
    CHECK(judged(facts, "AUDIT-QUORUM-MEMBERS").size() == 2);
    CHECK(verdict(facts, "AUDIT-QUORUM-MEMBERS") == Severity::warning);
}

TEST_CASE("ten thousand queues make a finding with the first few")
{
    auto facts = clean_facts();
    std::vector<management::PolicyQueue> queues;
    for (int i = 0; i < 10'000; ++i) {
        auto queue = test::audited_queue("q" + std::to_string(i), "classic");
        queue.arguments.clear();
        queues.push_back(std::move(queue));
    }
    facts.queues = std::move(queues);
    auto const findings = judged(facts, "AUDIT-LENGTH-LIMIT");
    REQUIRE(findings.size() == 1);
    CHECK(findings.front().count == 10'000);
    CHECK(findings.front().objects.size() == audit::k_most_named);
    CHECK(findings.front().objects.front() == R"(queue "q0" in vhost "/")");
}

TEST_CASE("of many findings of one rule those beyond ten are told as one")
{
    auto facts = clean_facts();
    std::vector<management::Policy> policies;
    for (int i = 0; i < 25; ++i) {
        policies.push_back(test::audited_policy("p" + std::to_string(i + 10), {{"max-age", "\"1D\""}}));
    }
    facts.policies = std::move(policies);
    auto const findings = judged(facts, "AUDIT-POLICY-KEYS");
    REQUIRE(findings.size() == audit::k_most_findings + 1);
    CHECK(findings.back().count == 15);
    CHECK(findings.back().severity == Severity::warning);
    CHECK(findings.back().evidence == "15 more like these");
}

TEST_CASE("the worst findings come first")
{
    auto facts = clean_facts();
    facts.members = std::size_t{2};
    facts.environments.clear();
    std::get<std::vector<management::User>>(facts.users).front().password_hash =
        "c2FsdDRwMuw4kgNZhm0cEYx1m4NAR6BCdplxDdFbnDjbRIKq";
    auto const findings = audit::findings_of(facts, audit::rules());
    REQUIRE(findings.size() == 4);
    CHECK(findings[0].code == "AUDIT-DEFAULT-PASSWORD");
    CHECK(findings[1].code == "AUDIT-NODES-EVEN");
    CHECK(findings[2].severity == Severity::skipped);
}

TEST_CASE("rules are left out by their code, and an unknown code is refused with the nearest")
{
    auto const all = audit::rules().size();
    auto const some = audit::rules_without({"AUDIT-NODES-EVEN", "AUDIT-PREFETCH", "AUDIT-PREFETCH"});
    CHECK(some.size() == all - 2);
    auto facts = clean_facts();
    facts.members = std::size_t{4};
    CHECK(audit::findings_of(facts, audit::rules()).size() == 1);
    CHECK(audit::findings_of(facts, some).empty());
    auto const error = test::error_of([] { audit::rules_without({"AUDIT-NODES-EVN"}); });
    CHECK(error.code() == base::ExitCode::usage);
    CHECK_THAT(error.hint(), Catch::Contains("\"AUDIT-NODES-EVEN\""));
    CHECK_THAT(test::error_of([] { audit::rules_without({"NODE-DOWN"}); }).hint(), Catch::Contains("rmqha-monitor(1)"));
}
