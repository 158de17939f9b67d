#include "base/file.hpp"
#include "support/brokers.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

using namespace rmqha;
using namespace std::chrono_literals;

namespace {

/// A vhost of its own on the cluster under test, and `rmqha policy` in it.
class Policies {
public:
    base::Finished run(std::vector<std::string> const& arguments) const
    {
        std::vector<std::string> all{"--context", cluster.name(), "--vhost", vhost.name(), "policy"};
        all.insert(all.end(), arguments.begin(), arguments.end());
        return test::run_rmqha(all);
    }

    nlohmann::json json(std::vector<std::string> arguments) const
    {
        arguments.insert(arguments.end(), {"--format", "json"});
        auto const answer = run(arguments);
        INFO(answer.output << answer.errors);
        REQUIRE(answer.status == 0);
        return nlohmann::json::parse(answer.output);
    }

    void declare(std::string const& queue, std::string const& type)
    {
        auto const path = fmt::format("/api/queues/{}/{}", vhost.name(), queue);
        auto const body = fmt::format(R"({{"durable":true,"arguments":{{"x-queue-type":"{}"}}}})", type);
        REQUIRE(cluster.manage(1, "PUT", path, body).status == 201);
    }

    nlohmann::json queue(std::string const& name)
    {
        auto const answer = cluster.manage(1, "GET", fmt::format("/api/queues/{}/{}", vhost.name(), name));
        return nlohmann::json::parse(answer.body, nullptr, false);
    }

    /// The broker's own names of the policies, sorted by it.
    nlohmann::json stored(std::string const& kind = "policies")
    {
        return nlohmann::json::parse(cluster.manage(1, "GET", fmt::format("/api/{}/{}", kind, vhost.name())).body);
    }

    bool mirrors() const { return cluster.version().starts_with("3."); }

    test::LiveCluster cluster;
    test::TemporaryVhost vhost{cluster};
};

} // namespace

TEST_CASE("a policy is made, left alone when it is the same, changed and deleted", "[live]")
{
    Policies policies;
    auto const set = std::vector<std::string>{"set", "limit", "^orders\\.", "max-length=10", "--priority", "3"};
    auto answer = policies.run(set);
    CHECK(answer.status == 0);
    CHECK_THAT(answer.output, Catch::EndsWith(": made\n"));
    CHECK_THAT(policies.run(set).output, Catch::EndsWith(": unchanged\n"));
    answer = policies.run({"set", "limit", "^orders\\.", "max-length=20", "overflow=reject-publish"});
    CHECK_THAT(answer.output, Catch::EndsWith(": changed\n"));

    auto const stored = policies.stored();
    REQUIRE(stored.size() == 1);
    CHECK(stored[0]["pattern"] == "^orders\\.");
    CHECK(stored[0]["priority"] == 0);
    CHECK(stored[0]["definition"] == nlohmann::json{{"max-length", 20}, {"overflow", "reject-publish"}});
    auto const shown = policies.json({"show", "limit"})["policies"][0];
    CHECK(shown["definition"] == stored[0]["definition"]);

    answer = policies.run({"delete", "limit"});
    CHECK(answer.status == 64); // nobody to ask
    CHECK_THAT(answer.errors, Catch::Contains("Give --yes"));
    CHECK(policies.stored().size() == 1);
    CHECK(policies.run({"delete", "limit", "--yes"}).status == 0);
    CHECK(policies.stored().empty());
    CHECK(policies.run({"delete", "limit", "--yes"}).status == 1);
}

TEST_CASE("operator policies are their own kind, and both kinds are listed", "[live]")
{
    Policies policies;
    REQUIRE(policies.run({"set", "one", "^a", "max-length=10"}).status == 0);
    REQUIRE(policies.run({"set", "one", "^a", "max-length=5", "--operator"}).status == 0);
    CHECK(policies.stored("operator-policies")[0]["definition"]["max-length"] == 5);
    CHECK(policies.json({"list"})["policies"].size() == 2);
    CHECK(policies.json({"list", "--operator"})["policies"].size() == 1);
    CHECK(policies.run({"delete", "one", "--operator", "--yes"}).status == 0);
    CHECK(policies.json({"list"})["policies"].size() == 1);
}

TEST_CASE("a dry run names the queues that would change, and changes nothing", "[live]")
{
    Policies policies;
    policies.declare("orders", "classic");
    policies.declare("other", "classic");
    auto const plan = policies.json({"set", "limit", "^ord", "max-length=10", "--dry-run"});
    REQUIRE(plan["queues"].size() == 1);
    CHECK(plan["queues"][0]["name"] == "orders");
    CHECK(plan["queues"][0]["after"]["definition"]["max-length"] == 10);
    CHECK(policies.stored().empty());
}

TEST_CASE("what the broker has against a policy is told in words", "[live]")
{
    Policies policies;
    auto const answer = policies.run({"set", "x", "", "of-no-plugin=1", "--allow-unknown"});
    CHECK(answer.status == 65);
    CHECK_THAT(answer.errors, Catch::Contains("the broker refuses it: this broker does not know the key of-no-plugin"));
    auto const nowhere = test::run_rmqha(
        {"--context", policies.cluster.name(), "--vhost", "nowhere", "policy", "set", "x", "", "max-length=1"});
    CHECK(nowhere.status == 1);
    CHECK_THAT(nowhere.errors, Catch::Contains("vhost \"nowhere\": there is none of that name"));
}

TEST_CASE("set-ha mirrors queues in all three modes, or says what to do instead", "[live]")
{
    Policies policies;
    if (!policies.mirrors()) {
        auto const answer = policies.run({"set-ha", "ha", "^ha", "--mode", "exactly", "--params", "2"});
        CHECK(answer.status == 65);
        CHECK_THAT(answer.errors, Catch::Contains("rmqha queue declare NAME --type quorum --group-size 3"));
        CHECK(policies.stored().empty());
        // What the advice says works.
        CHECK(policies
                  .run({"set", "ha", "^ha", "target-group-size=3", "delivery-limit=20", "--apply-to", "quorum_queues"})
                  .status == 0);
        return;
    }
    for (auto const* const name : {"all", "two", "named"}) {
        policies.declare(name, "classic");
    }
    auto const second = policies.cluster.node(2).name;
    auto const home = policies.queue("named")["node"].get<std::string>();
    CHECK(policies.run({"set-ha", "ha-all", "^all$", "--mode", "all", "--sync-mode", "automatic"}).status == 0);
    CHECK(policies.run({"set-ha", "ha-two", "^two$", "--mode", "exactly", "--params", "2"}).status == 0);
    CHECK(
        policies.run({"set-ha", "ha-named", "^named$", "--mode", "nodes", "--ha-nodes", home + "," + second}).status ==
        0);
    auto const mirrors = [&](char const* name) {
        auto const queue = policies.queue(name);
        return queue.contains("slave_nodes") && queue["slave_nodes"].is_array() ? queue["slave_nodes"].size() : 0;
    };
    auto const nodes = policies.cluster.nodes().size();
    CHECK(test::wait_until(3min, [&] { return mirrors("all") == nodes - 1 && mirrors("two") == 1; }));
    CHECK(test::wait_until(3min, [&] { return mirrors("named") == (home == second ? 0 : 1); }));

    auto const unknown =
        policies.run({"set-ha", "x", "^x", "--mode", "nodes", "--ha-nodes", "zz@nowhere", "--dry-run"});
    CHECK(unknown.status == 0);
    CHECK_THAT(unknown.errors, Catch::Contains("\"zz@nowhere\" is no node of this cluster"));
}

TEST_CASE("explain tells the winner, the losers and why; lint tells what is not meant", "[live]")
{
    Policies policies;
    policies.declare("orders", "quorum");
    for (auto const& arguments : std::vector<std::vector<std::string>>{
             {"set", "limit", "^ord", "max-length=50", "queue-version=2", "--priority", "9"},
             {"set", "rest", "", "expires=3600000"},
             {"set", "log", "", "max-age=7D", "--priority", "20"},
             {"set", "cap", "", "max-length=5", "--operator"}}) {
        REQUIRE(policies.run(arguments).status == 0);
    }
    auto const explained = policies.json({"explain", "orders"});
    CHECK(explained["effective"]["policy"] == "limit");
    CHECK(explained["effective"]["definition"] == nlohmann::json{{"max-length", 5}, {"queue-version", 2}});
    CHECK(explained["keys"][1]["unused"] == true);
    auto const fate = [&](std::string const& name) {
        for (auto const& one : explained["policies"]) {
            if (one["name"] == name) {
                return one["fate"].get<std::string>();
            }
        }
        return std::string("missing");
    };
    CHECK(fate("rest") == "outranked");
    CHECK(fate("log") == "not_applied");
    CHECK(fate("cap") == "in_force");
    // In the end the broker says the same.
    CHECK(test::wait_until(3min, [&] {
        auto const queue = policies.queue("orders");
        return queue.value("policy", nlohmann::json()) == "limit" &&
               queue["effective_policy_definition"] == explained["effective"]["definition"];
    }));
    CHECK(policies.run({"explain", "nothing"}).status == 1);

    auto const lint = policies.run({"lint"});
    CHECK(lint.status == 1);
    CHECK_THAT(lint.output, Catch::Contains("POLICY-SHADOWED  policy \"rest\""));
    CHECK_THAT(lint.output, Catch::Contains("POLICY-NOT-APPLIED  policy \"log\""));
    CHECK_THAT(lint.output, Catch::Contains("POLICY-KEY-UNUSED  policy \"limit\""));
}

TEST_CASE("a file is planned, applied, applied again without effect, and rolled back", "[live]")
{
    Policies policies;
    test::TemporaryFolder const folder;
    policies.declare("orders", "classic");
    REQUIRE(policies.run({"set", "old", "^ord", "max-length=5"}).status == 0);
    auto const file = (folder.path() / "policies.toml").string();
    auto const rollback = (folder.path() / "before.toml").string();
    base::write_file(file, fmt::format(R"(
[[policies]]
name = "limit"
vhosts = "^{0}$"
pattern = "^ord"
priority = 4
[policies.definition]
max-length = 50
[[policies]]
name = "cap"
vhost = "{0}"
operator = true
pattern = ""
[policies.definition]
max-length = 20
)",
                                       policies.vhost.name()));
    auto const plan = policies.run({"plan", file, "--format", "json"});
    CHECK(plan.status == 1);
    auto const planned = nlohmann::json::parse(plan.output);
    REQUIRE(planned["queues"].size() == 1);
    CHECK(planned["queues"][0]["after"]["definition"]["max-length"] == 20);
    CHECK(planned["not_in_file"][0]["name"] == "old");
    CHECK(policies.stored().size() == 1);

    CHECK(policies.run({"apply", file, "--prune"}).status == 64); // nobody to ask
    auto const applied = policies.run({"apply", file, "--prune", "--yes", "--wait", "--rollback", rollback});
    INFO(applied.output << applied.errors);
    CHECK(applied.status == 0);
    auto const queue = policies.queue("orders");
    CHECK(queue["policy"] == "limit");
    CHECK(queue["operator_policy"] == "cap");
    CHECK(queue["effective_policy_definition"]["max-length"] == 20);
    CHECK(policies.run({"plan", file, "--prune"}).status == 0);
    CHECK_THAT(policies.run({"apply", file, "--prune"}).output, Catch::Contains("nothing to change"));

    CHECK(policies.run({"apply", rollback, "--prune", "--yes"}).status == 0);
    auto const stored = policies.stored();
    REQUIRE(stored.size() == 1);
    CHECK(stored[0]["name"] == "old");
    CHECK(policies.stored("operator-policies").empty());
}

TEST_CASE("what is exported applies back to no change, also as definitions of the broker's own", "[live]")
{
    Policies policies;
    test::TemporaryFolder const folder;
    REQUIRE(policies.run({"set", "a", "^a\\.\"b", "max-length=5", "--priority", "-2", "--apply-to", "queues"}).status ==
            0);
    REQUIRE(policies.run({"set", "a", "", "expires=3600000", "--operator"}).status == 0);
    auto const check = [&](std::string const& name, std::string const& text) {
        auto const file = (folder.path() / name).string();
        base::write_file(file, text);
        auto const plan = policies.run({"plan", file, "--prune"});
        INFO(name << ": " << plan.output << plan.errors);
        CHECK(plan.status == 0);
    };
    check("export.toml", policies.run({"export"}).output);
    check("export.json", policies.run({"export", "--format", "json"}).output);
    auto const path = "/api/definitions/" + policies.vhost.name();
    check("broker.json", policies.cluster.manage(1, "GET", path).body);
}

TEST_CASE("an apply that is refused half way says how far it came", "[live]")
{
    Policies policies;
    test::TemporaryFolder const folder;
    auto const file = (folder.path() / "policies.json").string();
    base::write_file(file, R"({"policies":[
        {"name":"good","pattern":"","definition":{"max-length":5}},
        {"name":"of-no-plugin","pattern":"","priority":1,"definition":{"of-no-plugin":5}}]})");
    auto const applied =
        policies.run({"apply", file, "--allow-unknown", "--rollback", (folder.path() / "before.toml").string()});
    CHECK(applied.status == 3);
    CHECK_THAT(applied.errors, Catch::Contains("1 of 2 changes were made"));
    CHECK(policies.stored().size() == 1);
}
