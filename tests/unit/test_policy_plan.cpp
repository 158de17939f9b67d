#include "policy/plan.hpp"
#include "support/catch.hpp"

using namespace rmqha;
using policy::ChangeKind;
using policy::Policy;
using policy::PolicyQueue;

namespace {

Policy policy_of(std::string const& name, double priority, std::string const& length)
{
    Policy made{.vhost = "/", .name = name};
    made.pattern = "^q";
    made.priority = priority;
    made.definition = {{"max-length", length}};
    return made;
}

} // namespace

TEST_CASE("equal sets of policies need no change, in whatever order they come")
{
    auto const a = policy_of("a", 1, "1");
    auto const b = policy_of("b", 2, "2");
    CHECK(policy::changes_between({a, b}, {b, a}).empty());
}

TEST_CASE("what is new and what differs comes before what goes, lower priorities first")
{
    auto const changes = policy::changes_between({policy_of("gone", 0, "1"), policy_of("other", 1, "1")},
                                                 {policy_of("new", 9, "1"), policy_of("other", 5, "1")});
    REQUIRE(changes.size() == 3);
    CHECK(changes[0].kind == ChangeKind::change);
    CHECK(changes[0].before.priority == 1);
    CHECK(changes[1].kind == ChangeKind::make);
    CHECK(policy::subject(changes[1]).name == "new");
    CHECK(changes[2].kind == ChangeKind::remove);
    CHECK(policy::subject(changes[2]).name == "gone");
}

TEST_CASE("a policy and an operator policy of one name are two")
{
    auto operators = policy_of("a", 1, "1");
    operators.kind = policy::PolicyKind::operator_policy;
    auto const changes = policy::changes_between({policy_of("a", 1, "1")}, {policy_of("a", 1, "1"), operators});
    REQUIRE(changes.size() == 1);
    CHECK(changes[0].kind == ChangeKind::make);
}

TEST_CASE("the plan names the queues at which something else would be in force, and only those")
{
    std::vector<Policy> const actual{policy_of("a", 1, "1")};
    std::vector<PolicyQueue> const queues{{.vhost = "/", .name = "q1", .type = "classic"},
                                          {.vhost = "/", .name = "other", .type = "classic"}};
    auto better = policy_of("b", 2, "7");
    auto const plan = policy::plan_of(actual, policy::changes_between(actual, {actual[0], better}), queues,
                                      policy::rules_of("4.0.5"));
    REQUIRE(plan.queues.size() == 1);
    CHECK(plan.queues[0].queue.name == "q1");
    CHECK(plan.queues[0].before.policy == "a");
    CHECK(plan.queues[0].after.policy == "b");
    CHECK(plan.queues[0].after.definition.at("max-length") == "7");

    auto worse = policy_of("b", 0, "7"); // below the one in force: no queue sees it
    auto const idle =
        policy::plan_of(actual, policy::changes_between(actual, {actual[0], worse}), queues, policy::rules_of("4.0.5"));
    CHECK(idle.changes.size() == 1);
    CHECK(idle.queues.empty());
}

TEST_CASE("changes applied give what was wanted")
{
    std::vector<Policy> const actual{policy_of("gone", 0, "1"), policy_of("other", 1, "1")};
    std::vector<Policy> const desired{policy_of("new", 9, "1"), policy_of("other", 5, "1")};
    auto const after = policy::applied(actual, policy::changes_between(actual, desired));
    CHECK(policy::changes_between(after, desired).empty());
    CHECK(after.size() == 2);
}
