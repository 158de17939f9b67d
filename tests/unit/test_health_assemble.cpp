#include "health/answers.hpp"
#include "health/members.hpp"
#include "support/catch.hpp"
#include "support/health_samples.hpp"
#include "support/recorded.hpp"

using namespace rmqha;
using namespace rmqha::health;
using management::Problem;
using Outcome = Asked::Outcome;

namespace {

config::Node address(int number)
{
    config::Node node;
    node.host = "127.0.0.1";
    node.port = static_cast<std::uint16_t>(5670 + number);
    return node;
}

std::string name(int number)
{
    return "r" + std::to_string(number) + "@h";
}

management::Node told(int number, bool running)
{
    management::Node node;
    node.name = name(number);
    node.running = running;
    if (running) {
        node.partitions.emplace();
        node.being_drained = false;
        node.memory_used = 50;
        node.memory_limit = 100;
        node.memory_alarm = false;
        node.disk_alarm = false;
    }
    return node;
}

/// Node `number` answering everything, all three nodes running as it sees them.
NodeAnswers lively(int number)
{
    NodeAnswers answers;
    answers.node = address(number);
    answers.login = {test::answered_in(base::milliseconds(2)), "4.0.5", name(number)};
    answers.login.certificate_days_left = answers.certificate_days_left = 300;
    answers.whoami = management::Whoami{"ops", {"monitoring"}};
    answers.overview = management::Overview{name(number), "4.0.5", name(number), {}};
    answers.nodes = std::vector{told(1, true), told(2, true), told(3, true)};
    answers.alarms = std::vector<management::Alarm>{};
    answers.stopped_vhosts = std::vector<std::string>{};
    answers.policies = std::vector<management::Policy>{};
    management::Metrics metrics;
    metrics.node = name(number);
    for (int peer = 1; peer <= 3; ++peer) {
        if (peer != number) {
            metrics.connected.push_back(name(peer));
        }
    }
    metrics.memory_used = 60;
    metrics.memory_alarm = metrics.disk_alarm = false;
    metrics.queues = 1;
    answers.metrics = metrics;
    answers.depths = management::QueueDepths{};
    return answers;
}

/// Node `number` of which no question was answered.
NodeAnswers gone(int number, Outcome outcome, Problem const& problem)
{
    NodeAnswers answers;
    answers.node = address(number);
    answers.login.asked = {outcome, problem.reason, base::milliseconds(1)};
    answers.whoami = problem;
    answers.overview = problem;
    answers.nodes = problem;
    answers.alarms = problem;
    answers.stopped_vhosts = problem;
    answers.listening = problem;
    answers.policies = problem;
    answers.metrics = problem;
    answers.depths = problem;
    return answers;
}

NodeAnswers refusing(int number)
{
    return gone(number, Outcome::refused, {Problem::Kind::unreachable, "refused"});
}

NodeAnswers hanging(int number)
{
    return gone(number, Outcome::silent, {Problem::Kind::silent, "no answer within 5s"});
}

Answers three()
{
    Answers answers;
    answers.user = "ops";
    answers.nodes = {lively(1), lively(2), lively(3)};
    management::Queue queue;
    queue.vhost = "/";
    queue.name = "q";
    queue.type = "classic";
    queue.leader = name(1);
    answers.queues = QueueAnswers{"127.0.0.1:5671", std::vector{queue}, {}};
    return answers;
}

/// `answers` with every node saying that node `number` does not run.
void unsee(Answers& answers, int number)
{
    for (NodeAnswers& node : answers.nodes) {
        if (auto* nodes = std::get_if<std::vector<management::Node>>(&node.nodes)) {
            (*nodes)[static_cast<std::size_t>(number - 1)] = told(number, false);
        }
    }
}

Gap const* gap(Snapshot const& snapshot, std::string const& code)
{
    auto const found =
        std::find_if(snapshot.gaps.begin(), snapshot.gaps.end(), [&](Gap const& each) { return each.code == code; });
    return found == snapshot.gaps.end() ? nullptr : &*found;
}

} // namespace

TEST_CASE("nodes that answer run, and are known by the name they give themselves")
{
    auto const snapshot = assemble(three());
    REQUIRE(snapshot.nodes.size() == 3);
    CHECK(snapshot.nodes[1].name == "r2@h");
    CHECK(snapshot.nodes[1].address == "127.0.0.1:5672");
    CHECK(snapshot.nodes[1].state == NodeState::running);
    CHECK(snapshot.nodes[1].version == "4.0.5");
    CHECK(snapshot.running == std::set<std::string>{"r1@h", "r2@h", "r3@h"});
    CHECK(snapshot.gaps.empty());
    CHECK(findings_of(snapshot, {}).empty());
}

TEST_CASE("figures are the node's own and the freshest: metrics before the management API")
{
    auto answers = three();
    CHECK(assemble(answers).nodes[0].memory_used == 60);
    CHECK(assemble(answers).nodes[0].memory_limit == 100); // what the one does not tell, the other may
    answers.nodes[0].metrics = Problem{Problem::Kind::unreachable, "refused"};
    CHECK(assemble(answers).nodes[0].memory_used == 50);
    CHECK(assemble(answers).nodes[0].figures_source == "management");
}

TEST_CASE("a node that refuses is down when its peers say so, and gets the one name that is left over")
{
    auto answers = three();
    answers.nodes[1] = refusing(2);
    unsee(answers, 2);
    auto const snapshot = assemble(answers);
    REQUIRE(snapshot.nodes.size() == 3);
    CHECK(snapshot.nodes[1].name == "r2@h");
    CHECK(snapshot.nodes[1].state == NodeState::down);
    CHECK(snapshot.nodes[1].why == "127.0.0.1:5672 refused; peers say it is not running");
    CHECK(snapshot.running.count("r2@h") == 0);
}

TEST_CASE("a node that refuses this host but runs for its peers is unreachable, or draining when they say so")
{
    auto answers = three();
    answers.nodes[1] = refusing(2);
    CHECK(assemble(answers).nodes[1].state == NodeState::unreachable);
    CHECK(assemble(answers).running.count("r2@h") == 1);
    std::get<std::vector<management::Node>>(answers.nodes[0].nodes)[1].being_drained = true;
    CHECK(assemble(answers).nodes[1].state == NodeState::draining);
}

TEST_CASE("two dead nodes nobody can tell apart stay two rows")
{
    auto answers = three();
    answers.nodes[1] = refusing(2);
    answers.nodes[2] = refusing(3);
    unsee(answers, 2);
    unsee(answers, 3);
    auto const snapshot = assemble(answers);
    REQUIRE(snapshot.nodes.size() == 3);
    CHECK(snapshot.nodes[1].name.empty());
    CHECK(snapshot.nodes[1].label() == "127.0.0.1:5672");
    CHECK(snapshot.nodes[1].state == NodeState::down);
    answers.nodes[1].node.host = "rabbit2";
    std::get<std::vector<management::Node>>(answers.nodes[0].nodes)[1].name = "rabbit@rabbit2";
    CHECK(assemble(answers).nodes[1].name == "rabbit@rabbit2"); // its host tells it apart
}

TEST_CASE("nodes that say nothing keep the names they are remembered by; what a node says itself counts more")
{
    auto answers = three();
    answers.nodes[1] = refusing(2);
    answers.nodes[2] = refusing(3);
    unsee(answers, 2);
    unsee(answers, 3);
    recall_names(answers, {{"127.0.0.1:5671", "old@h"}, {"127.0.0.1:5672", "r2@h"}, {"127.0.0.1:5673", "r3@h"}});
    auto const snapshot = assemble(answers);
    REQUIRE(snapshot.nodes.size() == 3);
    CHECK(snapshot.nodes[0].name == "r1@h");
    CHECK(snapshot.nodes[1].name == "r2@h");
    CHECK(snapshot.nodes[2].name == "r3@h");
    CHECK(snapshot.nodes[2].why == "127.0.0.1:5673 refused; peers say it is not running");
}

TEST_CASE("a node that hangs is silent, also while its peers still believe in it")
{
    auto answers = three();
    answers.nodes[1] = hanging(2);
    CHECK(assemble(answers).nodes[1].state == NodeState::silent);
    CHECK(assemble(answers).nodes[1].why == "127.0.0.1:5672: no answer within 5s, waited 1.0ms");
    CHECK(assemble(answers).running.count("r2@h") == 0);
    unsee(answers, 2);
    CHECK(assemble(answers).nodes[1].state == NodeState::silent);
}

TEST_CASE("while a peer hangs the API tells little: the rest comes from metrics, and what is missing is said")
{
    auto answers = three();
    Problem const slow{Problem::Kind::silent, "no answer within 5s"};
    answers.nodes[2] = hanging(3);
    for (NodeAnswers& node : answers.nodes) {
        node.nodes = slow;
        node.overview = slow;
    }
    answers.queues->queues = slow;
    auto const snapshot = assemble(answers);
    CHECK(snapshot.nodes[0].name == "r1@h");
    CHECK(snapshot.nodes[2].name == "r3@h");
    CHECK(snapshot.nodes[2].state == NodeState::silent);
    CHECK(snapshot.nodes[0].memory_used == 60);
    CHECK(snapshot.nodes[0].view->source == "metrics");
    CHECK_FALSE(snapshot.queues);
    REQUIRE(gap(snapshot, "QUEUE-DOWN") != nullptr);
    CHECK(gap(snapshot, "QUEUE-DOWN")->reason == "where queues live is not known: no answer within 5s");
    CHECK(gap(snapshot, "PARTITION") != nullptr);
    CHECK(gap(snapshot, "VIEWS-DISAGREE") == nullptr); // two views over metrics
    CHECK(gap(snapshot, "MEMORY-HIGH") == nullptr);
}

TEST_CASE("a member that nobody configured has a row, and is down when its peers say so")
{
    auto answers = three();
    answers.nodes.pop_back();
    CHECK(assemble(answers).nodes.size() == 3);
    CHECK(assemble(answers).nodes[2].state == NodeState::running);
    CHECK(findings_of(assemble(answers), {}).empty());
    unsee(answers, 3);
    CHECK(assemble(answers).nodes[2].state == NodeState::down);
    CHECK(assemble(answers).nodes[2].why == "peers say it is not running");
}

TEST_CASE("the alarms check has the last word over the older values of the API")
{
    auto answers = three();
    std::get<std::vector<management::Node>>(answers.nodes[1].nodes)[1].memory_alarm = true; // from 5 s ago
    CHECK(assemble(answers).nodes[1].memory_alarm == false);
    std::get<std::vector<management::Alarm>>(answers.nodes[0].alarms) = {{"r3@h", "memory"}, {"r3@h", "disk space"}};
    CHECK(assemble(answers).nodes[2].memory_alarm == true);
    CHECK(assemble(answers).nodes[2].disk_alarm == true);
}

TEST_CASE("a cluster's name counts only when it was set")
{
    auto answers = three();
    CHECK(assemble(answers).cluster_name.empty()); // each node calls it by its own name
    for (NodeAnswers& node : answers.nodes) {
        std::get<management::Overview>(node.overview).cluster_name = "prod";
    }
    CHECK(assemble(answers).cluster_name == "prod");
}

TEST_CASE("a user that may log in but not monitor learns which tag is missing")
{
    auto answers = three();
    Problem const denied{Problem::Kind::permission, "user lacks the tag monitoring"};
    for (NodeAnswers& node : answers.nodes) {
        node.whoami = management::Whoami{"ops", {"management"}};
        node.nodes = denied;
        node.alarms = denied;
        node.metrics = Problem{Problem::Kind::unreachable, "refused"};
    }
    auto const snapshot = assemble(answers);
    CHECK(snapshot.nodes[0].state == NodeState::running);
    REQUIRE(gap(snapshot, "ALARM-MEMORY") != nullptr);
    CHECK(gap(snapshot, "ALARM-MEMORY")->object == "r1@h, r2@h, r3@h");
    CHECK(gap(snapshot, "ALARM-MEMORY")->reason == "alarms not known: user lacks the tag monitoring");
    CHECK(gap(snapshot, "ALARM-MEMORY")->remedy == "rabbitmqctl set_user_tags ops management monitoring");
    CHECK(gap(snapshot, "MEMORY-HIGH") != nullptr);
    CHECK(gap(snapshot, "VIEWS-DISAGREE") != nullptr);
}

TEST_CASE("a login refused for lack of permission tells that the node lives")
{
    auto answers = three();
    for (NodeAnswers& node : answers.nodes) {
        node.login = {{Outcome::denied, "access to vhost '/' refused for user 'ops'", {}}, {}, {}};
    }
    auto const snapshot = assemble(answers);
    CHECK(snapshot.nodes[0].state == NodeState::running);
    REQUIRE(gap(snapshot, "NODE-UNREACHABLE") != nullptr);
    CHECK_FALSE(gap(snapshot, "NODE-UNREACHABLE")->skipped);
}

TEST_CASE("a broker that does not tell of maintenance gets that rule skipped")
{
    auto answers = three();
    for (NodeAnswers& node : answers.nodes) {
        for (auto& member : std::get<std::vector<management::Node>>(node.nodes)) {
            member.being_drained.reset();
        }
    }
    auto const snapshot = assemble(answers);
    REQUIRE(gap(snapshot, "NODE-MAINTENANCE") != nullptr);
    CHECK(gap(snapshot, "NODE-MAINTENANCE")->skipped);
}

TEST_CASE("an empty list of queues is not believed when nodes count some and the user may not see all")
{
    auto answers = three();
    answers.queues->queues = std::vector<management::Queue>{};
    auto const snapshot = assemble(answers);
    REQUIRE(gap(snapshot, "QUEUE-DOWN") != nullptr);
    CHECK(gap(snapshot, "QUEUE-DOWN")->reason ==
          "user sees no queue, but the nodes count 3: no permission on their vhosts");
    answers.nodes[0].whoami = management::Whoami{"ops", {"administrator"}};
    CHECK(gap(assemble(answers), "QUEUE-DOWN") == nullptr);
}

TEST_CASE("depths come from the leader's metrics, else from statistics")
{
    auto answers = three();
    management::Queue queue;
    queue.vhost = "/";
    queue.name = "q";
    queue.type = "quorum";
    queue.leader = "r2@h";
    answers.queues->queues = std::vector{queue};
    answers.nodes[0].depths = management::QueueDepths{{{"/", "q"}, {1, 1, 1}}}; // a stale count elsewhere
    answers.nodes[1].depths = management::QueueDepths{{{"/", "q"}, {7, 5, 2}}};
    auto const told_by_leader = assemble(answers).queues->front();
    CHECK(told_by_leader.messages == 7);
    CHECK(told_by_leader.messages_ready == 5);
    CHECK(told_by_leader.consumers == 2);

    answers.nodes[1].depths = Problem{Problem::Kind::unreachable, "refused"};
    queue.messages = 9;
    answers.queues->statistics = std::vector{queue};
    CHECK(assemble(answers).queues->front().messages == 9);

    answers.queues->statistics = Problem{Problem::Kind::silent, "no answer within 4s"};
    auto const snapshot = assemble(answers);
    CHECK_FALSE(snapshot.queues->front().messages);
    REQUIRE(gap(snapshot, "QUEUE-BACKLOG") != nullptr);
    CHECK(gap(snapshot, "QUEUE-BACKLOG")->reason ==
          "messages and consumers of 1 of 1 queues not known: no answer within 4s");
}

TEST_CASE("how far members are behind comes from their own nodes, held against the leader's")
{
    auto answers = three();
    management::Queue queue;
    queue.vhost = "/";
    queue.name = "q";
    queue.type = "quorum";
    queue.leader = name(2);
    queue.members = {name(1), name(2), name(3)};
    answers.queues->queues = std::vector{queue};
    answers.nodes[0].raft = management::RaftLogs{{{"/", "q"}, {90, 90}}};
    answers.nodes[1].raft = management::RaftLogs{{{"/", "q"}, {95, 100}}};
    answers.nodes[2].raft = management::RaftLogs{{{"/", "q"}, {101, 101}}}; // of a moment later
    auto const snapshot = assemble(answers);
    CHECK(snapshot.queues->front().lags == std::map<std::string, std::uint64_t>{{name(1), 10}, {name(3), 0}});
    CHECK(gap(snapshot, "REPLICA-LAGGING") == nullptr);

    answers.nodes[1].raft = Problem{Problem::Kind::silent, "no answer within 4s"};
    auto const without = assemble(answers);
    CHECK(without.queues->front().lags.empty());
    REQUIRE(gap(without, "REPLICA-LAGGING") != nullptr);
    CHECK(gap(without, "REPLICA-LAGGING")->object == name(2));
    CHECK_FALSE(gap(without, "REPLICA-LAGGING")->skipped);

    for (NodeAnswers& node : answers.nodes) {
        node.raft = management::RaftLogs{};
    }
    REQUIRE(gap(assemble(answers), "REPLICA-LAGGING") != nullptr);
    CHECK(gap(assemble(answers), "REPLICA-LAGGING")->reason == "no node told how far members are");

    answers.nodes[0].raft = Problem{Problem::Kind::not_supported, "not there"};
    CHECK(gap(assemble(answers), "REPLICA-LAGGING")->skipped);
}

TEST_CASE("feature flags are those of the first node that tells; stable ones that are off count")
{
    auto answers = three();
    Problem const denied{Problem::Kind::permission, "user lacks the tag administrator"};
    answers.nodes[0].flags = denied;
    answers.nodes[1].flags = std::vector<management::FeatureFlag>{{"a", "enabled", "stable"},
                                                                  {"b", "disabled", "stable"},
                                                                  {"c", "disabled", "experimental"},
                                                                  {"d", "unavailable", "stable"}};
    CHECK(assemble(answers).disabled_flags == std::vector<std::string>{"b"});

    answers.nodes[1].flags = answers.nodes[2].flags = denied;
    auto const snapshot = assemble(answers);
    CHECK_FALSE(snapshot.disabled_flags);
    REQUIRE(gap(snapshot, "FEATURE-FLAGS-OFF") != nullptr);
    CHECK(gap(snapshot, "FEATURE-FLAGS-OFF")->skipped); // the monitoring user should be no administrator

    answers.nodes[0].flags = Problem{Problem::Kind::silent, "no answer within 4s"};
    CHECK_FALSE(gap(assemble(answers), "FEATURE-FLAGS-OFF")->skipped);
}

TEST_CASE("a probe that was denied its queue leaves open whether messages come through")
{
    auto answers = three();
    answers.nodes[0].login.end_to_end = EndToEnd{{Outcome::denied, "access refused", {}}, {}};
    auto const snapshot = assemble(answers);
    REQUIRE(gap(snapshot, "END-TO-END") != nullptr);
    CHECK_FALSE(gap(snapshot, "END-TO-END")->skipped);
    CHECK(gap(snapshot, "END-TO-END")->remedy == R"(rabbitmqctl set_permissions -p VHOST ops )"
                                                 R"('^(amq\.default|rmqha\.end-to-end\..*)$' )"
                                                 R"('^(amq\.default|rmqha\.end-to-end\..*)$' )"
                                                 R"('^(amq\.default|rmqha\.end-to-end\..*)$')");
}

TEST_CASE("that no connection used TLS leaves nothing to say of certificates")
{
    auto answers = three();
    for (NodeAnswers& node : answers.nodes) {
        node.login.certificate_days_left.reset();
        node.certificate_days_left.reset();
    }
    REQUIRE(gap(assemble(answers), "CERTIFICATE-EXPIRES") != nullptr);
    CHECK(gap(assemble(answers), "CERTIFICATE-EXPIRES")->skipped);
    answers.nodes[1].login.certificate_days_left = 20;
    answers.nodes[2].certificate_days_left = 30;
    auto const snapshot = assemble(answers);
    CHECK(gap(snapshot, "CERTIFICATE-EXPIRES") == nullptr);
    CHECK(snapshot.nodes[1].amqp_certificate_days == 20);
    CHECK(snapshot.nodes[2].management_certificate_days == 30);
}

TEST_CASE("copies asked for: by argument, by mirroring policy, never more than there are nodes")
{
    auto answers = three();
    management::Queue quorum;
    quorum.type = "quorum";
    quorum.vhost = "/";
    quorum.name = "q";
    quorum.leader = "r1@h";
    quorum.group_size = 5;
    management::Queue mirrored = quorum;
    mirrored.name = "m";
    mirrored.type = "classic";
    mirrored.group_size.reset();
    mirrored.policy = GENERATE("all", "two", "other");
    answers.queues->queues = std::vector{quorum, mirrored};
    answers.nodes[0].policies = std::vector<management::Policy>{
        {"/", "all", "all", {}}, {"/", "two", "exactly", 2}, {"/", "other", {}, {}}, {"elsewhere", "other", "all", {}}};
    auto const snapshot = assemble(answers);
    CHECK((*snapshot.queues)[0].wanted_replicas == 3);
    std::map<std::string, std::optional<int>> const expected{{"all", 3}, {"two", 2}, {"other", std::nullopt}};
    CHECK((*snapshot.queues)[1].wanted_replicas == expected.at(mirrored.policy));
}

TEST_CASE("recorded partition: each side believes in itself, and both findings say so")
{
    std::string const version = GENERATE("3.10", "4.0");
    std::string const base = version == "3.10" ? "577" : "777";
    Answers answers;
    for (int number = 1; number <= 3; ++number) {
        std::string const digit = std::to_string(number);
        NodeAnswers node = lively(number);
        node.node.name = "r" + digit + "-" + base + std::to_string(number + 1) + "@localhost";
        node.nodes = management::read_nodes(
            test::answered(test::recorded(version + "/nodes-partitioned-asked-r" + digit + ".json")));
        node.metrics = Problem{Problem::Kind::unreachable, "refused"};
        node.overview = Problem{Problem::Kind::silent, "no answer"};
        node.login.cluster_name.clear();
        answers.nodes.push_back(node);
    }
    auto const findings = findings_of(assemble(answers), {});
    CHECK(std::count_if(findings.begin(), findings.end(), [](auto const& f) { return f.code == "PARTITION"; }) > 0);
    CHECK(test::only(findings, "VIEWS-DISAGREE") != nullptr);
}
