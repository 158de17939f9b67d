#include "policy/lint.hpp"
#include "support/catch.hpp"

#include <algorithm>

using namespace rmqha;
using policy::Policy;
using policy::PolicyQueue;

namespace {

Policy policy_named(std::string const& name, std::string const& pattern, double priority,
                    policy::PolicyDefinition definition)
{
    Policy made{.vhost = "/", .name = name};
    made.pattern = pattern;
    made.apply_to = "queues";
    made.priority = priority;
    made.definition = std::move(definition);
    return made;
}

/// "CODE policy" of each finding, at a classic queue "c" and a quorum queue "q".
std::vector<std::string> codes(std::vector<Policy> policies)
{
    policy::Evaluator const evaluator(std::move(policies), policy::rules_of("3.10.8"));
    std::vector<PolicyQueue> const queues{{.vhost = "/", .name = "c", .type = "classic"},
                                          {.vhost = "/", .name = "q", .type = "quorum"}};
    std::vector<std::string> found;
    for (auto const& finding : policy::lint(evaluator, queues)) {
        found.push_back(finding.code + " " + finding.policy);
    }
    return found;
}

using Codes = std::vector<std::string>;

} // namespace

TEST_CASE("policies that do what they say have no findings")
{
    CHECK(
        codes({policy_named("a", "^c", 2, {{"expires", "1"}}), policy_named("b", "", 1, {{"expires", "2"}})}).empty());
}

TEST_CASE("each way to miss has its code")
{
    CHECK(codes({policy_named("a", "c", 1, {{"expires", "1"}}), policy_named("b", "^c", 1, {{"expires", "2"}})}) ==
          Codes{"POLICY-TIE a"});
    CHECK(codes({policy_named("a", "", 2, {{"expires", "1"}}), policy_named("b", "^c", 1, {{"expires", "2"}})}) ==
          Codes{"POLICY-SHADOWED b"});
    CHECK(codes({policy_named("a", "^nothing", 2, {{"expires", "1"}})}) == Codes{"POLICY-NO-QUEUE a"});
    CHECK(codes({policy_named("ha", "", 2, {{"ha-mode", "\"all\""}})}) == Codes{"POLICY-NOT-APPLIED ha"});
    CHECK(codes({policy_named("a", "q", 2, {{"queue-version", "2"}})}) == Codes{"POLICY-KEY-UNUSED a"});
    CHECK(codes({policy_named("a", "", 2, {{"overflow", "\"drop\""}})}) == Codes{"POLICY-INVALID a"});
    CHECK(codes({policy_named("a", "(", 2, {{"expires", "1"}})}) == Codes{"POLICY-PATTERN a"});
}

TEST_CASE("a policy that may be meant for exchanges is not told to match nothing")
{
    auto exchanges = policy_named("ae", "^topic", 1, {{"alternate-exchange", "\"x\""}});
    exchanges.apply_to = "all";
    CHECK(codes({exchanges}).empty());
    exchanges.pattern = "";
    CHECK(codes({exchanges}).empty()); // in force at queues too, which is how "all" works
}
