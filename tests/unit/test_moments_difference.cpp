#include "moments/difference.hpp"

#include "support/catch.hpp"

using namespace rmqha;
using moments::Moment;

namespace {

Moment sample()
{
    Moment moment;
    moment.cluster = "prod";
    moment.nodes = {{"r1", "running", "3.10.8", false, false}, {"r2", "running", "3.10.8", false, false}};
    moment.queues =
        std::vector<moments::Queue>{{"/", "a", "quorum", "r1", {"r1", "r2"}}, {"/", "b", "classic", "r2", {}}};
    management::Policy policy;
    policy.vhost = "/";
    policy.name = "p";
    policy.pattern = "x";
    policy.definition = {{"max-length", "1"}};
    moment.policies = std::vector{policy};
    moment.findings = {{"QUEUE-BACKLOG", "WARNING", "queue \"a\"", "5 messages"}};
    return moment;
}

/// "what object: before -> after" of the only change.
std::string only_change(Moment const& before, Moment const& after)
{
    auto const difference = moments::difference_of(before, after);
    if (difference.changes.size() != 1) {
        return std::to_string(difference.changes.size()) + " changes";
    }
    auto const& change = difference.changes.front();
    return change.what + " " + change.object + ": " + change.before + " -> " + change.after;
}

} // namespace

TEST_CASE("two moments alike do not differ, whatever their figures and order")
{
    auto const before = sample();
    auto after = sample();
    after.time += std::chrono::hours(1);
    after.score = 12;
    after.findings.front().evidence = "7 messages";
    std::swap(after.nodes[0], after.nodes[1]);
    std::swap((*after.queues)[0], (*after.queues)[1]);
    CHECK(moments::difference_of(before, after).empty());
    CHECK(moments::difference_of(before, after).not_compared.empty());
}

TEST_CASE("each kind of change is told with what was and what is")
{
    auto const before = sample();
    auto after = sample();
    SECTION("a node's state")
    {
        after.nodes[1].state = "down";
        CHECK(only_change(before, after) == "node r2: running -> down");
    }
    SECTION("a node that came, and went")
    {
        after.nodes.push_back({"r3", "running", "3.10.8", false, false});
        CHECK(only_change(before, after) == "node r3:  -> running");
        CHECK(only_change(after, before) == "node r3: running -> ");
    }
    SECTION("a version")
    {
        after.nodes[0].version = "3.11.0";
        CHECK(only_change(before, after) == "version r1: 3.10.8 -> 3.11.0");
        after.nodes[0].version.clear(); // not told
        CHECK(moments::difference_of(before, after).empty());
    }
    SECTION("an alarm")
    {
        after.nodes[0].memory_alarm = true;
        CHECK(only_change(before, after) == "alarm memory of r1: no alarm -> alarm");
        after.nodes[0].memory_alarm.reset();
        after.nodes[0].disk_alarm = true;
        CHECK(only_change(before, after) == "alarm disk of r1: no alarm -> alarm");
    }
    SECTION("a finding that came, went, became worse")
    {
        after.findings.front().severity = "CRITICAL";
        CHECK(only_change(before, after) ==
              "finding QUEUE-BACKLOG queue \"a\": WARNING: 5 messages -> CRITICAL: 5 messages");
        after.findings.clear();
        CHECK(only_change(before, after) == "finding QUEUE-BACKLOG queue \"a\": WARNING: 5 messages -> ");
        CHECK(only_change(after, before) == "finding QUEUE-BACKLOG queue \"a\":  -> WARNING: 5 messages");
    }
    SECTION("a leader that moved")
    {
        (*after.queues)[0].leader = "r2";
        CHECK(only_change(before, after) == "leader queue \"a\" in vhost \"/\": r1 -> r2");
        (*after.queues)[0].leader.clear();
        CHECK(moments::difference_of(before, after).empty());
    }
    SECTION("members")
    {
        (*after.queues)[0].members = {"r1", "r2", "r3"};
        CHECK(only_change(before, after) == "members queue \"a\" in vhost \"/\": r1, r2 -> r1, r2, r3");
        (*after.queues)[0].members.clear();
        CHECK(moments::difference_of(before, after).empty());
    }
    SECTION("a queue that came, went, was declared anew")
    {
        after.queues->push_back({"v", "c", "stream", "", {}});
        CHECK(only_change(before, after) == "queue queue \"c\" in vhost \"v\":  -> stream");
        CHECK(only_change(after, before) == "queue queue \"c\" in vhost \"v\": stream -> ");
        after = sample();
        (*after.queues)[1].type = "quorum";
        CHECK(only_change(before, after) == "queue queue \"b\" in vhost \"/\": classic -> quorum");
    }
    SECTION("a policy")
    {
        (*after.policies)[0].definition["max-length"] = "2";
        CHECK(only_change(before, after) == "policy policy \"p\" in vhost \"/\": \"x\" all priority 0 max-length=1 -> "
                                            "\"x\" all priority 0 max-length=2");
        (*after.policies)[0].kind = management::PolicyKind::operator_policy;
        CHECK(moments::difference_of(before, after).changes.size() == 2);
        after.policies->clear();
        CHECK(only_change(before, after) ==
              "policy policy \"p\" in vhost \"/\": \"x\" all priority 0 max-length=1 -> ");
    }
    SECTION("another cluster")
    {
        after.cluster = "test";
        CHECK(only_change(before, after) == "cluster name: prod -> test");
    }
}

TEST_CASE("what one of the moments does not tell is not compared, and that is said")
{
    auto const before = sample();
    auto after = sample();
    after.queues.reset();
    auto difference = moments::difference_of(before, after);
    CHECK(difference.empty());
    CHECK(difference.not_compared == std::vector<std::string>{"queues: not told at the second moment"});
    after.policies.reset();
    difference = moments::difference_of(after, before);
    CHECK(difference.not_compared ==
          std::vector<std::string>{"queues: not told at the first moment", "policies: not told at the first moment"});
}
