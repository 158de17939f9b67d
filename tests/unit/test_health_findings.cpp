#include "health/findings.hpp"
#include "support/catch.hpp"
#include "support/health_samples.hpp"

using namespace rmqha;
using namespace rmqha::health;
using test::healthy_snapshot;
using test::only;
using namespace std::chrono_literals;

namespace {

/// The one finding of this code, which must be there.
Finding the(std::string const& code, Snapshot const& snapshot, Rules const& rules = {})
{
    auto const findings = findings_of(snapshot, rules);
    auto const* finding = only(findings, code);
    if (finding == nullptr) {
        FAIL("not exactly one " << code);
    }
    return *finding;
}

bool none(std::string const& code, Snapshot const& snapshot, Rules const& rules = {})
{
    auto const findings = findings_of(snapshot, rules);
    return std::none_of(findings.begin(), findings.end(), [&](auto const& finding) { return finding.code == code; });
}

Queue& queue_of(Snapshot& snapshot)
{
    return snapshot.queues->front();
}

Snapshot with_state(NodeState state)
{
    auto snapshot = healthy_snapshot();
    snapshot.nodes[1].state = state;
    snapshot.nodes[1].why = "AMQP: no answer within 5s";
    return snapshot;
}

/// A mirrored classic queue of RabbitMQ 3.x on all three nodes.
Snapshot with_mirrors(std::vector<std::string> synchronised)
{
    auto snapshot = healthy_snapshot();
    Queue& queue = queue_of(snapshot);
    queue.type = "classic";
    queue.members.clear();
    queue.online.clear();
    queue.mirrors = std::vector<std::string>{"r2@h2", "r3@h3"};
    queue.synchronised_mirrors = std::move(synchronised);
    return snapshot;
}

} // namespace

TEST_CASE("a healthy cluster has no findings")
{
    CHECK(findings_of(healthy_snapshot(), {}).empty());
}

TEST_CASE("NODE-DOWN: a node that is down, with what it rests on and how to start it")
{
    auto snapshot = healthy_snapshot();
    test::take_down(snapshot, 2);
    auto const finding = the("NODE-DOWN", snapshot);
    CHECK(finding.severity == Severity::critical);
    CHECK(finding.object == "r2@h2");
    CHECK(finding.evidence == "h2:5672 refused; peers say it is not running");
    CHECK_THAT(finding.remedy, Catch::Contains("on h2: systemctl start rabbitmq-server"));
}

TEST_CASE("each node state has its finding")
{
    struct Case {
        NodeState state;
        std::string code;
        Severity severity;
    };
    auto const [state, code, severity] = GENERATE(values<Case>({
        {NodeState::silent, "NODE-SILENT", Severity::critical},
        {NodeState::unreachable, "NODE-UNREACHABLE", Severity::warning},
        {NodeState::draining, "NODE-MAINTENANCE", Severity::warning},
    }));
    auto const finding = the(code, with_state(state));
    CHECK(finding.severity == severity);
    CHECK(finding.object == "r2@h2");
    CHECK(finding.cause == "node r2@h2");
    CHECK_FALSE(finding.remedy.empty());
    CHECK(none(code, healthy_snapshot()));
}

TEST_CASE("VIEWS-DISAGREE: two nodes that see different nodes running")
{
    auto snapshot = healthy_snapshot();
    snapshot.nodes[0].view->running = {"r1@h1"};
    auto const finding = the("VIEWS-DISAGREE", snapshot);
    CHECK(finding.severity == Severity::critical);
    CHECK_THAT(finding.evidence, Catch::Contains("r1@h1 sees r1@h1"));
    CHECK_THAT(finding.evidence, Catch::Contains("r2@h2, r3@h3 sees r1@h1, r2@h2, r3@h3"));
}

TEST_CASE("VIEWS-DISAGREE is not raised between views of different kinds")
{
    auto snapshot = healthy_snapshot();
    snapshot.nodes[0].view = View{{"r1@h1", "r2@h2"}, "metrics"}; // Erlang links, not running brokers
    CHECK(none("VIEWS-DISAGREE", snapshot));
    snapshot.nodes[1].view = View{{"r1@h1", "r2@h2", "r3@h3"}, "metrics"};
    CHECK(the("VIEWS-DISAGREE", snapshot).severity == Severity::critical);
}

TEST_CASE("VIEWS-DISAGREE: nodes of different clusters, by name or by permanent identity")
{
    auto snapshot = healthy_snapshot();
    bool const by_name = GENERATE(true, false);
    for (std::size_t i = 0; i < 3; ++i) {
        (by_name ? snapshot.nodes[i].cluster_name : snapshot.nodes[i].cluster_id) = i == 2 ? "other" : "prod";
    }
    auto const finding = the("VIEWS-DISAGREE", snapshot);
    CHECK(finding.evidence ==
          "nodes of different clusters: r3@h3 belongs to \"other\"; r1@h1, r2@h2 belongs to \"prod\"");
    snapshot.nodes[2].cluster_name.clear(); // one that does not tell is no contradiction
    snapshot.nodes[2].cluster_id.clear();
    CHECK(none("VIEWS-DISAGREE", snapshot));
}

TEST_CASE("PARTITION: a node that reports partitions")
{
    auto snapshot = healthy_snapshot();
    snapshot.nodes[2].partitions = {"r1@h1"};
    auto const finding = the("PARTITION", snapshot);
    CHECK(finding.severity == Severity::critical);
    CHECK(finding.object == "r3@h3");
    CHECK(finding.evidence == "partitioned from r1@h1");
    snapshot.nodes[2].partitions.reset();
    CHECK(none("PARTITION", snapshot));
}

TEST_CASE("ALARM-MEMORY and ALARM-DISK: a resource alarm on a node")
{
    auto snapshot = healthy_snapshot();
    snapshot.nodes[0].memory_alarm = true;
    snapshot.nodes[1].disk_alarm = true;
    auto const memory = the("ALARM-MEMORY", snapshot);
    CHECK(memory.severity == Severity::critical);
    CHECK(memory.object == "r1@h1");
    CHECK(memory.evidence == "memory alarm: publishers in the whole cluster are blocked"); // figures contradict it
    auto const disk = the("ALARM-DISK", snapshot);
    CHECK(disk.object == "r2@h2");
    CHECK(disk.evidence == "disk alarm: publishers in the whole cluster are blocked");
    snapshot.nodes[0].memory_limit = 100U << 20U;
    snapshot.nodes[1].disk_free = 40U << 20U;
    CHECK_THAT(the("ALARM-MEMORY", snapshot).evidence, Catch::EndsWith(": 100.0 MiB used, limit 100.0 MiB"));
    CHECK_THAT(the("ALARM-DISK", snapshot).evidence, Catch::EndsWith(": 40.0 MiB free, limit 50.0 MiB"));
    snapshot.nodes[0].memory_alarm.reset(); // not known is not an alarm
    CHECK(none("ALARM-MEMORY", snapshot));
}

TEST_CASE("MEMORY-HIGH, DISK-LOW and FDS-HIGH start at their threshold, not below")
{
    auto snapshot = healthy_snapshot();
    Node& node = snapshot.nodes[0];
    node.memory_limit = 1000;
    node.disk_free = 1000;
    node.fds_total = node.sockets_total = 1000;
    bool const at = GENERATE(true, false);
    node.memory_used = at ? 850 : 849;
    node.disk_limit = at ? 900 : 899;
    node.fds_used = node.sockets_used = at ? 850 : 849;
    CHECK(none("MEMORY-HIGH", snapshot) == !at);
    CHECK(none("DISK-LOW", snapshot) == !at);
    CHECK(none("FDS-HIGH", snapshot) == !at);
    CHECK(none("SOCKETS-HIGH", snapshot) == !at);
    if (at) {
        auto const memory = the("MEMORY-HIGH", snapshot);
        CHECK(memory.severity == Severity::warning);
        CHECK(memory.evidence == "memory 85 % of the high watermark (memory_usage_max 85 %)");
        CHECK(memory.value == Approx(85));
        CHECK(memory.limit == Approx(85));
        CHECK(the("DISK-LOW", snapshot).evidence ==
              "1000 B free: the alarm's limit of 900 B is 90 % of it (disk_usage_max 90 %)");
        CHECK(the("SOCKETS-HIGH", snapshot).evidence == "850 of 1000 sockets in use (85 %, limit 85 %)");
        CHECK(the("FDS-HIGH", snapshot).evidence == "850 of 1000 file descriptors in use (85 %, limit 85 %)");
    }
}

TEST_CASE("a figure with two levels is a warning from the first on, critical from the second")
{
    auto snapshot = healthy_snapshot();
    Node& node = snapshot.nodes[0];
    node.memory_limit = node.disk_free = 100;
    Rules rules;
    rules.thresholds.memory_usage_max = {70, 90};
    rules.thresholds.disk_usage_max = {50, 60};
    rules.thresholds.queue_backlog_max = {10, 20};
    struct Case {
        std::uint64_t memory;
        std::uint64_t disk;
        std::uint64_t messages;
        Severity severity;
        double memory_limit;
    };
    auto const [memory, disk, messages, severity, limit] =
        GENERATE(Case{89, 59, 20, Severity::warning, 70}, Case{90, 60, 21, Severity::critical, 90});
    node.memory_used = memory;
    node.disk_limit = disk;
    queue_of(snapshot).messages = messages;
    CHECK(the("MEMORY-HIGH", snapshot, rules).severity == severity);
    CHECK(the("MEMORY-HIGH", snapshot, rules).limit == limit);
    CHECK(the("DISK-LOW", snapshot, rules).severity == severity);
    CHECK(the("QUEUE-BACKLOG", snapshot, rules).severity == severity);
}

TEST_CASE(
    "a certificate is told of 30 days before it expires, and is critical from 7 on; the one that ends first counts")
{
    auto snapshot = healthy_snapshot();
    Node& node = snapshot.nodes[0];
    node.amqp_certificate_days = 31;
    CHECK(none("CERTIFICATE-EXPIRES", snapshot));
    node.amqp_certificate_days = 40;
    node.management_certificate_days = 30;
    auto const warning = the("CERTIFICATE-EXPIRES", snapshot);
    CHECK(warning.severity == Severity::warning);
    CHECK(warning.object == "r1@h1");
    CHECK(warning.evidence == "the certificate for the management API expires in 30 days (certificate_days_min 30)");
    CHECK(warning.value == Approx(30));
    CHECK(warning.limit == Approx(30));
    CHECK(warning.unit == "days");
    node.amqp_certificate_days = 7;
    auto const critical = the("CERTIFICATE-EXPIRES", snapshot);
    CHECK(critical.severity == Severity::critical);
    CHECK(critical.evidence == "the certificate for AMQP expires in 7 days (certificate_days_min 7)");
    node.amqp_certificate_days = node.management_certificate_days = -1;
    CHECK(the("CERTIFICATE-EXPIRES", snapshot).evidence ==
          "the certificate for AMQP and the management API has expired (certificate_days_min 7)");
    Rules rules;
    rules.certificate_days_min = {0};
    CHECK(the("CERTIFICATE-EXPIRES", snapshot, rules).severity == Severity::warning);
    node.amqp_certificate_days = node.management_certificate_days = 1;
    CHECK(none("CERTIFICATE-EXPIRES", snapshot, rules));
}

TEST_CASE("a message that did not come through a node, or too slowly, is critical")
{
    auto snapshot = healthy_snapshot();
    auto& probe = snapshot.nodes[1].end_to_end;
    probe = EndToEnd{test::answered_in(1s), 10ms};
    CHECK(none("END-TO-END", snapshot));
    probe->asked.took = 1001ms;
    auto const slow = the("END-TO-END", snapshot);
    CHECK(slow.severity == Severity::critical);
    CHECK(slow.object == "r2@h2");
    CHECK(slow.evidence == "a message took 1.0s through it and back (end_to_end_max 1.0s)");
    CHECK(slow.value == Approx(1001));
    probe->asked = {Asked::Outcome::failed, "not confirmed in time", 4s};
    CHECK(the("END-TO-END", snapshot).evidence == "no message came through it: not confirmed in time");
    probe->asked = {Asked::Outcome::denied, "access refused", 1ms};
    CHECK(none("END-TO-END", snapshot));
    probe->asked = {Asked::Outcome::refused, "refused", 1ms};
    test::take_down(snapshot, 2);
    auto const findings = findings_of(snapshot, {});
    CHECK(only(findings, "END-TO-END")->cause == only(findings, "NODE-DOWN")->cause); // costs its points once
}

TEST_CASE("stable feature flags that are off are a warning that names the first of them")
{
    auto snapshot = healthy_snapshot();
    snapshot.disabled_flags.emplace();
    CHECK(none("FEATURE-FLAGS-OFF", snapshot));
    snapshot.disabled_flags = {"a"};
    CHECK(the("FEATURE-FLAGS-OFF", snapshot).evidence == "1 stable feature flag is disabled: a");
    snapshot.disabled_flags = {"a", "b", "c", "d", "e", "f", "g"};
    auto const finding = the("FEATURE-FLAGS-OFF", snapshot);
    CHECK(finding.severity == Severity::warning);
    CHECK(finding.evidence == "7 stable feature flags are disabled: a, b, c, d, e and 2 more");
}

TEST_CASE("a member that is behind by more than allowed is named, the worst one, when anybody wants to know")
{
    auto snapshot = healthy_snapshot();
    queue_of(snapshot).lags = {{"r2@h2", 1001}, {"r3@h3", 2000}};
    CHECK(none("REPLICA-LAGGING", snapshot));
    Rules rules;
    rules.replica_lag_max = 2000;
    CHECK(none("REPLICA-LAGGING", snapshot, rules));
    rules.replica_lag_max = 1000;
    auto const finding = the("REPLICA-LAGGING", snapshot, rules);
    CHECK(finding.severity == Severity::warning);
    CHECK(finding.object == "queue \"orders\" in vhost \"/\"");
    CHECK(finding.evidence == "r3@h3 is 2,000 log entries behind the leader r1@h1 (replica_lag_max 1,000)");
    CHECK(finding.value == Approx(2000));
    CHECK(finding.unit == "entries");
}

TEST_CASE("totals of 0, as brokers give for what they do not count, are no pressure")
{
    auto snapshot = healthy_snapshot();
    snapshot.nodes[0].memory_limit = 0;
    snapshot.nodes[0].disk_free = 0;
    snapshot.nodes[0].fds_total = 0;
    snapshot.nodes[0].sockets_used = snapshot.nodes[0].sockets_total = 0;
    CHECK(findings_of(snapshot, {}).empty());
}

TEST_CASE("LISTENER-MISSING: AMQP refused at a port the node itself says it does not listen on")
{
    auto snapshot = healthy_snapshot();
    Node& node = snapshot.nodes[0];
    node.state = NodeState::unreachable;
    node.amqp.outcome = Asked::Outcome::refused;
    CHECK(none("LISTENER-MISSING", snapshot)); // it listens: the way there is broken
    node.listening = management::Listening{false, {5673, 15672}};
    CHECK(the("LISTENER-MISSING", snapshot).severity == Severity::critical);
    CHECK(the("LISTENER-MISSING", snapshot).evidence == "nothing listens on port 5672; it listens on 5673, 15672");
    node.listening.reset();
    CHECK(none("LISTENER-MISSING", snapshot));
    node.listening = management::Listening{false, {}};
    node.state = NodeState::draining;
    CHECK(none("LISTENER-MISSING", snapshot));
    node.amqp.outcome = Asked::Outcome::answered;
    node.state = NodeState::running;
    CHECK(none("LISTENER-MISSING", snapshot)); // reached by another port than its own, as in a container
}

TEST_CASE("VHOST-DOWN: a vhost that does not run on some node")
{
    auto snapshot = healthy_snapshot();
    snapshot.nodes[1].stopped_vhosts = std::vector<std::string>{"it's"};
    auto const finding = the("VHOST-DOWN", snapshot);
    CHECK(finding.severity == Severity::critical);
    CHECK(finding.object == "vhost \"it's\" on r2@h2");
    CHECK_THAT(finding.remedy, Catch::StartsWith("rabbitmqctl -n r2@h2 restart_vhost -p 'it'\\''s'"));
}

TEST_CASE("VERSIONS-MIXED: nodes of different versions; a node that does not tell has none")
{
    auto snapshot = healthy_snapshot();
    snapshot.nodes[1].version.clear();
    CHECK(none("VERSIONS-MIXED", snapshot));
    snapshot.nodes[1].version = "4.1.0";
    CHECK(the("VERSIONS-MIXED", snapshot).evidence ==
          "nodes run different versions: 4.0.5 on r1@h1, r3@h3; 4.1.0 on r2@h2");
}

TEST_CASE("QUEUE-DOWN: fewer than a majority of members on running nodes, whatever the state says")
{
    auto snapshot = healthy_snapshot();
    test::take_down(snapshot, 2);
    CHECK(none("QUEUE-DOWN", snapshot));
    test::take_down(snapshot, 3);
    queue_of(snapshot).state = "running"; // as 3.10 says for ever
    auto const finding = the("QUEUE-DOWN", snapshot);
    CHECK(finding.severity == Severity::critical);
    CHECK(finding.object == "queue \"orders\" in vhost \"/\"");
    CHECK(finding.evidence == "1 of 3 members online, majority is 2");
    CHECK(finding.cause == "node r2@h2");
    CHECK(finding.remedy == "bring back r2@h2, r3@h3");
}

TEST_CASE("QUEUE-DOWN: members on running nodes that the broker does not call online do not count")
{
    auto snapshot = healthy_snapshot();
    queue_of(snapshot).online = {"r1@h1"};
    CHECK(the("QUEUE-DOWN", snapshot).evidence == "1 of 3 members online, majority is 2");
    CHECK(the("QUEUE-DOWN", snapshot).cause == "QUEUE-DOWN"); // no missing node explains it
}

TEST_CASE("QUEUE-DOWN: the leader's node does not run")
{
    auto snapshot = healthy_snapshot();
    test::take_down(snapshot, 1);
    CHECK(the("QUEUE-DOWN", snapshot).evidence == "leader r1@h1 is not running");
    queue_of(snapshot).type = "classic";
    queue_of(snapshot).members.clear();
    queue_of(snapshot).state = "running"; // as 4.0 says of a single classic queue
    CHECK(the("QUEUE-DOWN", snapshot).evidence == "its node r1@h1 is not running");
}

TEST_CASE("QUEUE-DOWN: the broker itself gives it up")
{
    auto snapshot = healthy_snapshot();
    queue_of(snapshot).state = GENERATE("down", "crashed", "stopped", "minority");
    CHECK(the("QUEUE-DOWN", snapshot).severity == Severity::critical);
    queue_of(snapshot).state = "live"; // 3.10's word without statistics
    CHECK(none("QUEUE-DOWN", snapshot));
}

TEST_CASE("QUEUE-CRITICAL: exactly a majority is left")
{
    auto snapshot = healthy_snapshot();
    test::take_down(snapshot, 3);
    auto const finding = the("QUEUE-CRITICAL", snapshot);
    CHECK(finding.severity == Severity::warning);
    CHECK(finding.evidence == "2 of 3 members online: one more lost and it stops");
    CHECK(finding.cause == "node r3@h3");
    queue_of(snapshot).members = queue_of(snapshot).online = {"r1@h1"}; // one copy by design: the audit's business
    CHECK(none("QUEUE-CRITICAL", snapshot));
}

TEST_CASE("QUEUE-CRITICAL: no synchronised mirror on a running node")
{
    auto snapshot = with_mirrors({"r3@h3"});
    CHECK(none("QUEUE-CRITICAL", snapshot));
    test::take_down(snapshot, 3);
    CHECK(the("QUEUE-CRITICAL", snapshot).evidence == "no synchronised mirror: r1@h1 holds the only copy");
    CHECK(the("QUEUE-CRITICAL", snapshot).remedy == "rabbitmqctl sync_queue --vhost / orders");
}

TEST_CASE("MIRROR-UNSYNCED: mirrors that are not synchronised")
{
    auto const finding = the("MIRROR-UNSYNCED", with_mirrors({"r3@h3"}));
    CHECK(finding.severity == Severity::warning);
    CHECK(finding.evidence == "not synchronised: r2@h2");
    CHECK(none("MIRROR-UNSYNCED", with_mirrors({"r3@h3", "r2@h2"})));
}

TEST_CASE("QUEUE-UNDER-REPLICATED: fewer copies than policy or arguments ask for")
{
    auto snapshot = healthy_snapshot();
    queue_of(snapshot).wanted_replicas = 3;
    CHECK(none("QUEUE-UNDER-REPLICATED", snapshot));
    queue_of(snapshot).members = queue_of(snapshot).online = {"r1@h1", "r2@h2"};
    auto const finding = the("QUEUE-UNDER-REPLICATED", snapshot);
    CHECK(finding.evidence == "2 of 3 copies");
    CHECK(finding.remedy == "rabbitmq-queues add_member --vhost / orders r3@h3");
    CHECK(finding.value == 2.0);
    CHECK(finding.limit == 3.0);
}

TEST_CASE("QUEUE-UNDER-REPLICATED: a mirror short because a node is down has that cause")
{
    auto snapshot = with_mirrors({"r2@h2"});
    queue_of(snapshot).mirrors = std::vector<std::string>{"r2@h2"};
    queue_of(snapshot).wanted_replicas = 3;
    CHECK(the("QUEUE-UNDER-REPLICATED", snapshot).cause == "QUEUE-UNDER-REPLICATED");
    test::take_down(snapshot, 3);
    CHECK(the("QUEUE-UNDER-REPLICATED", snapshot).cause == "node r3@h3");
    CHECK(the("QUEUE-UNDER-REPLICATED", snapshot).remedy == "bring back r3@h3");
}

TEST_CASE("QUEUE-UNDER-REPLICATED: --replicas counts for every durable queue")
{
    Rules rules;
    rules.replicas = 2;
    auto snapshot = healthy_snapshot();
    Queue& queue = queue_of(snapshot);
    queue.type = "classic";
    queue.members.clear();
    CHECK(none("QUEUE-UNDER-REPLICATED", snapshot));
    CHECK(the("QUEUE-UNDER-REPLICATED", snapshot, rules).evidence == "1 of 2 copies");
    queue.durable = false;
    CHECK(none("QUEUE-UNDER-REPLICATED", snapshot, rules));
}

TEST_CASE("QUEUE-BACKLOG: more messages than queue_backlog_max; a stream's length is none")
{
    auto snapshot = healthy_snapshot();
    queue_of(snapshot).messages = 1000;
    CHECK(none("QUEUE-BACKLOG", snapshot));
    queue_of(snapshot).messages = 1001;
    CHECK(the("QUEUE-BACKLOG", snapshot).evidence == "1,001 messages (queue_backlog_max 1,000)");
    queue_of(snapshot).type = "stream";
    CHECK(none("QUEUE-BACKLOG", snapshot));
}

TEST_CASE("QUEUE-NO-CONSUMER: messages wait and nobody consumes, only when consumers were told")
{
    auto snapshot = healthy_snapshot();
    queue_of(snapshot).messages_ready = 5;
    CHECK(none("QUEUE-NO-CONSUMER", snapshot));
    queue_of(snapshot).consumers = 0;
    CHECK(the("QUEUE-NO-CONSUMER", snapshot).evidence == "5 messages wait, nobody consumes");
    queue_of(snapshot).consumers.reset();
    CHECK(none("QUEUE-NO-CONSUMER", snapshot));
}

TEST_CASE("LEADERS-SKEWED: one running node leads far more than its share")
{
    auto snapshot = healthy_snapshot();
    snapshot.queues->clear();
    for (int i = 0; i < 30; ++i) {
        snapshot.queues->push_back(test::healthy_queue("q" + std::to_string(i)));
    }
    auto const finding = the("LEADERS-SKEWED", snapshot);
    CHECK(finding.object == "r1@h1");
    CHECK(finding.evidence == "leads 30 of 30 replicated queues, an equal share is 10.0 (up to 50 % more)");
    CHECK(finding.remedy == "rabbitmq-queues rebalance all");
    for (std::size_t i = 0; i < 30; ++i) {
        (*snapshot.queues)[i].leader = "r" + std::to_string(i % 3 + 1) + "@h" + std::to_string(i % 3 + 1);
    }
    CHECK(none("LEADERS-SKEWED", snapshot));
    snapshot.queues->resize(3); // too few to speak of
    CHECK(none("LEADERS-SKEWED", snapshot));
}

TEST_CASE("what could not be asked is UNKNOWN, what the broker does not have is SKIPPED")
{
    auto snapshot = healthy_snapshot();
    snapshot.gaps = {{"QUEUE-DOWN", "queues", "no answer", "wait", false},
                     {"PARTITION", "cluster", "not told", "", true}};
    CHECK(the("QUEUE-DOWN", snapshot).severity == Severity::unknown);
    CHECK(the("PARTITION", snapshot).severity == Severity::skipped);
}

TEST_CASE("findings come the worst first")
{
    auto snapshot = healthy_snapshot();
    snapshot.gaps = {{"PARTITION", "cluster", "not told", "", true}};
    snapshot.nodes[0].fds_used = 999;
    test::take_down(snapshot, 3);
    auto const findings = findings_of(snapshot, {});
    REQUIRE(findings.size() == 4);
    CHECK(findings[0].code == "NODE-DOWN");
    CHECK(findings[1].code == "FDS-HIGH");
    CHECK(findings[2].code == "QUEUE-CRITICAL");
    CHECK(findings[3].severity == Severity::skipped);
}

TEST_CASE("names that a shell would take apart are quoted in remedies")
{
    CHECK(shell_word("orders-1/a.b") == "orders-1/a.b");
    CHECK(shell_word("two words") == "'two words'");
    CHECK(shell_word("it's") == R"('it'\''s')");
    CHECK(shell_word("") == "''");
}
