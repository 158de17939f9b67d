#include "provision/plan.hpp"
#include "provision/ports.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <map>

using namespace rmqha;
using Catch::Matchers::Contains;
using provision::LocalCluster;

namespace {

LocalCluster sample(std::vector<std::string> const& wanted = {})
{
    LocalCluster cluster{.name = "trial",
                         .id = "k7",
                         .folder = "/state/clusters/trial",
                         .created = "2026-01-01T00:00:00.000Z",
                         .server = {"/usr/lib/rabbitmq/lib/rabbitmq_server-3.10.8", "3.10.8", ""},
                         .plugins = provision::plugins_with(wanted),
                         .base_port = 21000};
    cluster.nodes = provision::nodes_of(3, cluster.base_port, cluster.plugins);
    return cluster;
}

std::map<std::string, provision::PlannedFile> files(LocalCluster const& cluster)
{
    std::map<std::string, provision::PlannedFile> by_path;
    for (auto const& file : provision::files_of(cluster, {"COOKIE", "PASSWORD"})) {
        by_path[file.path] = file;
    }
    return by_path;
}

bool has(std::vector<std::string> const& words, std::string const& word)
{
    return std::ranges::find(words, word) != words.end();
}

/// The words before "env -i": what enters a chroot; and those after.
std::vector<std::string> after_env(base::Command const& command)
{
    auto const env = std::ranges::find(command.argv, "env");
    return {env, command.argv.end()};
}

} // namespace

TEST_CASE("nodes are called rabbitN@localhost and have four ports each of the cluster's block", "[provision]")
{
    auto const nodes = provision::nodes_of(9, 21000, {});
    REQUIRE(nodes.size() == 9);
    CHECK(nodes[0].name == "rabbit1@localhost");
    CHECK(nodes[8].name == "rabbit9@localhost");
    CHECK(nodes[2].ports == provision::NodePorts{21003, 21013, 21023, 21033, {}});
}

TEST_CASE("secrets are in files only their owner reads, the cookie not even to be written", "[provision]")
{
    auto const planned = files(sample());
    CHECK(planned.at(".erlang.cookie").content == "COOKIE");
    CHECK(planned.at(".erlang.cookie").mode == 0400);
    CHECK(planned.at("password").content == "PASSWORD\n");
    for (auto const& [path, file] : planned) {
        CAPTURE(path);
        CHECK((file.mode & 0077U) == 0);
    }
}

TEST_CASE("no secret is on a command line or in an environment", "[provision]")
{
    auto const cluster = sample();
    std::vector<std::string> const tool{"rabbitmqctl", "status"};
    for (auto const& command :
         {provision::node_command(cluster, cluster.nodes[0], "/bin"), provision::epmd_command(cluster, "/bin"),
          provision::tool_command(cluster, cluster.nodes[0], tool, "/bin")}) {
        for (auto const& words : {command.argv, command.environment}) {
            for (auto const& word : words) {
                CHECK_THAT(word, !Contains("COOKIE") && !Contains("PASSWORD"));
            }
        }
    }
}

TEST_CASE("a node's settings bind to the loopback address and name every peer", "[provision]")
{
    auto const text = files(sample()).at("rabbit2.conf").content;
    for (auto const* const line :
         {"listeners.tcp.1 = 127.0.0.1:21002\n", "management.tcp.ip = 127.0.0.1\n", "management.tcp.port = 21012\n",
          "prometheus.tcp.port = 21022\n", "cluster_formation.classic_config.nodes.1 = rabbit1@localhost\n",
          "cluster_formation.classic_config.nodes.3 = rabbit3@localhost\n", "default_user = rmqha\n",
          "default_pass = PASSWORD\n", "default_user_tags.administrator = true\n", "cluster_name = trial\n"}) {
        CHECK_THAT(text, Contains(line));
    }
}

TEST_CASE("a node gets a fresh environment that points to the cluster's folder and carries its marks", "[provision]")
{
    auto const cluster = sample();
    auto const command = provision::node_command(cluster, cluster.nodes[1], "/opt/erlang/bin:/bin");
    auto const words = after_env(command);
    CHECK(words[1] == "-i");
    for (auto const* const variable :
         {"RMQHA_CLUSTER=k7", "RMQHA_NODE=rabbit2@localhost", "PATH=/opt/erlang/bin:/bin", "HOME=/state/clusters/trial",
          "RABBITMQ_NODENAME=rabbit2@localhost", "RABBITMQ_DIST_PORT=21032", "ERL_EPMD_PORT=21040",
          "RABBITMQ_CONFIG_FILE=/state/clusters/trial/rabbit2.conf", "RABBITMQ_CONF_ENV_FILE=/dev/null"}) {
        CAPTURE(variable);
        CHECK(has(words, variable));
    }
    CHECK(words.back() == "/usr/lib/rabbitmq/lib/rabbitmq_server-3.10.8/sbin/rabbitmq-server");
    CHECK(command.environment == std::vector<std::string>{"RMQHA_CLUSTER=k7", "RMQHA_NODE=rabbit2@localhost"});
}

TEST_CASE("the port mapper and tools belong to the cluster, not to a node that may be killed", "[provision]")
{
    auto const cluster = sample();
    auto const epmd = after_env(provision::epmd_command(cluster, "/bin"));
    CHECK(has(epmd, "RMQHA_CLUSTER=k7"));
    CHECK(std::vector<std::string>(epmd.end() - 3, epmd.end()) == std::vector<std::string>{"epmd", "-port", "21040"});
    std::vector<std::string> const argv{"rabbitmqctl", "-q", "status"};
    auto const tool = after_env(provision::tool_command(cluster, cluster.nodes[2], argv, "/bin"));
    CHECK(has(tool, "RABBITMQ_NODENAME=rabbit3@localhost"));
    CHECK(tool[tool.size() - 3] == cluster.server.home + "/sbin/rabbitmqctl");
    for (auto const& words : {epmd, tool}) {
        CHECK(std::ranges::none_of(words, [](auto const& word) { return word.starts_with("RMQHA_NODE="); }));
    }
}

TEST_CASE("in a chroot a node sees the cluster's folder at /mnt, in a mount namespace of its own", "[provision]")
{
    auto cluster = sample();
    cluster.server.chroot = "/srv/trixie";
    auto const command = provision::node_command(cluster, cluster.nodes[0], "/home/me/bin");
    CHECK(std::vector<std::string>(command.argv.begin(), command.argv.begin() + 4) ==
          std::vector<std::string>{"unshare", "--mount", "--propagation", "private"});
    CHECK(has(command.argv, "/srv/trixie"));
    auto const words = after_env(command);
    CHECK(has(words, "HOME=/mnt"));
    CHECK(has(words, "RABBITMQ_CONFIG_FILE=/mnt/rabbit1.conf"));
    CHECK_FALSE(has(words, "PATH=/home/me/bin"));
    for (auto const& word : words) {
        CHECK_THAT(word, !Contains("/state/clusters"));
    }
}

TEST_CASE("plugins that listen get a port per node, and bring along what they stand on", "[provision]")
{
    auto const cluster = sample({"rabbitmq_web_stomp", "rabbitmq_shovel"});
    CHECK(cluster.plugins == std::vector<std::string>{"rabbitmq_management", "rabbitmq_prometheus",
                                                      "rabbitmq_web_stomp", "rabbitmq_stomp", "rabbitmq_shovel"});
    auto const planned = files(cluster);
    CHECK_THAT(planned.at("enabled_plugins").content, Contains("rabbitmq_web_stomp,rabbitmq_stomp,rabbitmq_shovel]."));
    CHECK_THAT(planned.at("rabbit3.conf").content,
               Contains("stomp.listeners.tcp.1 = 127.0.0.1:21063\n") && Contains("web_stomp.tcp.port = 21093\n"));
    CHECK_THAT(files(sample()).at("rabbit3.conf").content, !Contains("stomp"));
}

TEST_CASE("every port of a cluster of nine lies within its block, and none is used twice", "[provision]")
{
    auto cluster = sample({"rabbitmq_mqtt", "rabbitmq_web_mqtt", "rabbitmq_web_stomp", "rabbitmq_stream"});
    std::vector<std::uint16_t> ports{provision::epmd_port(21000)};
    for (auto const& node : provision::nodes_of(9, 21000, cluster.plugins)) {
        auto all = node.ports;
        provision::add_tls_ports(all, 21000, node.number);
        ports.insert(ports.end(), {all.amqp, all.management, all.prometheus, all.distribution, all.amqp_tls,
                                   all.management_tls, all.prometheus_tls});
        std::ranges::transform(node.ports.plugins, std::back_inserter(ports),
                               [](auto const& one) { return one.second; });
    }
    std::ranges::sort(ports);
    CHECK(std::ranges::adjacent_find(ports) == ports.end());
    CHECK(ports.front() >= 21000);
    CHECK(ports.back() < 21000 + provision::k_port_block);
}

TEST_CASE("with TLS a node has listeners for it besides, and the context connects to those", "[provision]")
{
    auto cluster = sample();
    cluster.tls = true;
    for (auto& node : cluster.nodes) {
        provision::add_tls_ports(node.ports, cluster.base_port, node.number);
    }
    auto const settings = files(cluster).at("rabbit2.conf").content;
    CHECK_THAT(settings, Contains("listeners.tcp.1 = 127.0.0.1:21002\n") &&
                             Contains("listeners.ssl.1 = 127.0.0.1:21042\n") &&
                             Contains("management.ssl.port = 21102\n") && Contains("prometheus.ssl.port = 21112\n"));
    CHECK_THAT(settings, Contains("ssl_options.certfile = /state/clusters/trial/tls/node.pem\n"));
    auto const context = provision::context_of(cluster).content;
    CHECK_THAT(context, Contains("tls = true\ncacert = '/state/clusters/trial/tls/ca.pem'\n") &&
                            Contains("port = 21042\nmanagement_port = 21102\nprometheus_port = 21112\n"));
    cluster.server.chroot = "/srv/trixie";
    CHECK_THAT(files(cluster).at("rabbit2.conf").content, Contains("certfile = /mnt/tls/node.pem\n"));
    CHECK_THAT(files(sample()).at("rabbit2.conf").content, !Contains("ssl"));
}

TEST_CASE("settings of the user's own come last, in every node's file", "[provision]")
{
    for (auto const& file : provision::files_of(sample(), {"c", "p"}, "heartbeat = 7\n")) {
        CHECK(file.content.ends_with("heartbeat = 7\n") == file.path.ends_with(".conf"));
    }
}

TEST_CASE("only RabbitMQ 3.8 wants its first node alone", "[provision]")
{
    CHECK(provision::needs_first_node_alone({"", "3.8.9", ""}));
    CHECK_FALSE(provision::needs_first_node_alone({"", "3.10.8", ""}));
    CHECK_FALSE(provision::needs_first_node_alone({"", "4.0.5", ""}));
    auto old = sample();
    old.server.version = "3.8.9";
    CHECK_THAT(files(old).at("rabbit1.conf").content, Contains("randomized_startup_delay_range.max = 1\n"));
    CHECK_THAT(files(sample()).at("rabbit1.conf").content, !Contains("randomized"));
}

TEST_CASE("the context names every node with its ports, and the password's file", "[provision]")
{
    auto const context = provision::context_of(sample());
    CHECK(context.path == "context.toml");
    CHECK_THAT(context.content, Contains("user = \"rmqha\"\npassword_file = '/state/clusters/trial/password'\n") &&
                                    Contains("port = 21003\nmanagement_port = 21013\nprometheus_port = 21023\n"
                                             "name = \"rabbit3@localhost\"\n"));
}
