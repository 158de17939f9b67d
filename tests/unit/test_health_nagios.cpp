#include "health/nagios.hpp"
#include "support/catch.hpp"
#include "support/health_samples.hpp"

#include <algorithm>
#include <regex>

using namespace rmqha;
using namespace rmqha::health;
using test::healthy_snapshot;

namespace {

Report report_of(Snapshot snapshot, std::vector<std::string> const& names = {})
{
    Report report;
    report.context = "ctx";
    report.checks = chosen_checks(names);
    report.took = base::milliseconds(120);
    auto const all = findings_of(snapshot, {});
    auto const score = score_of(snapshot, all);
    report.findings = findings_for(report.checks, snapshot, score, all, 80);
    if (names.empty()) {
        report.score = score;
    }
    report.snapshot = std::move(snapshot);
    return report;
}

std::string first_line(std::string const& text)
{
    auto const line = text.substr(0, text.find('\n'));
    return line.substr(0, line.find('|'));
}

std::size_t characters(std::string const& text)
{
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

} // namespace

TEST_CASE("a healthy cluster makes one line, with performance data")
{
    CHECK(nagios_text(report_of(healthy_snapshot(), {"nodes", "queues"})) ==
          "RABBITMQ OK: prod: 3 nodes up, 1 queue | nodes_up=3;;;0;3 queues=1;;;0 queues_down=0;;0;0 time=0.12s;;;0\n");
    CHECK_THAT(nagios_text(report_of(healthy_snapshot())),
               Catch::StartsWith("RABBITMQ OK: prod: score 100, 3 nodes up, 1 queue | score=100;;80:;0;100 "));
}

TEST_CASE("the worst findings are in the first line, all of them below it with what to do next")
{
    auto snapshot = healthy_snapshot();
    test::take_down(snapshot, 3);
    snapshot.queues->front().messages = 5000;
    auto const text = nagios_text(report_of(snapshot, {"nodes", "backlog"}));
    CHECK(
        text ==
        R"(RABBITMQ CRITICAL: prod: NODE-DOWN r3@h3 | nodes_up=2;;;0;3 messages=5000;;;0 longest_queue=5000;1000;;0 time=0.12s;;;0
CRITICAL NODE-DOWN r3@h3: h3:5672 refused; peers say it is not running
  next: rabbitmqctl -n r3@h3 start_app when only the app was stopped, else on h3: systemctl start rabbitmq-server
WARNING QUEUE-BACKLOG queue "orders" in vhost "/": 5,000 messages (queue_backlog_max 1,000)
  next: add consumers, or raise queue_backlog_max if this is expected
)");
}

TEST_CASE("the line before the performance data has at most 80 characters, whatever the names are")
{
    auto snapshot = healthy_snapshot();
    for (std::string const& name : {std::string(300, 'q'),
                                    std::string("\u6771\u4eac\u6771\u4eac\u6771\u4eac\u6771\u4eac"
                                                "\u6771\u4eac\u6771\u4eac\u6771\u4eac\u6771\u4eac"),
                                    std::string("a|b\nc\x1b[31m\xff\u202e")}) {
        for (int i = 0; i < 30; ++i) {
            snapshot.queues->push_back(test::healthy_queue(name + std::to_string(i)));
            snapshot.queues->back().messages = 2000;
        }
    }
    snapshot.cluster_name = std::string(50, 'x') + "|";
    auto const text = nagios_text(report_of(snapshot, {"backlog"}));
    auto const line = first_line(text);
    CAPTURE(line);
    CHECK(characters(line) <= 80);
    CHECK_THAT(line, Catch::Contains("xxxx...: QUEUE-BACKLOG queue \"qqq"));
    CHECK(std::count(text.begin(), text.end(), '|') == 1);
    CHECK(text.find('\x1b') == std::string::npos);
    CHECK(text.find('\xff') == std::string::npos);
    CHECK(text.find("\u202e") == std::string::npos);
    CHECK_THAT(text, Catch::Contains("and 65 more QUEUE-BACKLOG\n"));

    snapshot.cluster_name = "c";
    snapshot.queues->erase(snapshot.queues->begin(), snapshot.queues->begin() + 61); // the odd names are left
    auto const odd = nagios_text(report_of(snapshot, {"backlog"}));
    CHECK_THAT(odd, Catch::Contains("queue \"a/b?c?[31m??0\"") && Catch::Contains(" more | "));
    CHECK(characters(first_line(odd)) <= 80);
}

TEST_CASE("an unreachable cluster says why in the line")
{
    Report report;
    report.context = "prod";
    report.findings = {{"UNREACHABLE", Severity::critical, "cluster", "cannot reach any of 3 nodes: a:5672 refused",
                        "Check the addresses.", "check"}};
    CHECK(nagios_text(report) == "RABBITMQ CRITICAL: prod: cannot reach any of 3 nodes: a:5672 refused\n"
                                 "CRITICAL UNREACHABLE cluster: cannot reach any of 3 nodes: a:5672 refused\n"
                                 "  next: Check the addresses.\n");
    CHECK(nagios_code(report.state()) == 2);
}

TEST_CASE("problems not counted yet, those gone, and notes are told below")
{
    auto report = report_of(healthy_snapshot(), {"nodes"});
    report.runs_wanted = 3;
    report.pending = {{{"NODE-DOWN", Severity::critical, "r1", "refused", "x", "x"}, 2}};
    report.gone = {{"QUEUE-DOWN", "queue \"q\"", std::chrono::system_clock::time_point{}}};
    report.notes = {"the file is damaged"};
    auto const text = nagios_text(report);
    CHECK_THAT(text, Catch::StartsWith("RABBITMQ OK: prod: 3 nodes up, 1 queue, 1 problem not counted yet | "));
    CHECK_THAT(text, Catch::Contains("not counted yet, seen in 2 of 3 runs: CRITICAL NODE-DOWN r1: refused\n"));
    CHECK_THAT(text, Catch::Contains("gone: QUEUE-DOWN queue \"q\", there since 1970-01-01T00:00:00.000Z\n"));
    CHECK_THAT(text, Catch::Contains("note: the file is damaged\n"));
}

TEST_CASE("performance data is written as Nagios reads it")
{
    CHECK(to_text({"time", 0.5, "s"}) == "time=0.5s");
    CHECK(to_text({"a b", 12.3456, "%", "80", "90", 0, 100}) == "'a b'=12.346%;80;90;0;100");
    CHECK(to_text({"it's=b", 3, {}}) == "'it''s_b'=3");
    CHECK(to_text({"x", std::nullopt, "%", "80"}) == "x=U;80");
    CHECK(to_text({"low", 97, {}, {}, "80:", 0, 100}) == "low=97;;80:;0;100");
    CHECK(to_text({"big", 1e15, {}}) == "big=1000000000000000");
    CHECK(to_text({"none", -0.0001, {}}) == "none=0");
    CHECK(to_text({"a|b\nc", 1, {}}) == "a/b?c=1");
}

TEST_CASE("every figure matches the grammar, also with levels and odd node names")
{
    auto snapshot = healthy_snapshot();
    snapshot.nodes[0].name = "rabbit@it's = odd;name";
    auto report = report_of(snapshot);
    report.rules.thresholds.memory_usage_max = {70, 90};
    std::regex const datum(R"((('([^'=]|'')+')|([^ '=;]+))=(U|-?[0-9.]+(s|%|B)?)(;[0-9.:~@]*){0,4})");
    auto const data = perfdata_of(report);
    CHECK(data.size() == 1 + 1 + 9 + 2 + 2 + 1);
    for (auto const& one : data) {
        CAPTURE(to_text(one));
        CHECK(std::regex_match(to_text(one), datum));
    }
    CHECK(to_text(data[2]) == "'rabbit@it''s _ odd;name memory'=10%;70;90;0");
}
