#include "health/prometheus.hpp"
#include "support/catch.hpp"
#include "support/health_samples.hpp"
#include "support/prometheus_text.hpp"

using namespace rmqha;
using namespace rmqha::health;
using test::healthy_snapshot;

namespace {

Report report_of(Snapshot snapshot)
{
    Report report;
    report.context = "prod";
    report.checks = checks();
    report.time = std::chrono::system_clock::time_point(std::chrono::milliseconds(1'700'000'000'500));
    report.took = base::milliseconds(120);
    report.findings = findings_of(snapshot, {});
    report.score = score_of(snapshot, report.findings);
    report.snapshot = std::move(snapshot);
    return report;
}

std::map<std::string, double> samples_of(Report const& report)
{
    auto const read = test::read_prometheus(prometheus_text(report));
    CHECK(read.complaints == std::vector<std::string>{});
    return read.samples;
}

} // namespace

TEST_CASE("the reader of the tests finds fault with what Prometheus refuses")
{
    std::string const head = "# HELP a A.\n# TYPE a gauge\n";
    CHECK(test::read_prometheus(head + "a{b=\"c\\\\\\\"\\n\"} 1\n").complaints.empty());
    for (std::string const wrong : {"a 1", "a{b=\"\"} 1\n# HELP a A.\n", "a 1\na 1\n", "a 1 1700000000\n", "b 1\n",
                                    "a{b=\"\\x\"} 1\n", "a{b=\"c\"\"} 1\n", "a{b=c} 1\n", "a{0=\"c\"} 1\n", "\n"}) {
        CAPTURE(wrong);
        CHECK_FALSE(test::read_prometheus(head + wrong).complaints.empty());
    }
}

TEST_CASE("a cluster's metrics tell the run, the checks, the nodes and the queues")
{
    auto snapshot = healthy_snapshot();
    snapshot.queues->front().messages = 5000;
    test::take_down(snapshot, 3);
    auto const samples = samples_of(report_of(snapshot));
    CHECK(samples.at(R"(rmqha_up{cluster="prod"})") == 1);
    CHECK(samples.at(R"(rmqha_last_run_timestamp_seconds{cluster="prod"})") == Approx(1'700'000'000.5).epsilon(1e-12));
    CHECK(samples.at(R"(rmqha_run_duration_seconds{cluster="prod"})") == Approx(0.12));
    CHECK(samples.at(R"(rmqha_status{cluster="prod"})") == 2);
    CHECK(samples.at(R"(rmqha_check_status{cluster="prod",check="nodes"})") == 2);
    CHECK(samples.at(R"(rmqha_check_status{cluster="prod",check="backlog"})") == 1);
    CHECK(samples.at(R"(rmqha_check_status{cluster="prod",check="alarms"})") == 0);
    CHECK(samples.at(R"(rmqha_findings{cluster="prod",code="NODE-DOWN",severity="CRITICAL"})") == 1);
    CHECK(samples.at(R"(rmqha_node_up{cluster="prod",node="r1@h1"})") == 1);
    CHECK(samples.at(R"(rmqha_node_up{cluster="prod",node="r3@h3"})") == 0);
    CHECK(samples.at(R"(rmqha_node_memory_used_bytes{cluster="prod",node="r1@h1"})") == 104'857'600);
    CHECK(samples.count(R"(rmqha_node_memory_used_bytes{cluster="prod",node="r3@h3"})") == 0);
    CHECK(samples.at(R"(rmqha_node_uptime_seconds{cluster="prod",node="r1@h1"})") == 10'800);
    CHECK(samples.at(R"(rmqha_node_state{cluster="prod",node="r3@h3",state="down"})") == 1);
    CHECK(samples.at(R"(rmqha_node_state{cluster="prod",node="r3@h3",state="running"})") == 0);
    CHECK(samples.at(R"(rmqha_node_state{cluster="prod",node="r1@h1",state="running"})") == 1);
    CHECK(samples.at(R"(rmqha_node_info{cluster="prod",node="r1@h1",address="h1:5672",version="4.0.5"})") == 1);
    CHECK(samples.at(R"(rmqha_node_memory_alarm{cluster="prod",node="r1@h1"})") == 0);
    CHECK(samples.count(R"(rmqha_node_disk_alarm{cluster="prod",node="r3@h3"})") == 0);
    CHECK(samples.at(R"(rmqha_node_queue_leaders{cluster="prod",node="r1@h1"})") == 1);
    CHECK(samples.at(R"(rmqha_node_queue_leaders{cluster="prod",node="r2@h2"})") == 0);
    CHECK(samples.at(R"(rmqha_queue_consumers{cluster="prod",vhost="/",queue="orders"})") == 1);
    CHECK(samples.at(R"(rmqha_queues{cluster="prod"})") == 1);
    CHECK(samples.at(R"(rmqha_messages{cluster="prod"})") == 5000);
    CHECK(samples.at(R"(rmqha_queue_messages{cluster="prod",vhost="/",queue="orders"})") == 5000);
    CHECK(samples.at(R"(rmqha_cluster_info{cluster="prod",name="prod"})") == 1);
}

TEST_CASE("an unreachable cluster has metrics too: that it is not up, and when that was seen")
{
    Report report;
    report.context = "prod";
    report.checks = chosen_checks({"nodes"});
    report.findings = {{"UNREACHABLE", Severity::critical, "cluster", "refused", "", "check"}};
    auto const samples = samples_of(report);
    CHECK(samples.at(R"(rmqha_up{cluster="prod"})") == 0);
    CHECK(samples.at(R"(rmqha_status{cluster="prod"})") == 2);
    CHECK(samples.at(R"(rmqha_check_status{cluster="prod",check="nodes"})") == 2);
    CHECK(samples.count(R"(rmqha_last_run_timestamp_seconds{cluster="prod"})") == 1);
}

TEST_CASE("figures of a cluster that answers no more are shown, and that it is not up")
{
    auto report = report_of(healthy_snapshot());
    report.findings = {{"UNREACHABLE", Severity::critical, "cluster", "refused", "", "check"}};
    auto const read = test::read_prometheus(prometheus_text(report, {.reached = false}));
    CHECK(read.complaints.empty());
    CHECK(read.samples.at(R"(rmqha_up{cluster="prod"})") == 0);
    CHECK(read.samples.at(R"(rmqha_check_status{cluster="prod",check="queues"})") == 2);
    CHECK(read.samples.at(R"(rmqha_node_memory_used_bytes{cluster="prod",node="r1@h1"})") == 104'857'600);
}

TEST_CASE("only the ten longest queues have metrics of their own, whatever their names are")
{
    auto snapshot = healthy_snapshot();
    snapshot.queues->clear();
    for (int i = 1; i <= 500; ++i) {
        snapshot.queues->push_back(test::healthy_queue("q\"\\\n\xff\u6771" + std::to_string(i)));
        snapshot.queues->back().messages = i;
    }
    auto const samples = samples_of(report_of(snapshot));
    auto const of_queues = [](auto const& sample) { return sample.first.starts_with("rmqha_queue_messages{"); };
    CHECK(std::count_if(samples.begin(), samples.end(), of_queues) == 10);
    CHECK(samples.at("rmqha_queue_messages{cluster=\"prod\",vhost=\"/\",queue=\"q\\\"\\\\\\n\ufffd\u6771"
                     "500\"}") == 500);
    CHECK(samples.at(R"(rmqha_messages{cluster="prod"})") == 125'250);
    CHECK(samples.at(R"(rmqha_other_queues_messages{cluster="prod"})") == 125'250 - 4'955);

    auto const none = test::read_prometheus(prometheus_text(report_of(snapshot), {.top_queues = 0}));
    CHECK(none.complaints.empty());
    CHECK(std::none_of(none.samples.begin(), none.samples.end(), of_queues));
    CHECK(none.samples.at(R"(rmqha_other_queues_messages{cluster="prod"})") == 125'250);
}

TEST_CASE("two addresses of one node do not make a series twice")
{
    auto snapshot = healthy_snapshot();
    snapshot.nodes[1].name = snapshot.nodes[0].name;
    CHECK(samples_of(report_of(snapshot)).count(R"(rmqha_node_up{cluster="prod",node="r1@h1"})") == 1);
}
