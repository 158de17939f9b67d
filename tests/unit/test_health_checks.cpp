#include "base/error.hpp"
#include "health/checks.hpp"
#include "support/catch.hpp"
#include "support/health_samples.hpp"

using namespace rmqha;
using namespace rmqha::health;
using test::healthy_snapshot;
using test::only;

namespace {

std::vector<Finding> found(Snapshot const& snapshot, std::vector<std::string> const& names, int score_min = 80)
{
    auto const all = findings_of(snapshot, {});
    return findings_for(chosen_checks(names), snapshot, score_of(snapshot, all), all, score_min);
}

std::string refusal(std::string const& name)
{
    try {
        chosen_checks({name});
    } catch (base::Error const& error) {
        CHECK(error.code() == base::ExitCode::usage);
        return error.what() + std::string(" / ") + error.hint();
    }
    return "accepted";
}

} // namespace

TEST_CASE("checks are chosen by topic and by code, each once, all of them when none is named")
{
    CHECK(chosen_checks({}).size() == checks().size() - 1); // end-to-end, which sends messages, is for who asks for it
    CHECK_FALSE(codes_of(chosen_checks({})).contains("END-TO-END"));
    auto const chosen = chosen_checks({"memory", "NODE-DOWN", "memory"});
    REQUIRE(chosen.size() == 2);
    CHECK(codes_of(chosen) == std::set<std::string>{"MEMORY-HIGH", "ALARM-MEMORY", "NODE-DOWN"});
    CHECK_THAT(refusal("memroy"),
               Catch::Contains("unknown check \"memroy\"") && Catch::Contains("Did you mean \"memory\"?"));
    CHECK_THAT(refusal("NODE-DWN"), Catch::Contains("Did you mean \"NODE-DOWN\"?"));
    CHECK_THAT(refusal(""), Catch::Contains("unknown check \"\""));
}

TEST_CASE("every code that costs points belongs to a check")
{
    auto const known = codes_of(checks());
    for (auto const* code : {"NODE-UNREACHABLE", "NODE-MAINTENANCE", "VIEWS-DISAGREE",    "PARTITION",
                             "ALARM-MEMORY",     "ALARM-DISK",       "MEMORY-HIGH",       "DISK-LOW",
                             "FDS-HIGH",         "QUEUE-DOWN",       "QUEUE-CRITICAL",    "QUEUE-UNDER-REPLICATED",
                             "MIRROR-UNSYNCED",  "QUEUE-BACKLOG",    "QUEUE-NO-CONSUMER", "VERSIONS-MIXED",
                             "LEADERS-SKEWED",   "LISTENER-MISSING", "VHOST-DOWN",        "SOCKETS-HIGH"}) {
        CAPTURE(code);
        CHECK(points_of(code) > 0);
        CHECK(known.contains(code));
    }
}

TEST_CASE("only checks about queues, and the score, need to know queues")
{
    CHECK_FALSE(needs_queues(chosen_checks({"nodes", "alarms", "memory", "versions"})));
    CHECK(needs_queues(chosen_checks({"nodes", "backlog"})));
    CHECK(needs_queues(chosen_checks({"score"})));
    CHECK(needs_queues(chosen_checks({"LEADERS-SKEWED"})));
}

TEST_CASE("a check tells its own findings and no others")
{
    auto snapshot = healthy_snapshot();
    snapshot.nodes[0].memory_alarm = true;
    snapshot.queues->front().messages = 5000;
    CHECK(only(found(snapshot, {"backlog"}), "QUEUE-BACKLOG") != nullptr);
    CHECK(found(snapshot, {"backlog"}).size() == 1);
    CHECK(state_of(found(snapshot, {"backlog"})) == Severity::warning);
    CHECK(state_of(found(snapshot, {"memory"})) == Severity::critical);
    CHECK(found(snapshot, {"nodes", "versions"}).empty());
}

TEST_CASE("what could not be asked is UNKNOWN for every check that needed it")
{
    auto snapshot = healthy_snapshot();
    snapshot.gaps = {{"QUEUE-DOWN", "queues", "where queues live is not known: silent", {}, false, {"QUEUE-BACKLOG"}}};
    CHECK(state_of(found(snapshot, {"backlog"})) == Severity::unknown);
    CHECK(state_of(found(snapshot, {"queues"})) == Severity::unknown);
    CHECK(state_of(found(snapshot, {"nodes"})) == Severity::ok);
    CHECK(state_of(found(snapshot, {"score"})) == Severity::unknown);
}

TEST_CASE("what a broker cannot tell leaves a check OK, unless that was all the check is about")
{
    auto snapshot = healthy_snapshot();
    snapshot.gaps = {{"NODE-MAINTENANCE", "cluster", "this broker does not tell", {}, true}};
    CHECK(state_of(found(snapshot, {"nodes"})) == Severity::ok);
    CHECK(state_of(found(snapshot, {"NODE-MAINTENANCE"})) == Severity::unknown);
    snapshot.gaps = {{"PARTITION", "cluster", "this broker does not tell", {}, true}};
    CHECK(state_of(found(snapshot, {"partitions"})) == Severity::unknown);
    CHECK(state_of(found(snapshot, {})) == Severity::ok); // nobody asked for it in particular
}

TEST_CASE("the memory of a node that is silent is UNKNOWN; a node that peers say is stopped has none")
{
    auto snapshot = healthy_snapshot();
    test::take_down(snapshot, 3);
    CHECK(state_of(found(snapshot, {"memory"})) == Severity::ok);
    snapshot.nodes[2].state = NodeState::silent;
    auto const findings = found(snapshot, {"disk"});
    REQUIRE(only(findings, "DISK-LOW") != nullptr);
    CHECK(findings.front().severity == Severity::unknown);
    CHECK(findings.front().object == "r3@h3");
    CHECK(found(snapshot, {"alarms"}).empty());
    snapshot.nodes[2].state = NodeState::down;
    snapshot.nodes[0].view.reset();
    snapshot.nodes[1].view.reset();
    CHECK(state_of(found(snapshot, {"descriptors"})) == Severity::unknown);
}

TEST_CASE("SCORE-LOW: a score below cluster_health_min is critical, whatever lowered it")
{
    auto snapshot = healthy_snapshot();
    snapshot.queues->front().messages = 5000; // 3 points
    CHECK(found(snapshot, {"score"}, 97).empty());
    auto const low = found(snapshot, {"score"}, 98);
    REQUIRE(low.size() == 1);
    CHECK(low.front().severity == Severity::critical);
    CHECK(low.front().evidence == "score 97 of 100 (cluster_health_min 98)");
}

TEST_CASE("Nagios' code of each severity")
{
    Check const nodes = chosen_checks({"nodes"}).front();
    Finding finding{"NODE-DOWN", Severity::critical, "a", "b", "c", "d"};
    CHECK(state_of(nodes, {finding}) == Severity::critical);
    finding.code = "QUEUE-DOWN";
    CHECK(state_of(nodes, {finding}) == Severity::ok);
    finding.also = {"NODE-SILENT"};
    CHECK(state_of(nodes, {finding}) == Severity::critical);
}
