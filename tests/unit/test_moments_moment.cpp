#include "moments/moment.hpp"

#include "support/catch.hpp"
#include "support/health_samples.hpp"

#include <nlohmann/json.hpp>

using namespace rmqha;
using moments::Moment;

namespace {

Moment sample()
{
    auto snapshot = test::healthy_snapshot();
    snapshot.taken = std::chrono::sys_days(std::chrono::year(2026) / 1 / 31);
    health::Queue mirrored;
    mirrored.vhost = "v";
    mirrored.name = "m";
    mirrored.type = "classic";
    mirrored.leader = "r3@h3";
    mirrored.mirrors = {"r2@h2"};
    snapshot.queues->push_back(mirrored);
    management::Policy policy;
    policy.vhost = "/";
    policy.name = "p";
    policy.kind = management::PolicyKind::operator_policy;
    policy.pattern = "^a";
    policy.priority = 1.5;
    policy.definition = {{"max-length", "10"}, {"overflow", "\"drop-head\""}};
    snapshot.policies = std::vector{policy};
    snapshot.nodes[1].memory_alarm.reset();
    snapshot.nodes[2].disk_alarm = true;
    std::vector<health::Finding> findings{
        {"ALARM-DISK", health::Severity::critical, "r3@h3", "disk alarm", "free space", "disk r3@h3"},
        {"PARTITION", health::Severity::skipped, "cluster", "not told", {}, {}}};
    auto moment = moments::moment_of(snapshot, findings, health::score_of(snapshot, findings));
    moment.context = "prod context";
    return moment;
}

} // namespace

TEST_CASE("a moment keeps what can change of a snapshot")
{
    auto const moment = sample();
    CHECK(moment.state == "CRITICAL");
    REQUIRE(moment.nodes.size() == 3);
    CHECK(moment.nodes[0].name == "r1@h1");
    CHECK(moment.nodes[0].state == "running");
    REQUIRE(moment.queues->size() == 2);
    CHECK(moment.queues->back().members == std::vector<std::string>{"r2@h2", "r3@h3"});
    CHECK(moment.findings.size() == 1); // what was skipped is no state of the cluster
}

TEST_CASE("a moment written as a line is read back as it was")
{
    auto const moment = sample();
    auto const line = moments::to_line(moment);
    CHECK(std::count(line.begin(), line.end(), '\n') == 1);
    auto const read = moments::parse_moment(line);
    REQUIRE(read);
    CHECK(moments::to_line(*read) == line);
    CHECK(read->time == moment.time);
    CHECK(read->score == moment.score);
    CHECK(read->queues->front().leader == "r1@h1");
    CHECK(read->queues->front().members.size() == 3);
    CHECK_FALSE(read->nodes[1].memory_alarm);
    CHECK(read->nodes[2].disk_alarm == true);
    CHECK(read->policies->front().definition.at("overflow") == "\"drop-head\"");
    CHECK(read->policies->front().priority == 1.5);
    CHECK(read->policies->front().kind == management::PolicyKind::operator_policy);
}

TEST_CASE("a moment without queues and policies says that they were not told")
{
    Moment moment = sample();
    moment.queues.reset();
    moment.policies.reset();
    auto const read = moments::parse_moment(moments::to_line(moment));
    REQUIRE(read);
    CHECK_FALSE(read->queues);
    CHECK_FALSE(read->policies);
}

TEST_CASE("a line with ten thousand queues has a name once")
{
    Moment moment = sample();
    moment.queues->clear();
    for (int i = 0; i < 10'000; ++i) {
        moment.queues->push_back({"/",
                                  "q" + std::to_string(i),
                                  "quorum",
                                  "rabbit@a-long-host-name.example.org",
                                  {"rabbit@a-long-host-name.example.org"}});
    }
    auto const line = moments::to_line(moment);
    CHECK(line.size() < 400'000);
    CHECK(line.find("a-long-host-name") == line.rfind("a-long-host-name"));
    CHECK(moments::parse_moment(line)->queues->size() == 10'000);
}

TEST_CASE("what is damaged or of another kind is no moment, wherever it is cut")
{
    auto const line = moments::to_line(sample());
    for (std::size_t length = 0; length + 1 < line.size(); ++length) {
        CHECK_FALSE(moments::parse_moment(line.substr(0, length)));
    }
    for (auto const* const text : {"[]", "{}", "null", R"({"schema_version":2})"}) {
        CHECK_FALSE(moments::parse_moment(text));
    }
    auto const whole = nlohmann::json::parse(line);
    for (auto const& [key, value] : whole.items()) {
        if (key == "queue_columns") {
            continue; // for the reader's eyes
        }
        for (auto const& odd : {nlohmann::json(-7), nlohmann::json("x"), nlohmann::json::array({1, "x"})}) {
            auto broken = whole;
            broken[key] = odd;
            INFO(key << " as " << odd.dump());
            moments::parse_moment(broken.dump()); // nothing, or something else: never an exception
        }
        auto broken = whole;
        broken.erase(key);
        if (key != "policies") {
            CHECK_FALSE(moments::parse_moment(broken.dump()));
        }
    }
    auto beyond = whole;
    beyond["queues"][0][3] = 99;
    CHECK_FALSE(moments::parse_moment(beyond.dump()));
}
