#include "audit/support_ends.hpp"

#include "support/audit_samples.hpp"
#include "support/catch.hpp"

using namespace rmqha;
using audit::Severity;
using test::clean_facts;
using test::judged;
using test::verdict;

TEST_CASE("one node alone is found, and an even number of nodes")
{
    auto facts = clean_facts();
    auto const [members, single, even] =
        GENERATE(table<std::size_t, Severity, Severity>({{1, Severity::warning, Severity::ok},
                                                         {2, Severity::ok, Severity::warning},
                                                         {3, Severity::ok, Severity::ok},
                                                         {4, Severity::ok, Severity::warning},
                                                         {5, Severity::ok, Severity::ok}}));
    facts.members = members;
    CHECK(verdict(facts, "AUDIT-SINGLE-NODE") == single);
    CHECK(verdict(facts, "AUDIT-NODES-EVEN") == even);
}

TEST_CASE("how many of an even number may fail")
{
    auto facts = clean_facts();
    facts.members = std::size_t{2};
    CHECK_THAT(judged(facts, "AUDIT-NODES-EVEN").front().evidence,
               Catch::StartsWith("2 nodes: none may fail before the majority is lost, no more than of 1"));
    facts.members = std::size_t{6};
    CHECK_THAT(judged(facts, "AUDIT-NODES-EVEN").front().evidence,
               Catch::StartsWith("6 nodes: 2 may fail before the majority is lost, no more than of 5"));
}

TEST_CASE("partition handling: ignore is critical, what is not told is SKIPPED, and Khepri needs none")
{
    auto facts = clean_facts();
    facts.environments.push_back({.origin = "r2.json", .partition_handling = "ignore"});
    auto const findings = judged(facts, "AUDIT-PARTITION-IGNORE");
    REQUIRE(findings.size() == 1);
    CHECK(findings.front().severity == Severity::critical);
    CHECK(findings.front().objects == std::vector<std::string>{"r2.json"});
    facts.environments.back().partition_handling = "autoheal";
    CHECK(verdict(facts, "AUDIT-PARTITION-IGNORE") == Severity::ok);

    facts.environments.clear();
    CHECK(verdict(facts, "AUDIT-PARTITION-IGNORE") == Severity::skipped);
    facts.environments.push_back({.origin = "r1.json"});
    CHECK(verdict(facts, "AUDIT-PARTITION-IGNORE") == Severity::skipped);
    facts.khepri = true;
    CHECK(verdict(facts, "AUDIT-PARTITION-IGNORE") == Severity::ok);
    facts.khepri = test::not_permitted();
    CHECK(verdict(facts, "AUDIT-PARTITION-IGNORE") == Severity::skipped);
    facts.members = std::size_t{1};
    CHECK(verdict(facts, "AUDIT-PARTITION-IGNORE") == Severity::ok);
}

TEST_CASE("a memory limit near all of the machine's memory is none")
{
    auto facts = clean_facts();
    auto const [watermark, severity] = GENERATE(table<double, Severity>(
        {{0.4, Severity::ok}, {0.7, Severity::ok}, {0.71, Severity::warning}, {1, Severity::warning}}));
    facts.environments.front().memory_watermark = watermark;
    CHECK(verdict(facts, "AUDIT-MEMORY-LIMIT") == severity);
    facts.environments.front().memory_watermark.reset(); // absolute
    CHECK(verdict(facts, "AUDIT-MEMORY-LIMIT") == Severity::ok);
    facts.environments.clear();
    CHECK(verdict(facts, "AUDIT-MEMORY-LIMIT") == Severity::skipped);
}

TEST_CASE("a disk limit no higher than the default is none, and one not told is UNKNOWN")
{
    auto facts = clean_facts();
    facts.snapshot.nodes[1].disk_limit = 50'000'000;
    auto const findings = judged(facts, "AUDIT-DISK-LIMIT");
    REQUIRE(findings.size() == 1);
    CHECK(findings.front().objects == std::vector<std::string>{"r2@h2"});
    CHECK_THAT(findings.front().evidence, Catch::StartsWith("disk_free_limit is 47.7 MiB"));
    facts.snapshot.nodes[1].disk_limit = 50'000'001;
    CHECK(verdict(facts, "AUDIT-DISK-LIMIT") == Severity::ok);
    facts.snapshot.nodes[1].disk_limit.reset();
    CHECK(verdict(facts, "AUDIT-DISK-LIMIT") == Severity::unknown);
}

TEST_CASE("a version whose support has ended is found from the day after on")
{
    using namespace std::chrono;
    auto facts = clean_facts();
    for (auto& node : facts.snapshot.nodes) {
        node.version = "3.10.8";
    }
    facts.now = sys_days(2023y / July / 31) + 23h;
    CHECK(verdict(facts, "AUDIT-VERSION-EOL") == Severity::ok);
    facts.now = sys_days(2023y / August / 1);
    auto const findings = judged(facts, "AUDIT-VERSION-EOL");
    REQUIRE(findings.size() == 1);
    CHECK(findings.front().count == 3);
    CHECK(findings.front().evidence == "RabbitMQ 3.10.8: community support of 3.10 ended on 2023-07-31");
    facts.snapshot.nodes[0].version = "4.99.0";
    CHECK(judged(facts, "AUDIT-VERSION-EOL").size() == 2);
    facts.snapshot.nodes[1].version = "4.99.0";
    facts.snapshot.nodes[2].version = "4.99.0";
    CHECK(verdict(facts, "AUDIT-VERSION-EOL") == Severity::skipped);
    facts.snapshot.nodes[2].version.clear();
    CHECK(verdict(facts, "AUDIT-VERSION-EOL") == Severity::unknown);
}

TEST_CASE("the support of series is known by their two numbers")
{
    using namespace std::chrono;
    CHECK(audit::support_of("3.8.35").ends == sys_days(2022y / July / 31));
    CHECK(audit::support_of("3.7.28").ends == sys_days(2022y / July / 31));
    CHECK(audit::support_of("2.8.7").ends == sys_days(2022y / July / 31));
    CHECK(audit::support_of("3.13.0-rc.1").ends == sys_days(2024y / September / 17));
    CHECK(audit::support_of("3.10.8").series == "3.10");
    CHECK(audit::support_of("4.10.1").series == "4.10");
    CHECK_FALSE(audit::support_of("4.10.1").ends);
    for (auto const* const odd : {"", "4", "x.y", "v4.0", "4.", ".3"}) {
        CHECK_FALSE(audit::support_of(odd).ends);
    }
}
