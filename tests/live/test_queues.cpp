#include "support/brokers.hpp"
#include "support/catch.hpp"
#include "support/running_rmqha.hpp"
#include "support/temporary_folder.hpp"

#include <nlohmann/json.hpp>

#include <csignal>
#include <fstream>
#include <set>

using namespace rmqha;
using namespace std::chrono_literals;
using Catch::Contains;
using nlohmann::json;

namespace {

using Words = std::vector<std::string>;

/// A vhost of its own with the queues of one test.
struct Queues {
    test::LiveCluster cluster;
    test::TemporaryVhost vhost{cluster};
    bool const mirrors = cluster.version().starts_with("3.");
    bool const streams = !cluster.version().starts_with("3.8.");

    base::Finished rmqha(Words arguments) const
    {
        arguments.insert(arguments.begin(), {"--context", cluster.name(), "--vhost", vhost.name()});
        return test::run_rmqha(arguments);
    }
    /// The queue's leader is on the node asked.
    void declare(int node, std::string const& name, json arguments)
    {
        auto const made = cluster.manage(node, "PUT", "/api/queues/" + vhost.name() + "/" + name,
                                         json{{"durable", true}, {"arguments", std::move(arguments)}}.dump());
        INFO(made.body);
        REQUIRE(made.status == 201);
    }
    void publish(std::string const& queue, int count) const
    {
        REQUIRE(rmqha({"publish", "-r", queue, "--repeat", std::to_string(count), "x"}).status == 0);
    }
    /// Of each queue, by name.
    std::map<std::string, json> list(Words more = {}) const
    {
        more.insert(more.begin(), {"queue", "list", "--format", "ndjson"});
        base::Finished answer;
        bool const told = test::wait_until(3min, [&] { // not at once while a node dies
            answer = rmqha(more);
            return answer.status == 0;
        });
        INFO(answer.errors);
        CHECK(told);
        std::map<std::string, json> queues;
        std::istringstream lines(answer.output);
        for (std::string line; std::getline(lines, line);) {
            auto one = json::parse(line);
            queues[one.at("name")] = one;
        }
        return queues;
    }
    std::set<std::string> names(Words const& more) const
    {
        std::set<std::string> result;
        for (auto const& [name, queue] : list(more)) {
            result.insert(name);
        }
        return result;
    }
    json status(std::string const& queue) const
    {
        auto const answer = rmqha({"queue", "status", queue, "--format", "json"});
        return answer.output.empty() ? json() : json::parse(answer.output).at("queues").at(0);
    }
    /// What is listed follows what happens by a few seconds.
    bool until(std::function<bool()> const& holds) const { return test::wait_until(3min, holds); }
};

json const k_quorum{{"x-queue-type", "quorum"}};
json const k_classic{{"x-queue-type", "classic"}};
using Names = std::set<std::string>;

} // namespace

TEST_CASE("queues are listed with their kind, leader and messages, and by what is asked of them", "[live]")
{
    Queues queues;
    queues.declare(1, "orders.a", k_quorum);
    queues.declare(2, "orders.b", k_classic);
    queues.declare(3, "other", k_classic);
    queues.publish("orders.b", 7);
    REQUIRE(queues.until([&] { return queues.list().at("orders.b").at("messages") == 7; }));
    auto const all = queues.list();
    CHECK(all.size() == 3);
    CHECK(all.at("orders.a").at("type") == "quorum");
    CHECK(all.at("orders.a").at("members").size() == 3);
    CHECK_THAT(all.at("orders.b").at("leader").get<std::string>(), Catch::StartsWith("rabbit2@"));
    CHECK(queues.names({"^orders\\."}) == Names{"orders.a", "orders.b"});
    CHECK(queues.names({"--type", "classic"}) == Names{"orders.b", "other"});
    CHECK(queues.names({"--backlog", "7"}) == Names{"orders.b"});
    CHECK(queues.names({"--on-node", all.at("other").at("leader")}) == Names{"orders.a", "other"});
    CHECK(queues.names({"--at-risk"}).empty());
    auto const table = queues.rmqha({"queue", "list", "--sort", "messages", "--columns", "name,messages"});
    CHECK_THAT(table.output, Catch::Matches("NAME +MESSAGES\norders\\.b +7\n(.|\n)*"));
    CHECK(queues.rmqha({"queue", "list", "--on-node", "rabbit@nowhere"}).status == 1);
    CHECK(queues.rmqha({"queue", "status", "nothing"}).status == 1);
}

TEST_CASE("a queue is declared with what it takes, and another of its name is shown beside it", "[live]")
{
    Queues queues;
    auto const declare = [&](Words more) {
        more.insert(more.begin(), {"queue", "declare"});
        return queues.rmqha(more);
    };
    auto const arguments = [&](std::string const& queue) {
        auto const told =
            queues.cluster.manage(1, "GET", "/api/queues/" + queues.vhost.name() + "/" + queue + "?disable_stats=true");
        return json::parse(told.body).at("arguments");
    };
    Words const jobs{"jobs",
                     "--max-length",
                     "10",
                     "--overflow",
                     "reject-publish",
                     "--message-ttl",
                     "1h",
                     "--dead-letter-exchange",
                     "",
                     "--delivery-limit",
                     "5"};
    CHECK(declare(jobs).status == 0);
    CHECK(declare(jobs).status == 0); // it is there, and the same
    CHECK(arguments("jobs") == json{{"x-queue-type", "quorum"},
                                    {"x-max-length", 10},
                                    {"x-overflow", "reject-publish"},
                                    {"x-message-ttl", 3'600'000},
                                    {"x-dead-letter-exchange", ""},
                                    {"x-delivery-limit", 5}});
    auto const other = declare({"jobs", "--max-length", "11"});
    CHECK(other.status == 65);
    CHECK_THAT(other.errors, Catch::Matches("(.|\n)*x-max-length +11 +10\n(.|\n)*x-message-ttl +- +3600000\n(.|\n)*"));
    CHECK(declare({"jobs", "--max-length", "11", "--if-compatible"}).status == 0);
    auto const kind = declare({"jobs", "--type", "classic", "--if-compatible"});
    CHECK(kind.status == 65);
    CHECK_THAT(kind.errors, Contains("not of the same kind"));
    CHECK(declare({"short", "--type", "classic", "--transient", "--max-priority", "5"}).status == 0);
    CHECK(declare({"short", "--type", "classic", "--max-priority", "5", "--if-compatible"}).status == 65);
    if (queues.streams) {
        CHECK(declare({"events", "--type", "stream", "--max-age", "7d", "--max-length-bytes", "1GB"}).status == 0);
        CHECK(arguments("events") ==
              json{{"x-queue-type", "stream"}, {"x-max-age", "604800s"}, {"x-max-length-bytes", 1'000'000'000}});
    }
}

TEST_CASE("a dead node shows in the list and the status of its queues, and --wait sees them whole again", "[cluster]")
{
    Queues queues;
    queues.declare(3, "quorum", k_quorum);
    queues.declare(3, "alone", k_classic);
    queues.cluster.kill(3);
    REQUIRE(queues.until([&] { return queues.names({"--leaderless"}) == Names{"alone"}; }));
    REQUIRE(queues.until([&] { return queues.names({"--at-risk"}) == Names{"alone", "quorum"}; }));
    CHECK(queues.rmqha({"queue", "status", "quorum"}).status == 1);
    auto const copies = queues.status("quorum").at("copies");
    CHECK(copies.size() == 3);
    CHECK(std::ranges::count_if(copies, [](json const& copy) { return copy.at("state") == "node down"; }) == 1);
    auto const hasty = queues.rmqha({"queue", "status", "quorum", "alone", "--wait", "healthy", "--deadline", "10s"});
    CHECK(hasty.status == 75);
    CHECK_THAT(hasty.output, Contains("QUEUE-DOWN"));
    queues.cluster.restart(3);
    auto const patient = queues.rmqha({"queue", "status", "quorum", "alone", "--wait", "healthy"});
    INFO(patient.output << patient.errors);
    CHECK(patient.status == 0);
}

TEST_CASE("queues are deleted and purged as planned, and what cannot be is said", "[live]")
{
    Queues queues;
    for (auto const* const name : {"t.1", "t.2", "keep"}) {
        queues.declare(1, name, k_classic);
    }
    queues.declare(1, "t.q", k_quorum);
    queues.publish("t.1", 3);
    REQUIRE(queues.until([&] { return queues.list().at("t.1").at("messages") == 3; }));

    auto const planned = queues.rmqha({"queue", "delete", "--pattern", "^t\\.", "--dry-run"});
    CHECK(planned.status == 0);
    CHECK_THAT(planned.output, Contains("t.1") && Contains("t.2") && Contains("t.q") && !Contains("keep"));
    CHECK(queues.rmqha({"queue", "delete", "t.1"}).status == 64); // nobody to ask
    CHECK(queues.rmqha({"queue", "delete", "t.1", "missing", "--yes"}).status == 1);
    CHECK(queues.list().size() == 4);

    auto const partly = queues.rmqha({"queue", "delete", "t.1", "t.2", "--if-empty", "--yes"});
    CHECK(partly.status == 3);
    CHECK_THAT(partly.output, Contains("\"t.2\"") && Contains("deleted"));
    CHECK_THAT(partly.errors, Contains("\"t.1\"") && Contains("not empty"));
    CHECK(queues.rmqha({"queue", "delete", "t.q", "--if-unused", "--yes"}).status == 64);

    CHECK(queues.rmqha({"queue", "purge", "t.1", "--yes"}).status == 0);
    CHECK(queues.rmqha({"consume", "t.1", "--idle-timeout", "1s"}).output.empty());
    CHECK(queues.rmqha({"queue", "delete", "t.1", "--if-empty", "--if-unused", "--yes"}).status == 0);
    CHECK(queues.rmqha({"queue", "delete", "--pattern", "^t\\.", "--yes", "--format", "json"}).status == 0);
    CHECK(queues.names({}) == Names{"keep"});
    if (queues.streams) {
        queues.declare(1, "s", {{"x-queue-type", "stream"}});
        CHECK_THAT(queues.rmqha({"queue", "purge", "s", "--yes"}).errors, Contains("cannot be purged"));
    }
}

TEST_CASE("leaders are spread over the nodes", "[live]")
{
    Queues queues;
    for (int i = 0; i < 9; ++i) {
        queues.declare(1, "q" + std::to_string(i), k_quorum);
    }
    auto const leaders = [&] {
        std::map<std::string, int> count;
        for (auto const& [name, queue] : queues.list()) {
            ++count[queue.at("leader")];
        }
        return count;
    };
    REQUIRE(queues.until([&] { return leaders().size() == 1; }));
    auto const planned = queues.rmqha({"queue", "rebalance", "--dry-run"});
    CHECK(planned.status == 0);
    CHECK_THAT(planned.output, Contains("leaders would move"));
    CHECK(leaders().size() == 1);
    CHECK(queues.until([&] { return queues.rmqha({"queue", "rebalance", "--yes"}).status == 0; }));
    CHECK(queues.until([&] { return leaders().size() == 3; }));
    CHECK_THAT(queues.rmqha({"queue", "rebalance", "--dry-run"}).output,
               Contains("balanced already") || Contains("about 1 of"));
}

TEST_CASE("a quorum queue gets the members it lacks, one after the other", "[live]")
{
    Queues queues;
    queues.declare(1, "one", {{"x-queue-type", "quorum"}, {"x-quorum-initial-group-size", 1}});
    queues.publish("one", 100);
    auto const planned = queues.rmqha({"queue", "repair", "one", "--dry-run"});
    CHECK_THAT(planned.output, Contains("would add a member on"));
    CHECK(queues.list().at("one").at("members").size() == 1);
    auto const repaired = queues.rmqha({"queue", "repair", "--all", "--yes"});
    INFO(repaired.output << repaired.errors);
    CHECK(repaired.status == 0);
    CHECK(queues.status("one").at("members").size() == 3);
    CHECK(queues.status("one").at("at_risk") == false);
    CHECK_THAT(queues.rmqha({"queue", "repair", "one"}).output, Contains("whole"));
    auto const more = queues.rmqha({"queue", "repair", "one", "--target", "4"});
    CHECK(more.status == 1);
    CHECK_THAT(more.errors, Contains("no running node is left"));
    queues.declare(1, "classic", k_classic);
    CHECK_THAT(queues.rmqha({"queue", "repair", "classic"}).errors, Contains("has one copy"));
}

TEST_CASE("mirrors of all three modes are shown, synchronised by hand, and take over", "[cluster]")
{
    Queues queues;
    if (!queues.mirrors) {
        auto const refused = queues.rmqha({"queue", "sync", "--all"});
        CHECK(refused.status == 65);
        CHECK_THAT(refused.errors, Contains("RabbitMQ 4 removed them") && Contains("catch up by themselves"));
        return;
    }
    queues.declare(1, "all", k_classic);
    queues.declare(1, "two", k_classic);
    queues.declare(1, "named", k_classic);
    for (auto const* const queue : {"all", "two", "named"}) {
        queues.publish(queue, 500);
    }
    auto const leader = queues.list().at("all").at("leader").get<std::string>();
    auto const second = "rabbit2" + leader.substr(leader.find('@'));
    auto const set = [&](std::string const& queue, Words more) {
        Words words{"policy", "set-ha", queue, "^" + queue + "$", "--sync-mode", "manual", "--promote-on-failure",
                    "always"};
        words.insert(words.end(), more.begin(), more.end());
        auto const made = queues.rmqha(words);
        INFO(made.errors);
        REQUIRE(made.status == 0);
    };
    set("all", {"--mode", "all"});
    set("two", {"--mode", "exactly", "--params", "2"});
    set("named", {"--mode", "nodes", "--ha-nodes", leader + "," + second});
    auto const mirrors = [&](std::string const& queue) {
        auto const one = queues.list().at(queue);
        return one.at("mirrors").is_null() ? 0U : one.at("mirrors").size();
    };
    REQUIRE(queues.until([&] { return mirrors("all") == 2 && mirrors("two") == 1 && mirrors("named") == 1; }));
    CHECK(queues.until([&] { return queues.names({"--unsynchronised"}) == Names{"all", "named", "two"}; }));

    CHECK_THAT(queues.rmqha({"queue", "sync", "--all", "--dry-run"}).output, Contains("would be synchronised"));
    auto const synced = queues.rmqha({"queue", "sync", "all", "two"});
    INFO(synced.output << synced.errors);
    CHECK(synced.status == 0);
    CHECK(queues.names({"--unsynchronised"}) == Names{"named"});
    CHECK(queues.rmqha({"queue", "sync", "--all"}).status == 0);
    CHECK(queues.names({"--unsynchronised"}).empty());
    CHECK_THAT(queues.rmqha({"queue", "sync", "all"}).output, Contains("synchronised already"));

    queues.cluster.kill(1);
    CHECK(queues.until([&] {
        auto const now = queues.list();
        return std::ranges::all_of(now, [&](auto const& entry) { return entry.second.at("leader") != leader; });
    }));
    for (auto const* const queue : {"all", "two", "named"}) {
        CHECK(queues.rmqha({"consume", queue, "-c", "500", "--idle-timeout", "20s"}).status == 0);
    }
}
