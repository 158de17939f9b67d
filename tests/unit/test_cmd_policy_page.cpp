#include "cmd/policy_page.hpp"

#include "support/catch.hpp"

#include <nlohmann/json.hpp>

using namespace rmqha;
using policy::Policy;
using policy::PolicyQueue;

namespace {

Policy policy_named(std::string const& name, double priority, policy::PolicyDefinition definition)
{
    Policy made{.vhost = "/", .name = name};
    made.pattern = "^q";
    made.priority = priority;
    made.definition = std::move(definition);
    return made;
}

policy::Plan sample()
{
    auto const before = policy_named("limit", 1, {{"max-length", "10"}, {"overflow", "\"drop-head\""}});
    auto const after = policy_named("limit", 2.5, {{"max-length", "20"}, {"delivery-limit", "3"}});
    std::vector<PolicyQueue> const queues{{.vhost = "/", .name = "q\x1b[31m", .type = "quorum"},
                                          {.vhost = "/", .name = "q2", .type = "classic"}};
    return policy::plan_of({before}, policy::changes_between({before}, {after}), queues, policy::rules_of("3.10.8"));
}

} // namespace

TEST_CASE("a plan says what changes in a policy, which queues that touches, and what does nothing")
{
    CHECK(
        cmd::plan_page(sample(), {}) ==
        R"(change policy "limit" in vhost "/": +delivery-limit 3, max-length 10 -> 20, -overflow drop-head, priority 1 -> 2.5
note: nothing of policy "limit" applies to classic queue "q2", which does not take delivery-limit
2 queues change:

VHOST  QUEUE      TYPE     POLICY         WHAT CHANGES
/      q\x1b[31m  quorum   limit          +delivery-limit 3, max-length 10 -> 2…
/      q2         classic  limit -> none  -max-length 10, -overflow drop-head
)");
    CHECK(cmd::plan_page({}, {}) == "nothing to change\n");
}

TEST_CASE("the plan in JSON has the same facts")
{
    auto const json = cmd::plan_json(sample());
    CHECK(json["changes"][0]["action"] == "change");
    CHECK(json["changes"][0]["before"]["priority"] == 1);
    CHECK(json["changes"][0]["after"]["priority"] == 2.5);
    CHECK(json["queues"][1]["after"]["policy"].is_null());
    CHECK(json["queues"][0]["after"]["definition"]["max-length"] == 20);
    CHECK(json["without_effect"][0]["whole_policy"] == true);
}

TEST_CASE("a policy is shown with control characters escaped")
{
    CHECK(cmd::policy_page(policy_named("a\nb", -1, {{"overflow", "\"drop-head\""}})) ==
          R"(policy "a\nb"
  vhost     /
  pattern   ^q
  apply to  all
  priority  -1
    overflow = drop-head
)");
}
