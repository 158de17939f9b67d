#include "serve/endpoint.hpp"
#include "support/brokers.hpp"
#include "support/catch.hpp"
#include "support/service.hpp"
#include "support/tcp_client.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <regex>

using namespace rmqha;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

/// An answer of a server on this machine; status 0 without one.
http::Response get(std::string const& url)
{
    base::Stop const never;
    auto const transport = http::make_curl_transport();
    auto const result = transport->perform({{.url = url}}, std::chrono::steady_clock::now() + 10s, never).front();
    auto const* const response = std::get_if<http::Response>(&result);
    return response != nullptr ? *response : http::Response{};
}

void write(std::filesystem::path const& file, std::string const& text)
{
    std::ofstream(file) << text;
}

/// A port of 127.0.0.1 for a program that cannot choose one itself.
std::uint16_t free_port()
{
    return serve::listen_at({"127.0.0.1", 0}).endpoint.port;
}

/// `rmqha monitor serve` for the cluster under test, on ports of the system's choice.
class Exporter {
public:
    explicit Exporter(test::LiveCluster const& cluster, std::vector<std::string> const& options = {})
        : m_service(command(cluster, options))
    {
        std::smatch ports;
        std::string log;
        std::regex const places(R"(serving http://127\.0\.0\.1:(\d+)/metrics, agent checks at 127\.0\.0\.1:(\d+);)");
        bool const serves = test::wait_until(3min, [&] {
            log = m_service.log();
            return std::regex_search(log, ports, places);
        });
        INFO(log);
        REQUIRE(serves);
        m_url = "http://127.0.0.1:" + ports[1].str();
        m_agent = static_cast<std::uint16_t>(std::stoi(ports[2].str()));
    }

    http::Response ask(std::string const& path) const { return get(m_url + path); }
    std::string agent(std::string const& node) const { return test::ask_tcp(m_agent, node + "\n"); }
    std::string address() const { return m_url.substr(m_url.rfind('/') + 1); }
    std::uint16_t agent_port() const { return m_agent; }

    /// The value of a metric of this cluster, "name" or name{label="value"}; nothing without one.
    std::optional<double> metric(std::string const& series) const
    {
        auto const text = "\n" + ask("/metrics").body;
        auto const brace = std::min(series.find('{'), series.size());
        auto const labels = brace < series.size() ? "," + series.substr(brace + 1) : std::string("}");
        std::smatch value;
        std::regex const line(
            fmt::format("\n{}\\{{cluster=\"[^\"]*\"{} (.*)", series.substr(0, brace), quoted(labels)));
        return std::regex_search(text, value, line) ? std::optional(std::stod(value[1].str())) : std::nullopt;
    }
    bool until(std::string const& series, double value) const
    {
        return test::wait_until(3min, [&] { return metric(series) == value; });
    }
    int stop(int signal) { return m_service.end(signal); }
    std::string log() const { return m_service.log(); }

private:
    static std::vector<std::string> command(test::LiveCluster const& cluster, std::vector<std::string> const& options)
    {
        std::vector<std::string> argv{test::rmqha_binary(), "--context",   cluster.name(),   "monitor",    "serve",
                                      "--listen",           "127.0.0.1:0", "--agent-listen", "127.0.0.1:0"};
        argv.insert(argv.end(), options.begin(), options.end());
        return argv;
    }
    static std::string quoted(std::string const& text)
    {
        return std::regex_replace(text, std::regex(R"([{}.])"), R"(\$&)");
    }

    test::Service m_service;
    std::string m_url;
    std::uint16_t m_agent = 0;
};

/// How HAProxy calls a server that takes clients and has no check besides the agent's.
constexpr auto* k_up = "no check";

/// A real HAProxy before the nodes, asking agents only: what it says of a node is what it was told.
class Balancer {
public:
    Balancer(test::LiveCluster const& cluster, std::uint16_t agent_port)
    {
        std::string servers;
        for (std::size_t i = 0; i < cluster.nodes().size(); ++i) {
            auto const& node = cluster.nodes()[i];
            servers += fmt::format("    server r{} {} agent-check agent-addr 127.0.0.1 agent-port {} agent-send "
                                   "\"{}\\n\"\n",
                                   i + 1, config::label(node), agent_port, node.name);
        }
        write(m_folder / "haproxy.cfg", fmt::format(R"(
defaults
    timeout connect 3s
    timeout client 60s
    timeout server 60s
frontend amqp
    mode tcp
    bind 127.0.0.1:{}
    default_backend nodes
backend nodes
    mode tcp
    balance roundrobin
    default-server weight 100 agent-inter 500ms
{}frontend stats
    mode http
    bind 127.0.0.1:{}
    stats enable
    stats uri /
)",
                                                    port, servers, m_stats));
        m_service.emplace(std::vector<std::string>{test::installed_program("haproxy"), "-db", "-f",
                                                   (m_folder / "haproxy.cfg").string()});
    }

    /// A column of HAProxy's statistics of a node: status, weight, ...
    std::string column(int node, std::string const& name) const
    {
        auto const fields = [](std::string const& line) {
            std::vector<std::string> parts;
            std::istringstream in(line);
            for (std::string part; std::getline(in, part, ',');) {
                parts.push_back(part);
            }
            return parts;
        };
        std::istringstream lines(get(fmt::format("http://127.0.0.1:{}/;csv", m_stats)).body);
        std::string line;
        std::getline(lines, line);
        auto const names = fields(line);
        auto const at = std::find(names.begin(), names.end(), name) - names.begin();
        while (std::getline(lines, line)) {
            if (line.starts_with(fmt::format("nodes,r{},", node))) {
                return fields(line).at(static_cast<std::size_t>(at));
            }
        }
        return {};
    }
    bool until(int node, std::string const& status) const
    {
        return test::wait_until(3min, [&] { return column(node, "status").starts_with(status); });
    }

    std::uint16_t const port = free_port(); ///< of the nodes behind it

    std::string log() const { return m_service->log(); }

private:
    test::TemporaryFolder m_folder;
    std::uint16_t m_stats = free_port();
    std::optional<test::Service> m_service;
};

} // namespace

TEST_CASE("monitor serve asks the cluster once, however many scrape", "[live]")
{
    test::LiveCluster const cluster;
    Exporter exporter(cluster, {"--interval", "10m"});
    REQUIRE(exporter.until("rmqha_up", 1));
    auto const before = exporter.metric("rmqha_scrapes_total").value();
    for (int i = 0; i < 200; ++i) {
        REQUIRE(exporter.ask("/metrics").status == 200);
    }
    CHECK(exporter.metric("rmqha_scrapes_total") == before + 201);
    CHECK(exporter.metric("rmqha_collections_total") == 1);
    CHECK(exporter.metric("rmqha_node_up{node=\"rabbit1@localhost\"}") == 1);
    CHECK(exporter.ask("/readyz").status == 200);
    CHECK(exporter.ask("/nodes/rabbit1@localhost").body == "running\n");
    CHECK(exporter.ask("/nodes/" + config::label(cluster.node(1))).status == 200);
    CHECK_THAT(exporter.agent("rabbit1@localhost"), Catch::StartsWith("up "));
    CHECK(exporter.stop(SIGTERM) == 0);
}

TEST_CASE("monitor serve is scraped by Prometheus, and promtool finds nothing wrong", "[live]")
{
    test::LiveCluster const cluster;
    Exporter const exporter(cluster, {"--interval", "1s"});
    REQUIRE(exporter.until("rmqha_up", 1));
    base::Stop const never;
    auto const checked = base::run(
        {.argv = {test::installed_program("promtool"), "check", "metrics"}, .input = exporter.ask("/metrics").body},
        std::chrono::steady_clock::now() + 1min, never);
    INFO(checked.output << checked.errors);
    CHECK(checked.status == 0);
    CHECK((checked.output + checked.errors).empty());

    test::TemporaryFolder const folder;
    auto const port = free_port();
    write(folder / "prometheus.yml", fmt::format("global: {{scrape_interval: 1s}}\n"
                                                 "scrape_configs:\n"
                                                 "  - job_name: rmqha\n"
                                                 "    static_configs: [{{targets: ['{}']}}]\n",
                                                 exporter.address()));
    test::Service const prometheus(
        {test::installed_program("prometheus"), "--config.file=" + (folder / "prometheus.yml").string(),
         "--storage.tsdb.path=" + (folder / "data").string(), fmt::format("--web.listen-address=127.0.0.1:{}", port)});
    std::string answer;
    bool const scraped = test::wait_until(3min, [&] {
        answer = get(fmt::format("http://127.0.0.1:{}/api/v1/query?query=sum(rmqha_node_up)", port)).body;
        auto const json = nlohmann::json::parse(answer, nullptr, false);
        return json.is_object() && !json.at("data").at("result").empty() &&
               json.at("data").at("result")[0].at("value")[1] == "3";
    });
    INFO(answer << prometheus.log());
    CHECK(scraped);
}

TEST_CASE("monitor serve wants its token, and a port that is free", "[live]")
{
    test::LiveCluster const cluster;
    test::TemporaryFolder const folder;
    write(folder / "token", "s3cret\n");
    Exporter exporter(cluster, {"--bearer-token-file", (folder / "token").string()});
    CHECK_THAT(exporter.log(), Contains("others than the owner may read"));
    CHECK(exporter.ask("/metrics").status == 401);
    CHECK(exporter.ask("/healthz").status == 200);
    auto const port =
        static_cast<std::uint16_t>(std::stoi(exporter.address().substr(exporter.address().find(':') + 1)));
    CHECK_THAT(test::ask_tcp(port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                                   "Authorization: Bearer s3cret\r\n\r\n"),
               Catch::StartsWith("HTTP/1.1 200 OK"));

    auto const second =
        test::run_rmqha({"--context", cluster.name(), "monitor", "serve", "--listen", exporter.address()});
    CHECK(second.status == 69);
    CHECK_THAT(second.errors, Contains("cannot listen on " + exporter.address() + ": address already in use"));
    CHECK(exporter.stop(SIGINT) == 0);
}

TEST_CASE("monitor serve goes on with the last figures while no node answers", "[cluster]")
{
    test::LiveCluster cluster;
    Exporter const exporter(cluster, {"--interval", "10s", "--deadline", "4s"});
    REQUIRE(exporter.until("rmqha_node_up{node=\"rabbit3@localhost\"}", 1));
    // Between two collections: what a collection has begun with is of now, and what it ends with would not be.
    REQUIRE(exporter.until("rmqha_collections_total", exporter.metric("rmqha_collections_total").value() + 1));
    for (int node = 1; node <= 3; ++node) {
        cluster.pause(node);
    }
    CHECK(exporter.until("rmqha_snapshot_stale", 1));
    CHECK(exporter.until("rmqha_up", 0));
    CHECK(exporter.until("rmqha_node_up{node=\"rabbit3@localhost\"}", 0));
    CHECK(exporter.metric("rmqha_node_memory_used_bytes{node=\"rabbit3@localhost\"}") > 0);
    CHECK(exporter.ask("/nodes/rabbit3@localhost").status == 503);
    CHECK(exporter.ask("/healthz").status == 200);
    CHECK_THAT(exporter.log(), Contains("cannot reach any of 3 nodes"));
    for (int node = 1; node <= 3; ++node) {
        cluster.resume(node);
    }
    CHECK(exporter.until("rmqha_up", 1));
    CHECK(exporter.until("rmqha_snapshot_stale", 0));
}

TEST_CASE("HAProxy takes a node out and back as monitor serve tells it", "[cluster]")
{
    test::LiveCluster cluster;
    Exporter const exporter(cluster, {"--interval", "1s", "--deadline", "4s"});
    Balancer const balancer(cluster, exporter.agent_port());
    for (int node = 1; node <= 3; ++node) {
        INFO(balancer.log());
        REQUIRE(test::wait_until(3min, [&] { return balancer.column(node, "weight") > "0"; }));
        CHECK(balancer.column(node, "status") == k_up);
    }

    cluster.pause(3);
    CHECK(balancer.until(3, "DOWN (agent)"));
    CHECK(balancer.column(2, "status") == k_up);
    for (int i = 0; i < 4; ++i) { // more than there are nodes: none is sent to the one that is silent
        auto const connected = test::run_rmqha({"connect", "--node", fmt::format("127.0.0.1:{}", balancer.port),
                                                "--user", cluster.credentials().user, "--connection-attempts", "1"},
                                               {"RMQHA_PASSWORD=" + cluster.credentials().password});
        INFO(connected.errors);
        CHECK(connected.status == 0);
    }
    cluster.resume(3);
    CHECK(balancer.until(3, k_up));

    cluster.kill(2);
    CHECK(balancer.until(2, "DOWN (agent)"));
    cluster.restart(2);
    CHECK(balancer.until(2, k_up));

    // 3.x does not tell its peers of maintenance: all that is seen is that nobody can log in.
    bool const told = cluster.version() >= "4";
    cluster.tool(1, {"rabbitmq-upgrade", "drain"});
    CHECK(balancer.until(1, told ? "DRAIN" : "DOWN"));
    cluster.tool(1, {"rabbitmq-upgrade", "revive"});
    CHECK(balancer.until(1, k_up));
}
