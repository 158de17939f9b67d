#include "base/error.hpp"
#include "policy/key.hpp"
#include "policy/mirroring.hpp"
#include "support/catch.hpp"

using namespace rmqha;
using policy::Mirroring;

TEST_CASE("mirroring is said in keys that any broker with mirrors takes")
{
    auto const check = [](Mirroring const& mirroring, management::PolicyDefinition const& definition) {
        CHECK(policy::definition_of(mirroring) == definition);
        CHECK(policy::problems_of(policy::definition_of(mirroring), {}).empty());
    };
    check({.mode = "all"}, {{"ha-mode", "\"all\""}});
    check({.mode = "exactly", .params = 2}, {{"ha-mode", "\"exactly\""}, {"ha-params", "2"}});
    check({.mode = "nodes", .nodes = {"a@h", "b@h"}}, {{"ha-mode", "\"nodes\""}, {"ha-params", R"(["a@h","b@h"])"}});
    check({.mode = "all",
           .sync_mode = "automatic",
           .sync_batch_size = 50,
           .promote_on_failure = "when-synced",
           .promote_on_shutdown = "always"},
          {{"ha-mode", "\"all\""},
           {"ha-sync-mode", "\"automatic\""},
           {"ha-sync-batch-size", "50"},
           {"ha-promote-on-failure", "\"when-synced\""},
           {"ha-promote-on-shutdown", "\"always\""}});
}

TEST_CASE("a mode without what it needs, or with what it does not take, is wrong usage")
{
    auto const mirroring =
        GENERATE(Mirroring{.mode = "exactly"}, Mirroring{.mode = "all", .params = 2}, Mirroring{.mode = "nodes"},
                 Mirroring{.mode = "nodes", .params = 1}, Mirroring{.mode = "all", .nodes = {"a@h"}});
    try {
        policy::definition_of(mirroring);
        FAIL("taken");
    } catch (base::Error const& error) {
        CHECK(error.code() == base::ExitCode::usage);
    }
}

TEST_CASE("the advice asks for an odd number of members, at least three, and quotes for the shell")
{
    auto const advice = [](Mirroring const& mirroring) {
        return policy::quorum_advice(mirroring, {.name = "ha", .pattern = "^it's"});
    };
    CHECK_THAT(advice({.mode = "all"}), Catch::Contains("--group-size 3\n"));
    CHECK_THAT(advice({.mode = "exactly", .params = 2}), Catch::Contains("--group-size 3\n"));
    CHECK_THAT(advice({.mode = "exactly", .params = 4}), Catch::Contains("target-group-size=5 "));
    CHECK_THAT(advice({.mode = "nodes", .nodes = {"a", "b", "c", "d", "e"}}), Catch::Contains("--group-size 5\n"));
    CHECK_THAT(advice({.mode = "all"}), Catch::Contains(R"(policy set 'ha' '^it'\''s' target-group-size=3)"));
}
