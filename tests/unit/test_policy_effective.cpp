#include "base/error.hpp"
#include "policy/effective.hpp"
#include "support/catch.hpp"

using namespace rmqha;
using policy::Evaluator;
using policy::Fate;
using policy::Pattern;
using policy::Policy;
using policy::PolicyKind;
using policy::PolicyQueue;
using policy::rules_of;

namespace {

Policy policy_named(std::string const& name, std::string const& pattern, double priority,
                    management::PolicyDefinition definition)
{
    Policy made{.vhost = "/", .name = name};
    made.pattern = pattern;
    made.priority = priority;
    made.definition = std::move(definition);
    return made;
}

Policy operator_named(std::string const& name, std::string const& pattern, double priority,
                      management::PolicyDefinition definition)
{
    auto made = policy_named(name, pattern, priority, std::move(definition));
    made.kind = PolicyKind::operator_policy;
    return made;
}

PolicyQueue queue(std::string const& name, std::string const& type = "classic")
{
    return {.vhost = "/", .name = name, .type = type};
}

Fate fate_of(std::vector<policy::Verdict> const& verdicts, std::string const& name)
{
    for (auto const& verdict : verdicts) {
        if (verdict.policy->name == name) {
            return verdict.fate;
        }
    }
    throw std::logic_error("no verdict on " + name);
}

} // namespace

TEST_CASE("a pattern matches anywhere, over bytes, as PCRE does")
{
    auto const [pattern, name, matches] = GENERATE(table<std::string, std::string, bool>({
        {"a", "bab", true},
        {"^a", "ba", false},
        {"a$", "a\n", true}, // Erlang sets no dollar_endonly
        {"a$", "a\nb", false},
        {"", "anything", true},
        {"^.$", "é", false}, // two bytes
        {"^..$", "é", true},
        {"^(?!amq\\.).*", "amq.gen", false},
        {"^(?!amq\\.).*", "orders", true},
        {"(?i)^ORD", "orders", true},
        {"^a.b$", "a\nb", false},
        {"^(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", false}, // as long as it may take, and no longer
    }));
    CAPTURE(pattern, name);
    CHECK(Pattern(pattern).matches(name) == matches);
}

TEST_CASE("a pattern that cannot be is refused with the place of the mistake")
{
    CHECK_THROWS_WITH(Pattern("*("), Catch::StartsWith("pattern \"*(\": quantifier does not follow a repeatable item"));
    CHECK_THROWS_AS(Pattern("(a"), base::Error);
}

TEST_CASE("the highest priority wins, fractions and negative ones included")
{
    Evaluator const evaluator({policy_named("low", "", -1, {{"max-length", "1"}}),
                               policy_named("middle", "", 1, {{"max-length", "2"}}),
                               policy_named("high", "", 1.5, {{"max-length", "3"}})},
                              rules_of("4.0.5"));
    auto const effective = evaluator.effective(queue("a"));
    CHECK(effective.policy == "high");
    CHECK(effective.definition == management::PolicyDefinition{{"max-length", "3"}});
    CHECK(effective.tied.empty());
    CHECK(fate_of(evaluator.verdicts(queue("a"), PolicyKind::policy), "low") == Fate::outranked);
}

TEST_CASE("of policies with the same priority the one in force is taken, and all are named")
{
    Evaluator const evaluator({policy_named("b", "", 5, {{"expires", "1"}}),
                               policy_named("a", "", 5, {{"expires", "2"}}),
                               policy_named("c", "", 4, {{"expires", "3"}})},
                              rules_of("4.0.5"));
    auto effective = evaluator.effective(queue("q"));
    CHECK(effective.policy == "a");
    CHECK(effective.tied == std::vector<std::string>{"a", "b"});
    auto told = queue("q");
    told.policy = "b";
    effective = evaluator.effective(told);
    CHECK(effective.policy == "b");
    CHECK(effective.definition.at("expires") == "1");
}

TEST_CASE("one key that a queue type does not take keeps the whole policy off")
{
    Evaluator const evaluator({policy_named("ha", "", 5, {{"ha-mode", "\"all\""}, {"max-length", "10"}}),
                               policy_named("plain", "", 1, {{"max-length", "20"}})},
                              rules_of("3.10.8"));
    CHECK(evaluator.effective(queue("q")).policy == "ha");
    CHECK(evaluator.effective(queue("q", "quorum")).policy == "plain");
    CHECK(evaluator.effective(queue("q", "stream")).policy.empty());
    auto const verdicts = evaluator.verdicts(queue("q", "quorum"), PolicyKind::policy);
    CHECK(verdicts[1].fate == Fate::refused);
    CHECK(verdicts[1].refused_keys == std::vector<std::string>{"ha-mode"});
}

TEST_CASE("which keys keep a policy off depends on the version")
{
    auto const takes = [](std::string const& version, std::string const& type, std::string const& key) {
        return !rules_of(version).refused_by(type).contains(key);
    };
    CHECK_FALSE(takes("3.8.9", "quorum", "message-ttl"));
    CHECK(takes("3.10.8", "quorum", "message-ttl"));
    CHECK(takes("3.8.9", "classic", "delivery-limit"));
    CHECK_FALSE(takes("3.10.8", "classic", "delivery-limit"));
    CHECK_FALSE(takes("3.10.8", "classic", "queue-leader-locator"));
    CHECK(takes("4.0.5", "classic", "queue-leader-locator"));
    CHECK(takes("3.10.8", "classic", "max-in-memory-length"));
    CHECK_FALSE(takes("4.0.5", "classic", "max-in-memory-length"));
    CHECK_FALSE(takes("4.0.5", "stream", "target-group-size"));
    CHECK_FALSE(takes("something odd", "stream", "target-group-size"));
    CHECK(takes("4.0.5", "x-custom", "expires"));
}

TEST_CASE("apply-to chooses by the queue's type, and exchanges are not queues")
{
    CHECK(policy::applies_to("all", "classic"));
    CHECK(policy::applies_to("queues", "stream"));
    CHECK_FALSE(policy::applies_to("exchanges", "classic"));
    CHECK(policy::applies_to("classic_queues", "classic"));
    CHECK_FALSE(policy::applies_to("classic_queues", "quorum"));
    CHECK(policy::applies_to("quorum_queues", "quorum"));
    CHECK(policy::applies_to("streams", "stream"));
}

TEST_CASE("policies of other vhosts do not count")
{
    auto elsewhere = policy_named("a", "", 9, {{"expires", "1"}});
    elsewhere.vhost = "other";
    Evaluator const evaluator({elsewhere}, rules_of("4.0.5"));
    CHECK(evaluator.effective(queue("q")).policy.empty());
    CHECK(evaluator.verdicts(queue("q"), PolicyKind::policy).empty());
}

TEST_CASE("an operator policy is chosen for itself and merged key by key")
{
    Evaluator const evaluator(
        {policy_named("p", "", 0, {{"max-length", "200"}, {"overflow", "\"drop-head\""}, {"message-ttl", "5"}}),
         operator_named(
             "o", "", 0,
             {{"max-length", "150"}, {"overflow", "\"reject-publish\""}, {"message-ttl", "60000"}, {"expires", "7"}})},
        rules_of("4.0.5"));
    auto const effective = evaluator.effective(queue("q"));
    CHECK(effective.policy == "p");
    CHECK(effective.operator_policy == "o");
    CHECK(effective.definition ==
          management::PolicyDefinition{
              {"max-length", "150"}, {"overflow", "\"reject-publish\""}, {"message-ttl", "5"}, {"expires", "7"}});
    CHECK(policy::merged({{"target-group-size", "3"}}, {{"target-group-size", "5"}}).at("target-group-size") == "5");
}

TEST_CASE("keys that a queue makes nothing of are named")
{
    using Names = std::set<std::string, std::less<>>;
    management::PolicyDefinition const definition{
        {"alternate-exchange", "\"x\""}, {"max-length", "1"}, {"queue-version", "2"}, {"of-a-plugin", "1"}};
    CHECK(policy::unused_keys(definition, "classic") == Names{"alternate-exchange"});
    CHECK(policy::unused_keys(definition, "quorum") == Names{"alternate-exchange", "queue-version"});
}

TEST_CASE("a pattern that only the broker understands is told, and takes no other policy with it")
{
    Evaluator const evaluator(
        {policy_named("odd", "(", 9, {{"expires", "1"}}), policy_named("fine", "", 1, {{"expires", "2"}})},
        rules_of("4.0.5"));
    CHECK(evaluator.effective(queue("q")).policy == "fine");
    CHECK(fate_of(evaluator.verdicts(queue("q"), PolicyKind::policy), "odd") == Fate::unreadable);
}
