#include "cmd/policy_page.hpp"

#include "policy/explanation.hpp"
#include "support/catch.hpp"

#include <nlohmann/json.hpp>

using namespace rmqha;
using policy::Policy;
using policy::PolicyKind;
using policy::PolicyQueue;

namespace {

Policy policy_named(std::string const& name, std::string const& pattern, double priority,
                    policy::PolicyDefinition definition)
{
    Policy made{.vhost = "/", .name = name};
    made.pattern = pattern;
    made.priority = priority;
    made.definition = std::move(definition);
    return made;
}

policy::Evaluator sample()
{
    auto cap = policy_named("cap", "", 0, {{"max-length", "5"}});
    cap.kind = PolicyKind::operator_policy;
    auto streams = policy_named("streams", "", 1, {{"max-age", "\"7D\""}});
    streams.apply_to = "streams";
    return {{policy_named("ha", "", 12, {{"ha-mode", "\"all\""}}),
             policy_named("limit", "^o", 9, {{"max-length", "50"}, {"queue-version", "2"}}),
             policy_named("rest", "", 0, {{"expires", "1000"}}), policy_named("other", "^x", 3, {{"expires", "1000"}}),
             streams, cap},
            policy::rules_of("3.10.8")};
}

PolicyQueue orders()
{
    return {.vhost = "/", .name = "orders", .type = "quorum", .arguments = {{"x-max-length", "3"}}};
}

} // namespace

TEST_CASE("an explanation names the origin of every key and the fate of every policy")
{
    auto const evaluator = sample();
    CHECK(cmd::explanation_page(policy::explanation_of(evaluator, orders()), {.width = 200}) ==
          R"(quorum queue "orders" in vhost "/"

KEY            VALUE  FROM             NOTE
max-length     5      operator policy  the policy says 50, the operator policy 5; the queue itself was declared with 3, and the lower counts
queue-version  2      policy           a quorum queue makes nothing of it

POLICY   KIND      PRIORITY  FATE         WHY
limit    policy           9  in force     matches, and has the highest priority
rest     policy           0  outranked    "limit" has priority 9, this one 0
ha       policy          12  not applied  a quorum queue does not take ha-mode, so nothing of it applies
streams  policy           1  other type   applies to streams, and this is a quorum queue
other    policy           3  no match     its pattern "^x" does not match
cap      operator         0  in force     matches, and has the highest priority
)");
    auto const json = cmd::explanation_json(policy::explanation_of(evaluator, orders()));
    CHECK(json["keys"][0]["queue_argument"] == 3);
    CHECK(json["policies"][2]["fate"] == "not_applied");
    CHECK(json["broker_agrees"] == true);
}

TEST_CASE("that the broker says otherwise is told; that it says nothing is not")
{
    auto const evaluator = sample();
    auto queue = orders();
    CHECK(policy::explanation_of(evaluator, queue).broker_agrees);
    queue.policy = "rest";
    auto const explanation = policy::explanation_of(evaluator, queue);
    CHECK_FALSE(explanation.broker_agrees);
    CHECK_THAT(cmd::explanation_page(explanation, {}), Catch::Contains("the broker still tells policy \"rest\""));
}

TEST_CASE("of tied policies the one in force now is named")
{
    policy::Evaluator const evaluator(
        {policy_named("a", "", 1, {{"expires", "1"}}), policy_named("b", "", 1, {{"expires", "2"}})},
        policy::rules_of("4.0.5"));
    auto queue = orders();
    queue.policy = "b";
    auto const explanation = policy::explanation_of(evaluator, queue);
    CHECK(policy::reason_of(explanation.verdicts[0], explanation) ==
          "shares the highest priority, 1: the broker takes any of them");
    CHECK_THAT(policy::reason_of(explanation.verdicts[1], explanation), Catch::EndsWith(", now this one"));
}

TEST_CASE("a queue without policies is explained too")
{
    policy::Evaluator const evaluator({}, policy::rules_of("4.0.5"));
    CHECK(cmd::explanation_page(policy::explanation_of(evaluator, orders()), {}) ==
          "quorum queue \"orders\" in vhost \"/\"\nno policy is in force\n");
}
