#include "cmd/monitor_audit_page.hpp"

#include "support/audit_samples.hpp"
#include "support/catch.hpp"

#include <nlohmann/json.hpp>

using namespace rmqha;
using namespace std::chrono_literals;

namespace {

cmd::Audit audit_of(audit::Facts const& facts)
{
    cmd::Audit audit;
    audit.context = "prod";
    audit.cluster = "big";
    audit.took = 42ms;
    audit.rules = audit::rules_without({"AUDIT-PREFETCH"});
    audit.left_out = {"AUDIT-PREFETCH"};
    audit.findings = audit::findings_of(facts, audit.rules);
    return audit;
}

} // namespace

TEST_CASE("the audit of a cluster that keeps to the rules is one line")
{
    CHECK(cmd::audit_page(audit_of(test::clean_facts()), {}) ==
          "big: of 21 rules 0 broken, 21 kept; left out: AUDIT-PREFETCH\n");
}

TEST_CASE("an audit tells findings with their remedy, and what could not be asked once")
{
    auto facts = test::clean_facts();
    facts.members = std::size_t{4};
    facts.users = test::not_permitted();
    facts.environments.clear();
    CHECK(cmd::audit_page(audit_of(facts), {.width = 100}) ==
          "WARNING   AUDIT-NODES-EVEN cluster: 4 nodes: 1 may fail before the majority is lost, no more than of\n"
          "          3; and halves have none\n"
          "          → next: add a node (rabbitmqctl join_cluster), or take one away (rabbitmqctl\n"
          "            forget_cluster_node)\n"
          "UNKNOWN   AUDIT-GUEST-USER, AUDIT-DEFAULT-PASSWORD, AUDIT-ADMIN-TAG cluster: could not ask for\n"
          "          users: user lacks the tag administrator\n"
          "          → next: ask as a user with the tag administrator\n"
          "SKIPPED   AUDIT-PARTITION-IGNORE cluster: the broker does not tell it over HTTP; ask a node's own\n"
          "          tools\n"
          "          → next: rabbitmqctl environment --formatter json | rmqha monitor audit --environment -\n"
          "SKIPPED   AUDIT-MEMORY-LIMIT cluster: the broker tells its limit over HTTP, but not the machine's\n"
          "          memory; ask a node's own tools\n"
          "          → next: rabbitmqctl environment --formatter json | rmqha monitor audit --environment -\n"
          "\n"
          "big: of 21 rules 1 broken, 15 kept, 3 not known, 2 that this broker does not tell; left out:\n"
          "  AUDIT-PREFETCH\n");
}

TEST_CASE("an audit names the first few of many")
{
    auto facts = test::clean_facts();
    auto& queues = std::get<0>(facts.queues);
    queues.clear();
    for (int i = 0; i < 3'000; ++i) {
        queues.push_back({.vhost = "/", .name = "q" + std::to_string(i), .type = "classic"});
    }
    CHECK_THAT(cmd::audit_page(audit_of(facts), {.width = 10'000}),
               Catch::Contains("queue \"q4\" in vhost \"/\" and 2,995 more: no limit of length"));
    auto const json = nlohmann::json::parse(cmd::audit_json(audit_of(facts)));
    CHECK(json["findings"][0]["count"] == 3'000);
    CHECK(json["findings"][0]["objects"].size() == 5);
}

TEST_CASE("an audit as JSON has every rule's state")
{
    auto facts = test::clean_facts();
    facts.members = std::size_t{4};
    facts.users = test::not_permitted();
    auto const audit = audit_of(facts);
    auto const json = nlohmann::json::parse(cmd::audit_json(audit));
    CHECK(json["schema_version"] == 1);
    CHECK(json["cluster"] == "big");
    CHECK(json["left_out"] == nlohmann::json{"AUDIT-PREFETCH"});
    REQUIRE(json["rules"].size() == 21);
    CHECK(json["rules"][0]["state"] == "OK");
    CHECK(json["rules"][1]["code"] == "AUDIT-NODES-EVEN");
    CHECK(json["rules"][1]["state"] == "WARNING");
    CHECK(json["findings"][0]["severity"] == "WARNING");
    CHECK(json["findings"].size() == 4);

    std::istringstream lines(cmd::audit_ndjson(audit));
    std::string line;
    std::size_t count = 0;
    while (std::getline(lines, line)) {
        CHECK(nlohmann::json::parse(line)["code"].is_string());
        ++count;
    }
    CHECK(count == 4);
}
