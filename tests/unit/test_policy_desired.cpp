#include "base/error.hpp"
#include "policy/desired.hpp"
#include "policy/export.hpp"
#include "support/catch.hpp"

#include <nlohmann/json.hpp>

using namespace rmqha;
using policy::ChangeKind;
using policy::Policy;
using policy::PolicyKind;

namespace {

constexpr auto* k_toml = R"(
vhosts = ["empty"]
[[policies]]
name = "limit"
vhost = "/"
pattern = "^orders\\."
apply_to = "queues"
priority = 10
[policies.definition]
max-length = 100
overflow = "reject-publish"
[[policies]]
name = "cap"
vhosts = "^tenant-"
operator = true
pattern = ""
[policies.definition]
max-length-bytes = 1000
)";

policy::DesiredState toml(std::string const& text)
{
    return policy::parse_desired(text, {.path = "p.toml"});
}
policy::DesiredState json(std::string const& text)
{
    return policy::parse_desired(text, {.path = "p.json", .default_vhost = "mine"});
}

std::string refusal(std::string const& text, std::string const& path = "p.json")
{
    try {
        policy::parse_desired(text, {.path = path});
    } catch (base::Error const& error) {
        CHECK(error.code() == base::ExitCode::data);
        return error.what();
    }
    return "taken";
}

std::string json_policy(std::string const& members)
{
    return R"({"policies":[{"name":"a","pattern":"","definition":{"expires":5})" + members + "}]}";
}

} // namespace

TEST_CASE("a file is read, and its vhost patterns become the vhosts there are")
{
    auto const desired = policy::expanded(toml(k_toml), {"/", "empty", "tenant-a", "tenant-b", "x"});
    CHECK(desired.vhosts == std::vector<std::string>{"/", "empty", "tenant-a", "tenant-b"});
    REQUIRE(desired.policies.size() == 3);
    auto const& limit = desired.policies[0];
    CHECK(limit.pattern == "^orders\\.");
    CHECK(limit.apply_to == "queues");
    CHECK(limit.priority == 10);
    CHECK(limit.definition == policy::PolicyDefinition{{"max-length", "100"}, {"overflow", "\"reject-publish\""}});
    CHECK(desired.policies[2].vhost == "tenant-b");
    CHECK(desired.policies[2].kind == PolicyKind::operator_policy);
}

TEST_CASE("definitions as RabbitMQ exports them are read, and what else is in them is left alone")
{
    auto const state = json(R"({"rabbit_version":"4.0.5","users":[{}],"vhosts":[{"name":"/","metadata":{}}],
        "parameters":[{"component":"shovel","name":"s","vhost":"/","value":{}},
                      {"component":"operator_policy","name":"cap","vhost":"/",
                       "value":{"pattern":"","priority":0,"apply-to":"queues","definition":{"max-length":5}}}],
        "policies":[{"vhost":"/","name":"p","pattern":"^p","apply-to":"streams","priority":1,
                     "definition":{"max-age":"7D"}}]})");
    auto const desired = policy::expanded(state, {"/"});
    REQUIRE(desired.policies.size() == 2);
    CHECK(desired.policies[0].apply_to == "streams");
    CHECK(desired.policies[1].kind == PolicyKind::operator_policy);
    CHECK(desired.policies[1].definition.at("max-length") == "5");
}

TEST_CASE("a policy without a vhost is for the one asked for")
{
    auto const state = json(json_policy(""));
    CHECK(state.policies.front().policy.vhost == "mine");
}

TEST_CASE("what is wrong in a file is told with its place")
{
    CHECK_THAT(refusal("[[", "p.toml"), Catch::StartsWith("p.toml:1: not TOML: "));
    CHECK_THAT(refusal("{"), Catch::StartsWith("p.json: not JSON: parse error at line 1"));
    CHECK(refusal("[]") == "p.json: not a JSON object");
    CHECK(refusal("") != "taken");
    CHECK(refusal(R"({"polices":[]})") == "p.json: unknown member \"polices\"");
    CHECK(refusal(R"({"policies":{}})") == "p.json: policies: not a list");
    CHECK(refusal(R"({"policies":[5]})") == "p.json: policy 1: not an object");
    CHECK(refusal(R"({"policies":[{"pattern":"x"}]})") == "p.json: policy 1: name: missing");
    CHECK(refusal(R"({"policies":[{"name":"a","pattern":"x"}]})") == "p.json: policy 1: definition: missing");
    CHECK(refusal(json_policy(R"(,"priority":"high")")) == "p.json: policy 1: priority: not a number");
    CHECK(refusal(json_policy(R"(,"operator":1)")) == "p.json: policy 1: operator: not true or false");
    CHECK(refusal(json_policy(R"(,"prio":1)")) == "p.json: policy 1: unknown member \"prio\"");
    CHECK(refusal(json_policy(R"(,"vhost":"/","vhosts":"x")")) ==
          "p.json: policy 1: vhost and vhosts exclude each other");
    CHECK_THAT(refusal(json_policy(R"(,"vhosts":"(")")), Catch::StartsWith("p.json: policy 1: vhosts: pattern \"(\""));
    CHECK_THAT(refusal(json_policy(R"(,"apply_to":"queue")")), Catch::Contains("\"queue\" is not one of all, queues"));
    CHECK(refusal(R"({"policies":[{"name":"a","pattern":"","definition":{"max-lenght":5}}]})") ==
          "p.json: policy 1: \"max-lenght\": no such key. Did you mean \"max-length\"?");
    CHECK_THAT(refusal(R"({"policies":[{"name":"a","pattern":"(","definition":{"expires":5}}]})"),
               Catch::StartsWith("p.json: policy 1: pattern \"(\""));
}

TEST_CASE("a vhost there is not, and one policy twice, are refused")
{
    CHECK_THROWS_WITH(policy::expanded(toml(k_toml), {"/"}), "vhosts: vhost \"empty\": there is none of that name");
    auto state = json(json_policy(""));
    CHECK_THROWS_WITH(policy::expanded(state, {"/"}), "p.json: policy 1: vhost \"mine\": there is none of that name");
    state.policies.push_back(state.policies.front());
    CHECK_THROWS_WITH(policy::expanded(state, {"mine"}),
                      "p.json: policy 1: \"a\" is in vhost \"mine\" twice, also by p.json: policy 1");
}

TEST_CASE("a policy that names its vhost beats one that comes by a pattern")
{
    auto state = json(json_policy(R"(,"vhosts":"")"));
    auto named = state.policies.front();
    named.vhosts.reset();
    named.policy.vhost = "b";
    named.policy.priority = 7;
    state.policies.push_back(named);
    auto const desired = policy::expanded(state, {"a", "b"});
    REQUIRE(desired.policies.size() == 2);
    CHECK(desired.policies[0].priority == 0);
    CHECK(desired.policies[1].priority == 7);
}

TEST_CASE("only prune deletes, and only where the file speaks for the vhost")
{
    auto const desired = policy::expanded(json(json_policy("")), {"mine", "other"});
    auto extra = desired.policies.front();
    extra.name = "extra";
    auto elsewhere = extra;
    elsewhere.vhost = "other";
    std::vector<Policy> const actual{desired.policies.front(), extra, elsewhere};
    CHECK(policy::changes_to(desired, actual, false).empty());
    CHECK(policy::not_in_file(desired, actual).size() == 1);
    auto const changes = policy::changes_to(desired, actual, true);
    REQUIRE(changes.size() == 1);
    CHECK(changes[0].kind == ChangeKind::remove);
    CHECK(changes[0].before.name == "extra");
    CHECK(changes[0].before.vhost == "mine");
}

TEST_CASE("what is exported is read back as the same, in both forms, whatever the names")
{
    Policy odd{.vhost = "a\"b", .name = "na\nme \x7f é"};
    odd.pattern = "^a\\.b\"$";
    odd.apply_to = "queues";
    odd.priority = -1.5;
    odd.definition = {{"ha-mode", "\"nodes\""}, {"ha-params", R"(["a@h","b@h"])"}};
    auto operators = odd;
    operators.kind = PolicyKind::operator_policy;
    operators.definition = {{"max-length", "5"}};
    policy::Exported const exported{.policies = {operators, odd}, .vhosts = {"z", "a\"b"}};
    auto const from_toml = policy::parse_desired(policy::to_toml(exported), {.path = "x.toml"});
    auto const from_json = policy::parse_desired(policy::to_definitions(exported).dump(), {.path = "x.json"});
    for (auto const* const state : {&from_toml, &from_json}) {
        auto const desired = policy::expanded(*state, {"a\"b", "z"});
        CHECK(policy::changes_to(desired, exported.policies, true).empty());
        CHECK(desired.vhosts == std::vector<std::string>{"a\"b", "z"});
    }
    policy::Exported const turned{.policies = {odd, operators}, .vhosts = {"a\"b", "z"}};
    CHECK(policy::to_toml(turned) == policy::to_toml(exported));
}
