#include "support/brokers.hpp"
#include "support/catch.hpp"
#include "support/scripted_server.hpp"
#include "support/temporary_folder.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>

using namespace rmqha;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

std::string local(std::uint16_t port)
{
    return "127.0.0.1:" + std::to_string(port);
}

/// `rmqha connect` to exactly one address, trying once; the password is right unless the test says otherwise.
base::Finished connect_to(test::LiveCluster const& cluster, std::string const& node, std::vector<std::string> more = {},
                          std::string const& password = {})
{
    std::vector<std::string> arguments{"connect",
                                       "--node",
                                       node,
                                       "--user",
                                       cluster.credentials().user,
                                       "--connection-attempts",
                                       "1",
                                       "--connection-timeout",
                                       "20s"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return test::run_rmqha(arguments,
                           {"RMQHA_PASSWORD=" + (password.empty() ? cluster.credentials().password : password)});
}

} // namespace

TEST_CASE("connect tells the node, the server and each step's time", "[live]")
{
    test::LiveCluster const cluster;
    auto const answer = test::run_rmqha({"--context", cluster.name(), "connect", "--format", "json"});
    REQUIRE(answer.status == 0);
    auto const json = nlohmann::json::parse(answer.output);
    CHECK(json.at("server").at("product") == "RabbitMQ");
    CHECK(json.at("server").at("version") == cluster.version());
    CHECK(json.at("timings").at("login_ms").is_number());
    CHECK(json.at("timings").at("tls_ms").is_null());
    CHECK(answer.output.find(cluster.credentials().password) == std::string::npos);
}

TEST_CASE("connect --print gives scripts the node or a URI without the password", "[live]")
{
    test::LiveCluster const cluster;
    auto const first = config::label(cluster.node(1));
    auto const print = [&](std::string const& what) {
        return test::run_rmqha({"--context", cluster.name(), "--strategy", "in_order", "connect", "--print", what})
            .output;
    };
    CHECK(print("node") == first + "\n");
    CHECK(print("uri") == "amqp://" + first + "/%2F\n");
}

TEST_CASE("connect --count spreads connections as the weights say, across processes", "[live]")
{
    test::LiveCluster const cluster;
    std::vector<std::string> arguments{
        "--user", cluster.credentials().user, "--strategy", "weighted_round_robin", "--format", "json"};
    for (int number = 1; number <= 3; ++number) {
        constexpr int k_weights[] = {10, 5, 1};
        arguments.push_back("--node");
        arguments.push_back(config::label(cluster.node(number)) + ",weight=" + std::to_string(k_weights[number - 1]));
    }
    arguments.insert(arguments.end(), {"connect", "--count", "8"});
    int shares[3] = {};
    for (int half = 0; half < 2; ++half) { // the second process goes on where the first ended
        auto const answer = test::run_rmqha(arguments, {"RMQHA_PASSWORD=" + cluster.credentials().password});
        INFO(answer.errors);
        REQUIRE(answer.status == 0);
        auto const json = nlohmann::json::parse(answer.output);
        for (std::size_t i = 0; i < 3; ++i) {
            shares[i] += json.at("nodes").at(i).at("connections").get<int>();
        }
    }
    CHECK(shares[0] == 10);
    CHECK(shares[1] == 5);
    CHECK(shares[2] == 1);
}

TEST_CASE("each way a connection can fail has its own words and exit code", "[live]")
{
    test::LiveCluster const cluster;
    auto const node = config::label(cluster.node(1));
    struct Case {
        std::string name;
        base::Finished answer;
        int status;
        std::string words;
    };
    test::ScriptedServer silent([](test::Peer& peer) { peer.stay_silent(); });
    test::ScriptedServer closing([](test::Peer& peer) {
        peer.read_exactly(8);
        peer.close();
    });
    test::ScriptedServer http([](test::Peer& peer) {
        peer.read_exactly(8);
        peer.send("HTTP/1.1 400 Bad Request\r\n\r\n");
        peer.wait_for_close();
    });
    test::BlackHole const hole;
    std::vector<std::string> const impatient{"--connection-timeout", "1s"};
    Case const cases[] = {
        {"refused", connect_to(cluster, local(test::refusing_port())), 69, "connection refused"},
        {"silent", connect_to(cluster, local(silent.port()), impatient), 75, "no AMQP greeting in time"},
        {"black hole", connect_to(cluster, local(hole.port()), impatient), 75, "connecting timed out"},
        {"closing", connect_to(cluster, local(closing.port())), 69, "before its AMQP greeting"},
        {"unknown host", connect_to(cluster, "no-such-host.invalid"), 68, "host name"},
        {"wrong password", connect_to(cluster, node, {}, "wrong"), 77, "login refused"},
        {"missing vhost", connect_to(cluster, node, {"--vhost", "nosuch"}), 77, "vhost nosuch not found"},
        {"HTTP", connect_to(cluster, local(http.port())), 76, "speaks HTTP"},
        {"management port", connect_to(cluster, local(cluster.node(1).management_port), impatient), 75,
         "management port"},
        {"TLS to a plain port", connect_to(cluster, node, {"--tls"}), 76, "TLS"},
    };
    for (auto const& one : cases) {
        INFO(one.name << ": " << one.answer.errors);
        CHECK(one.answer.status == one.status);
        CHECK_THAT(one.answer.errors, Contains(one.words));
        CHECK_THAT(one.answer.errors, Contains("hint: ") || Contains("timed out"));
        CHECK(one.answer.output.empty());
    }
}

TEST_CASE("what one process learns of a node the next one heeds, however damaged the file was before", "[live]")
{
    test::LiveCluster const cluster;
    test::TemporaryFolder const folder;
    auto const refusing = local(test::refusing_port());
    auto const connect = [&] {
        return test::run_rmqha(
            {"connect", "-v", "--node", refusing, "--node", config::label(cluster.node(1)), "--user",
             cluster.credentials().user, "--strategy", "in_order"},
            {"RMQHA_PASSWORD=" + cluster.credentials().password, "XDG_STATE_HOME=" + folder.path().string()});
    };
    auto const tried = refusing + ": connection refused";
    for (int i = 0; i < 2; ++i) { // the second failure puts it in quarantine
        CHECK_THAT(connect().errors, Contains(tried));
    }
    // Each time it is tried again after all, it is left alone for longer.
    CHECK(test::wait_until(3min, [&] { return connect().errors.find(tried) == std::string::npos; }));
    for (auto const& file : std::filesystem::recursive_directory_iterator(folder.path())) {
        if (file.path().extension() == ".json") {
            std::ofstream(file.path()) << R"({"next": "x", "nodes": [)";
        }
    }
    auto const afresh = connect();
    CHECK(afresh.status == 0);
    CHECK_THAT(afresh.errors, Contains(tried));
}

TEST_CASE("connect --all with a node paused names it, in time, and tells the others' answers", "[cluster]")
{
    test::LiveCluster cluster;
    cluster.pause(2);
    nlohmann::json json;
    CHECK(test::wait_until(3min, [&] { // the others may have more to do than to answer in time
        auto const answer = test::run_rmqha({"--context", cluster.name(), "--connection-timeout", "3s", "connect",
                                             "--all", "--deadline", "5s", "--format", "json"});
        json = nlohmann::json::parse(answer.output);
        return answer.status == 3 && json.at("reachable") == 2;
    }));
    INFO(json.dump(2));
    auto const& paused = json.at("nodes").at(1);
    CHECK(paused.at("node") == config::label(cluster.node(2)));
    CHECK(paused.at("connected") == false);
    CHECK_THAT(paused.at("error").get<std::string>(), Contains("in time"));
    CHECK(json.at("nodes").at(0).at("connected") == true);
    CHECK(json.at("nodes").at(2).at("connected") == true);
}

TEST_CASE("connect goes round a dead and a paused node with every strategy", "[cluster]")
{
    test::LiveCluster cluster;
    cluster.kill(1);
    cluster.pause(2);
    for (auto const& strategy : config::strategy_names()) {
        auto const answer =
            test::run_rmqha({"--context", cluster.name(), "--strategy", strategy, "--connection-timeout", "3s",
                             "--deadline", "60s", "connect", "--print", "node"});
        INFO(strategy << ": " << answer.errors);
        CHECK(answer.status == 0);
        CHECK(answer.output == config::label(cluster.node(3)) + "\n");
    }
}
