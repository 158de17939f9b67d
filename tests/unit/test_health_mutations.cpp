#include "health/checks.hpp"
#include "health/nagios.hpp"
#include "health/prometheus.hpp"
#include "support/catch.hpp"
#include "support/health_samples.hpp"
#include "support/mutation.hpp"
#include "support/recorded.hpp"

#include <nlohmann/json.hpp>

#include <array>

using namespace rmqha;
using health::Severity;

namespace {

constexpr std::array<char const*, 2> k_versions{"3.10", "4.0"};
constexpr auto* k_alarmed = R"({"status":"failed","reason":"There are alarms in effect in the cluster",)"
                            R"("alarms":[{"node":"r1-7772@localhost","resource":"memory"}]})";

/// What a node says to each question, as bytes.
struct Bodies {
    std::string whoami, overview, nodes, alarms = R"({"status":"ok"})", vhosts = R"({"status":"ok"})",
                                         listener = R"({"status":"ok","port":5672})", policies, metrics, depths, queues;
    int alarms_status = 200;
};

Bodies recorded(std::string const& version)
{
    auto const file = [&](char const* name) { return test::recorded(version + "/" + name); };
    Bodies bodies;
    bodies.whoami = file("whoami.json");
    bodies.overview = file("overview.json");
    bodies.nodes = file("nodes.json");
    bodies.policies = file("policies.json");
    bodies.metrics = file("metrics.txt");
    bodies.depths = file("queue-depths.txt");
    bodies.queues = file("queues.json");
    return bodies;
}

/// The verdict of `monitor check` on a cluster of which one node is configured and answers so; it takes logins.
Severity verdict_on(Bodies const& bodies)
{
    health::NodeAnswers node;
    node.node.host = "127.0.0.1";
    node.node.port = 5672;
    node.login.asked = test::answered_in(base::milliseconds(2));
    node.whoami = management::read_whoami(test::answered(bodies.whoami));
    node.overview = management::read_overview(test::answered(bodies.overview));
    node.nodes = management::read_nodes(test::answered(bodies.nodes));
    node.alarms = management::read_alarms(test::answered(bodies.alarms, bodies.alarms_status));
    node.stopped_vhosts = management::read_stopped_vhosts(test::answered(bodies.vhosts));
    node.listening = management::read_listening(test::answered(bodies.listener));
    node.policies = management::read_policies(test::answered(bodies.policies));
    node.metrics = management::read_metrics(test::answered(bodies.metrics));
    node.depths = management::read_queue_depths(test::answered(bodies.depths));
    health::Answers answers;
    answers.user = "ops";
    answers.nodes.push_back(std::move(node));
    answers.queues =
        health::QueueAnswers{"127.0.0.1:15672", management::read_queues(test::answered(bodies.queues)), {}};

    health::Report report;
    report.checks = health::chosen_checks({});
    auto snapshot = health::assemble(answers);
    auto const all = health::findings_of(snapshot, report.rules);
    auto const score = health::score_of(snapshot, all);
    report.findings = health::findings_for(report.checks, snapshot, score, all, 80);
    // The recorded 3.10 has a queue that nobody consumes; the rest of it is well.
    std::erase_if(report.findings, [](auto const& finding) { return finding.code == "QUEUE-NO-CONSUMER"; });
    report.score = score;
    report.snapshot = std::move(snapshot);
    auto const line = health::nagios_text(report);
    CHECK(line.find('\n') != std::string::npos);
    CHECK_FALSE(health::prometheus_text(report).empty());
    return report.state();
}

} // namespace

TEST_CASE("ten thousand spoilt answers: no crash, and never OK of what cannot be read")
{
    constexpr int k_mutations = 10'000;
    constexpr std::array k_answers{&Bodies::whoami, &Bodies::overview, &Bodies::nodes,    &Bodies::alarms,
                                   &Bodies::vhosts, &Bodies::listener, &Bodies::policies, &Bodies::metrics,
                                   &Bodies::depths, &Bodies::queues};
    constexpr std::array k_must_be_json{&Bodies::nodes, &Bodies::queues, &Bodies::policies};
    std::array const samples{recorded(k_versions[0]), recorded(k_versions[1])};
    std::mt19937 random(20260131); // NOLINT(cert-msc51-cpp): the same each time
    int unreadable = 0;
    for (int i = 0; i < k_mutations; ++i) {
        auto bodies = samples.at(random() % samples.size());
        auto const which = k_answers.at(random() % k_answers.size());
        bodies.*which = test::mutated(bodies.*which, random);
        CAPTURE(i, which == &Bodies::nodes, which == &Bodies::queues, which == &Bodies::overview);
        auto const verdict = verdict_on(bodies);
        bool const must_be_json = std::ranges::find(k_must_be_json, which) != k_must_be_json.end();
        if (must_be_json && !nlohmann::json::accept(bodies.*which)) {
            ++unreadable;
            CHECK(verdict != Severity::ok);
        }
    }
    CHECK(unreadable > 1000); // the mutations are not beside the point
}

TEST_CASE("an alarm is never called OK, however spoilt its list is")
{
    constexpr int k_mutations = 2'000;
    std::mt19937 random(20260131); // NOLINT(cert-msc51-cpp)
    auto bodies = recorded("4.0");
    bodies.alarms_status = 503;
    for (int i = 0; i < k_mutations; ++i) {
        bodies.alarms = i == 0 ? k_alarmed : test::mutated(k_alarmed, random);
        CAPTURE(i, bodies.alarms);
        CHECK(verdict_on(bodies) != Severity::ok);
    }
}

TEST_CASE("the recorded cluster that is spoilt there is OK as it is")
{
    for (auto const* const version : k_versions) {
        CAPTURE(version);
        CHECK(verdict_on(recorded(version)) == Severity::ok);
    }
}
