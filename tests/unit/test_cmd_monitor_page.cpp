#include "cmd/monitor_page.hpp"

#include "output/text.hpp"
#include "support/catch.hpp"
#include "support/health_samples.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <sstream>

using namespace rmqha;

namespace {

cmd::Status status_of(health::Snapshot snapshot)
{
    cmd::Status status;
    status.snapshot = std::move(snapshot);
    status.findings = health::findings_of(status.snapshot, {});
    status.score = health::score_of(status.snapshot, status.findings);
    return status;
}

health::Snapshot troubled()
{
    auto snapshot = test::healthy_snapshot();
    snapshot.queues->front().messages = 12'345;
    snapshot.queues->push_back(test::healthy_queue("jobs"));
    snapshot.nodes[0].memory_alarm = true;
    test::take_down(snapshot, 3);
    snapshot.queues->back().leader = "r3@h3";
    return snapshot;
}

} // namespace

TEST_CASE("the page of a healthy cluster is short")
{
    CHECK(cmd::status_page(status_of(test::healthy_snapshot()), {}) == R"(prod: OK  score 100 of 100
  3 nodes up, 1 queue without a finding

NODE   STATE     AMQP  MEMORY  DISK FREE  ALARMS  VERSION  UPTIME
r1@h1  running  2.0ms    10 %   48.8 GiB  none    4.0.5        3h
r2@h2  running  2.0ms    10 %   48.8 GiB  none    4.0.5        3h
r3@h3  running  2.0ms    10 %   48.8 GiB  none    4.0.5        3h
)");
}

TEST_CASE("the page of a cluster in trouble says what is wrong, what it costs and what to do next")
{
    CHECK(cmd::status_page(status_of(troubled()), {.width = 80, .color = false, .explain = true}) ==
          R"(prod: CRITICAL  score 13 of 100
  because of ALARM-MEMORY r1@h1; NODE-DOWN r3@h3; QUEUE-DOWN queue "jobs" in
  vhost "/"

NODE   STATE       AMQP  MEMORY  DISK FREE  ALARMS  VERSION  UPTIME
r1@h1  running    2.0ms    10 %   48.8 GiB  memory  4.0.5        3h
r2@h2  running    2.0ms    10 %   48.8 GiB  none    4.0.5        3h
r3@h3  down     refused       -          -  -       -             -

QUEUE AT RISK  TYPE    LEADER  ONLINE  MESSAGES  FINDINGS
jobs           quorum  r3@h3      2/3         0  down
orders         quorum  r1@h1      2/3    12,345  no spare copy, backlog

CRITICAL  ALARM-MEMORY r1@h1: memory alarm: publishers in the whole cluster are
          blocked
          → next: rabbitmq-diagnostics -n r1@h1 memory_breakdown; then
            consume, or give it more memory

CRITICAL  NODE-DOWN r3@h3: h3:5672 refused; peers say it is not running
          → next: rabbitmqctl -n r3@h3 start_app when only the app was
            stopped, else on h3: systemctl start rabbitmq-server

CRITICAL  QUEUE-DOWN queue "jobs" in vhost "/": leader r3@h3 is not running
          → next: bring back r3@h3

WARNING   QUEUE-CRITICAL queue "orders" in vhost "/": 2 of 3 members online: one
          more lost and it stops
          → next: bring back r3@h3

WARNING   QUEUE-BACKLOG queue "orders" in vhost "/": 12,345 messages
          (queue_backlog_max 1,000)
          → next: add consumers, or raise queue_backlog_max if this is
            expected

How the score came about
    66.7  availability: weight 2 of 3 is up
     -30  memory r1@h1: ALARM-MEMORY
     -20  node r3@h3: QUEUE-DOWN and 2 more of this cause
      -3  QUEUE-BACKLOG
      13  score, rounded down; healthy is 80 and more

Who told
  r1@h1: score 70; figures: metrics, peers: management
  r2@h2: score 100; figures: metrics, peers: management
  r3@h3: score 0; figures: nobody, peers: nobody
  queues: management at h1:5672
  messages and consumers: metrics
)");
}

TEST_CASE("what could not be asked is on the page, what this broker does not tell only with --explain")
{
    auto snapshot = test::healthy_snapshot();
    snapshot.queues.reset();
    snapshot.queues_source = "no answer within 4.8s";
    snapshot.gaps = {{"QUEUE-DOWN", "queues", "where queues live is not known: no answer within 4.8s", "wait", false},
                     {"PARTITION", "cluster", "this broker does not tell of partitions", "", true}};
    auto const page = cmd::status_page(status_of(snapshot), {});
    CHECK_THAT(page, Catch::StartsWith("prod: UNKNOWN  score 100 of 100, partial: not everything could be asked\n"));
    CHECK_THAT(page, Catch::Contains("UNKNOWN   QUEUE-DOWN queues: where queues live is not known"));
    CHECK_THAT(page, !Catch::Contains("PARTITION"));
    CHECK_THAT(cmd::status_page(status_of(snapshot), {.width = 80, .color = false, .explain = true}),
               Catch::Contains("SKIPPED   PARTITION"));
}

TEST_CASE("a table of queues ends after twenty, and no line is wider than asked")
{
    auto snapshot = troubled();
    for (int i = 0; i < 40; ++i) {
        snapshot.queues->push_back(test::healthy_queue("a.queue.with.a.rather.long.name." + std::to_string(i)));
    }
    auto const page = cmd::status_page(status_of(snapshot), {});
    CHECK_THAT(page, Catch::Contains("… and 22 more (--format json lists all)"));
    std::istringstream lines(page);
    for (std::string line; std::getline(lines, line);) {
        INFO(line);
        CHECK(output::display_width(line) <= 80);
    }
}

TEST_CASE("a queue's name cannot drive the terminal, and colour comes only when asked for")
{
    auto snapshot = troubled();
    snapshot.queues->front().name = "\033[2Jgone";
    CHECK_THAT(cmd::status_page(status_of(snapshot), {}), !Catch::Contains("\033"));
    CHECK_THAT(cmd::status_page(status_of(snapshot), {.width = 80, .color = true}),
               Catch::Contains("\033[1;31mCRITICAL"));
}

TEST_CASE("the JSON has all findings and what it takes to add up the score again")
{
    auto const json = nlohmann::json::parse(cmd::status_json(status_of(troubled()), output::Format::json));
    auto const line = cmd::status_json(status_of(troubled()), output::Format::ndjson);
    CHECK(line.find('\n') == line.size() - 1);
    CHECK(nlohmann::json::parse(line) == json);
    CHECK(json.at("schema_version") == 1);
    CHECK(json.at("cluster") == "prod");
    CHECK(json.at("state") == "CRITICAL");
    CHECK(json.at("nodes").size() == 3);
    CHECK(json.at("nodes")[0].at("memory_limit_bytes") == 1048576000);
    CHECK(json.at("nodes")[2].at("state") == "down");
    CHECK(json.at("nodes")[2].at("memory_used_bytes").is_null());
    CHECK(json.at("queues").at("count") == 2);
    CHECK(json.at("queues").at("at_risk").size() == 2);

    double score = 0;
    int up = 0;
    int all = 0;
    for (auto const& node : json.at("nodes")) {
        all += node.at("weight").get<int>();
        up += node.at("up").get<bool>() ? node.at("weight").get<int>() : 0;
    }
    score = 100.0 * up / all;
    std::map<std::string, int> causes;
    for (auto const& finding : json.at("findings")) {
        int& points = causes[finding.at("cause").get<std::string>()];
        points = std::max(points, finding.at("points").get<int>());
    }
    for (auto const& [cause, points] : causes) {
        score -= points;
    }
    CHECK(json.at("score").at("value") == static_cast<int>(score));
}
