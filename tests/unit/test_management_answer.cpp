#include "management/answer.hpp"
#include "support/catch.hpp"
#include "support/recorded.hpp"

#include <algorithm>

using namespace rmqha;
using namespace rmqha::management;
using test::answered;
using test::recorded;

namespace {

template <typename Value>
Value got(Answer<Value> const& answer)
{
    if (auto const* problem = problem_of(answer)) {
        FAIL("problem: " << problem->reason);
    }
    return *value_of(answer);
}

template <typename Value>
Problem wrong(Answer<Value> const& answer)
{
    REQUIRE(problem_of(answer) != nullptr);
    return *problem_of(answer);
}

Queue named(std::vector<Queue> const& queues, std::string const& name)
{
    auto const found =
        std::find_if(queues.begin(), queues.end(), [&](auto const& queue) { return queue.name == name; });
    REQUIRE(found != queues.end());
    return *found;
}

} // namespace

TEST_CASE("recorded answers of both versions are read")
{
    std::string const version = GENERATE("3.10", "4.0");
    std::string const node = version == "3.10" ? "r1-5772@localhost" : "r1-7772@localhost";
    INFO(version);

    auto const who = got(read_whoami(answered(recorded(version + "/whoami.json"))));
    CHECK(who.name == "guest");
    CHECK(who.tags == std::vector<std::string>{"administrator"});

    auto const overview = got(read_overview(answered(recorded(version + "/overview.json"))));
    CHECK(overview.node == node);
    CHECK(overview.version == (version == "3.10" ? "3.10.8" : "4.0.5"));
    CHECK(overview.cluster_name == node.substr(0, node.find('@')) + "@vm");
    CHECK(std::count_if(overview.listeners.begin(), overview.listeners.end(),
                        [](auto const& listener) { return listener.protocol == "amqp" && listener.port > 0; }) == 3);

    auto const nodes = got(read_nodes(answered(recorded(version + "/nodes.json"))));
    REQUIRE(nodes.size() == 3);
    CHECK(nodes[0].name == node);
    CHECK(nodes[0].running);
    CHECK(nodes[0].memory_used.value_or(0) > 100'000'000);
    CHECK(nodes[0].disk_limit == 50'000'000);
    CHECK(nodes[0].fds_total == 20'000);
    CHECK(nodes[0].memory_alarm == false);
    CHECK(nodes[0].partitions == std::vector<std::string>{});
    CHECK(nodes[0].uptime.value_or(base::milliseconds(0)) > std::chrono::minutes(8));
    CHECK(nodes[0].being_drained.has_value() == (version == "4.0")); // 3.10 does not tell

    auto const vhosts = got(read_vhosts(answered(recorded(version + "/vhosts.json"))));
    REQUIRE(vhosts.size() == 1);
    CHECK(vhosts[0].name == "/");
    CHECK(vhosts[0].states.at(node) == "running");
}

TEST_CASE("a dead node's entry has a name and hardly anything else")
{
    std::string const version = GENERATE("3.10", "4.0");
    auto const nodes = got(read_nodes(answered(recorded(version + "/nodes-r1dead.json"))));
    REQUIRE(nodes.size() == 3);
    CHECK_FALSE(nodes[0].running);
    CHECK_FALSE(nodes[0].memory_used);
    CHECK_FALSE(nodes[0].partitions);
    CHECK(nodes[1].running);
}

TEST_CASE("queues tell where their copies are, in each version's way")
{
    auto const old = got(read_queues(answered(recorded("3.10/queues.json"))));
    auto const mirrored = named(old, "ha.c1");
    CHECK(mirrored.type == "classic");
    CHECK(mirrored.leader == "r1-5772@localhost");
    CHECK(mirrored.policy == "ha");
    REQUIRE(mirrored.mirrors);
    CHECK(mirrored.mirrors->size() == 2);
    CHECK(mirrored.synchronised_mirrors.size() == 2);
    auto const quorum = named(old, "ha.q1");
    CHECK(quorum.type == "quorum");
    CHECK(quorum.leader == "r1-5772@localhost");
    CHECK(quorum.members.size() == 3);
    CHECK(quorum.online.size() == 3);
    CHECK_FALSE(quorum.mirrors);
    CHECK_FALSE(quorum.messages);

    auto const dead = got(read_queues(answered(recorded("4.0/queues-r1dead.json"))));
    CHECK(named(dead, "pl.c1").state == "down");
    CHECK(named(dead, "ha.q1").online == std::vector<std::string>{"r2-7772@localhost", "r3-7772@localhost"});
    CHECK(named(dead, "ha.s1").type == "stream");
    CHECK(named(dead, "ha.s1").members.size() == 3);
}

TEST_CASE("a key that comes twice in a queue, and a queue that comes twice in the list, are taken once")
{
    auto const queues = got(read_queues(answered(R"([
        {"name":"q","vhost":"/","type":"quorum","leader":"a","members":["a","b"],"online":["a"],"online":["a","b"]},
        {"name":"q","vhost":"/","type":"quorum","leader":"b","members":["a","b"]},
        {"name":"q","vhost":"other","type":"quorum"}])")));
    REQUIRE(queues.size() == 2);
    CHECK(queues[0].leader == "a");
    CHECK(queues[0].online == std::vector<std::string>{"a", "b"});
    CHECK(queues[1].vhost == "other");
}

TEST_CASE("null, absent and odd values are just not there")
{
    auto const queues = got(read_queues(answered(
        R"([{"name":"q","vhost":"/","policy":null,"members":null,"online":"x","messages":"n/a","slave_nodes":null,
             "arguments":{"x-queue-type":"quorum","x-quorum-initial-group-size":5}}, {}])")));
    REQUIRE(queues.size() == 2);
    CHECK(queues[0].type == "quorum");
    CHECK(queues[0].group_size == 5);
    CHECK(queues[0].policy.empty());
    CHECK(queues[0].members.empty());
    CHECK_FALSE(queues[0].messages);
    CHECK_FALSE(queues[0].mirrors);
    auto const nodes =
        got(read_nodes(answered(R"([{"name":"n","running":true,"mem_used":"not_available","disk_free":1.5e9}])")));
    CHECK_FALSE(nodes[0].memory_used);
    CHECK(nodes[0].disk_free == 1'500'000'000);
}

TEST_CASE("the alarms check answers with 503 when there are alarms")
{
    CHECK(got(read_alarms(answered(R"({"status":"ok"})"))).empty());
    auto const alarms = got(read_alarms(answered(
        R"({"alarms":[{"node":"r1@h","resource":"memory"},{"node":"r2@h","resource":"disk space"}],"status":"failed"})",
        503)));
    REQUIRE(alarms.size() == 2);
    CHECK(alarms[0].node == "r1@h");
    CHECK(alarms[1].resource == "disk space");
    CHECK(wrong(read_alarms(answered("<html>", 503))).kind == Problem::Kind::unreadable);
}

TEST_CASE("the checks of vhosts and of a port answer with 503 when something is missing")
{
    CHECK(got(read_stopped_vhosts(answered(R"({"status":"ok"})"))).empty());
    auto const stopped = got(read_stopped_vhosts(
        answered(R"({"status":"failed","reason":"Some virtual hosts are down","virtual-hosts":["down1"]})", 503)));
    CHECK(stopped == std::vector<std::string>{"down1"});
    CHECK(wrong(read_stopped_vhosts(answered("<html>", 503))).kind == Problem::Kind::unreadable);

    CHECK(got(read_listening(answered(R"({"status":"ok","port":5672})"))).listening);
    auto const missing = got(read_listening(
        answered(R"({"status":"failed","reason":"No active listener","missing":1,"ports":[15672,5672]})", 503)));
    CHECK_FALSE(missing.listening);
    CHECK(missing.ports == std::vector<std::uint16_t>{15672, 5672});
    CHECK(wrong(read_listening(answered(R"({"ports":3})", 503))).kind == Problem::Kind::unreadable);
}

TEST_CASE("policies tell how many copies they ask for")
{
    auto const policies = got(read_policies(answered(R"([
        {"vhost":"/","name":"all","definition":{"ha-mode":"all"}},
        {"vhost":"/","name":"two","definition":{"ha-mode":"exactly","ha-params":2}},
        {"vhost":"/","name":"named","definition":{"ha-mode":"nodes","ha-params":["a","b","c"]}},
        {"vhost":"/","name":"group","definition":{"target-group-size":5}},
        {"vhost":"/","name":"other","definition":{"max-length":5}}])")));
    REQUIRE(policies.size() == 5);
    CHECK(policies[0].ha_mode == "all");
    CHECK_FALSE(policies[0].copies);
    CHECK(policies[1].copies == 2);
    CHECK(policies[2].copies == 3);
    CHECK_FALSE(policies[3].ha_mode);
    CHECK(policies[3].copies == 5);
    CHECK_FALSE(policies[4].copies);
}

TEST_CASE("every way of not getting an answer has its own kind and words")
{
    struct Case {
        http::Result result;
        Problem::Kind kind;
        std::string reason;
    };
    auto const [result, kind, reason] = GENERATE(values<Case>({
        {answered("", 401), Problem::Kind::credentials, "user or password refused"},
        {answered(R"({"error":"not_authorized","reason":"Login failed"})", 401), Problem::Kind::credentials,
         "user or password refused"},
        {answered(R"({"error":"not_authorised","reason":"Not management user"})", 401), Problem::Kind::permission,
         "user lacks the tag monitoring (has no management tag at all)"},
        {answered(R"({"error":"not_authorised","reason":"Not monitor user"})", 401), Problem::Kind::permission,
         "user lacks the tag monitoring"},
        {answered(R"({"error":"not_authorised","reason":"Access refused."})", 401), Problem::Kind::permission,
         "Access refused."},
        {answered(R"({"error":"Object Not Found","reason":"Not Found"})", 404), Problem::Kind::not_supported,
         "this broker does not have it"},
        {answered("", 500), Problem::Kind::failed, "HTTP status 500"},
        {answered("{}", 200), Problem::Kind::unreadable, "the answer is not a JSON array"},
        {answered("[{", 200), Problem::Kind::unreadable, "the answer is not a JSON array"},
        {test::fault(http::FaultKind::refused, "refused"), Problem::Kind::unreachable, "refused"},
        {test::fault(http::FaultKind::timed_out, "no answer within 2.0s"), Problem::Kind::silent,
         "no answer within 2.0s"},
    }));
    auto const problem = wrong(read_nodes(result));
    CHECK(problem.kind == kind);
    CHECK(problem.reason == reason);
}
