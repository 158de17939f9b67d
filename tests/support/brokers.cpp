#include "support/brokers.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "cluster/node_state.hpp"
#include "provision/manifest.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <stdexcept>
#include <thread>
#include <utility>

namespace rmqha::test {

using namespace std::chrono_literals;

namespace {

constexpr base::milliseconds k_boot_time = 10min;

/// Every process of the live tests looks for clusters where the fixture made them, whatever the caller's settings.
void use_live_state()
{
    ::setenv("XDG_STATE_HOME", RMQHA_LIVE_STATE, 1);
    ::setenv("XDG_CONFIG_HOME", RMQHA_LIVE_STATE "/config", 1);
}

std::string cluster_under_test()
{
    use_live_state();
    auto const name = base::environment("RMQHA_TEST_CLUSTER");
    if (!name) {
        throw std::runtime_error("RMQHA_TEST_CLUSTER does not name a cluster: run the live tests through ctest");
    }
    return *name;
}

} // namespace

bool wait_until(base::milliseconds patience, std::function<bool()> const& holds)
{
    auto const deadline = std::chrono::steady_clock::now() + patience;
    while (!holds()) {
        if (std::chrono::steady_clock::now() >= deadline) {
            return false;
        }
        std::this_thread::sleep_for(20ms);
    }
    return true;
}

std::string unique_name(std::string const& prefix)
{
    std::random_device source;
    return fmt::format("{}-{:08x}", prefix, source());
}

std::string rmqha_binary()
{
    return RMQHA_BINARY;
}

base::Finished run_rmqha(std::vector<std::string> const& arguments, std::vector<std::string> const& environment)
{
    use_live_state();
    base::Command command;
    command.argv = {rmqha_binary()};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    command.environment = environment;
    base::Stop const never;
    return base::run(command, std::chrono::steady_clock::now() + 5min, never);
}

LiveCluster::LiveCluster() : LiveCluster(cluster_under_test()) {}

LiveCluster::LiveCluster(std::string const& name)
    : m_transport(http::make_curl_transport()), m_cluster(provision::require_manifest(name))
{
    auto password = base::read_file(m_cluster.folder / provision::k_password_file).value_or("");
    password.erase(password.find_last_not_of('\n') + 1);
    m_credentials = {provision::k_user, password, false};
    for (auto const& node : m_cluster.nodes) {
        m_nodes.push_back({.host = "127.0.0.1",
                           .port = node.ports.amqp,
                           .management_port = node.ports.management,
                           .prometheus_port = node.ports.prometheus,
                           .name = node.name});
    }
    // What earlier tests have learnt of its nodes is none of this one's business, nor what one that was killed has
    // left.
    std::error_code ignored;
    std::filesystem::remove(cluster::NodeStateFile::path_for(m_nodes), ignored);
    act([&](auto const& world) { m_disturbed = !provision::status_of(m_cluster, world).whole(); });
    restore();
}

LiveCluster::~LiveCluster()
{
    try {
        restore();
    } catch (std::exception const& problem) {
        // The next test will find it broken, and say so; this one may be unwinding already.
        std::fprintf(stderr, "cluster %s is not whole again: %s\n", name().c_str(), problem.what());
    }
}

template <typename Act>
void LiveCluster::act(Act const& action)
{
    m_disturbed = true;
    m_cluster = provision::require_manifest(m_cluster.name); // a process id may have changed since
    provision::World const world{.clock = m_clock,
                                 .stop = m_stop,
                                 .transport = *m_transport,
                                 .warn = [](auto const& text) { std::fprintf(stderr, "%s\n", text.c_str()); }};
    action(world);
}

std::string LiveCluster::management_url(int number) const
{
    return fmt::format("http://127.0.0.1:{}", node(number).management_port);
}

void LiveCluster::kill(int number)
{
    act([&](auto const& world) {
        provision::kill_node(m_cluster, m_cluster.nodes.at(static_cast<std::size_t>(number) - 1), world);
    });
}

void LiveCluster::pause(int number)
{
    act([&](auto const& world) {
        provision::pause_node(m_cluster, m_cluster.nodes.at(static_cast<std::size_t>(number) - 1), world);
    });
}

void LiveCluster::resume(int number)
{
    act([&](auto const&) {
        provision::resume_node(m_cluster, m_cluster.nodes.at(static_cast<std::size_t>(number) - 1));
    });
}

void LiveCluster::restart(int number)
{
    act([&](auto const& world) {
        provision::restart_nodes(m_cluster, {&m_cluster.nodes.at(static_cast<std::size_t>(number) - 1)},
                                 {.patience = k_boot_time}, world);
    });
}

void LiveCluster::restore()
{
    if (!m_disturbed) {
        return;
    }
    act([&](auto const& world) {
        auto const restart_where = [&](auto const& broken) {
            auto const status = provision::status_of(m_cluster, world);
            std::vector<provision::LocalNode*> nodes;
            for (std::size_t i = 0; i < status.nodes.size(); ++i) {
                if (broken(status.nodes[i])) {
                    nodes.push_back(&m_cluster.nodes[i]);
                }
            }
            if (!nodes.empty()) {
                provision::restart_nodes(m_cluster, nodes, {.patience = k_boot_time}, world);
            }
        };
        auto const gone = [](auto const& node) {
            return node.state == provision::NodeState::dead || node.state == provision::NodeState::stopped;
        };
        for (auto const& node : provision::status_of(m_cluster, world).nodes) {
            if (node.state == provision::NodeState::paused) {
                provision::resume_node(m_cluster, node.node);
            }
        }
        restart_where(gone);
        try {
            provision::await_cluster(m_cluster, 3min, world);
        } catch (base::Error const&) { // the last resort: RabbitMQ stopped within a node, nodes that gave each other up
            restart_where([](auto const& node) { return !node.serves; });
            restart_where([&](auto const& node) { return node.node.number > 1; });
            provision::await_cluster(m_cluster, 3min, world);
        }
    });
    m_disturbed = false;
}

http::Response LiveCluster::manage(int number, std::string const& method, std::string const& path,
                                   std::string const& body)
{
    http::Request request;
    request.method = method;
    request.url = management_url(number) + path;
    request.body = body;
    request.credentials = m_credentials;
    auto const results = m_transport->perform({request}, m_clock.now() + 10s, m_stop);
    auto const* const response = std::get_if<http::Response>(&results.front());
    return response != nullptr ? *response : http::Response{};
}

void LiveCluster::remove(std::string const& path)
{
    auto const gone = [&] {
        auto const status = manage(1, "DELETE", path).status;
        return status == 204 || status == 404;
    };
    if (!wait_until(1min, gone)) {
        throw std::runtime_error(path + " cannot be deleted");
    }
}

std::string LiveCluster::tool(int number, std::vector<std::string> const& argv)
{
    m_disturbed = true; // for all we know
    auto const& one = m_cluster.nodes.at(static_cast<std::size_t>(number) - 1);
    auto const finished = provision::run_tool(m_cluster, one, argv, m_clock.now() + 2min, m_stop);
    if (finished.status != 0) {
        throw std::runtime_error(
            fmt::format("{} failed ({}): {}{}", argv.at(0), finished.status, finished.output, finished.errors));
    }
    return finished.output;
}

Isolated::Isolated(LiveCluster& cluster, int number) : m_cluster(cluster), m_number(number)
{
    m_cluster.tool(number, {"rabbitmqctl", "eval",
                            "[begin erlang:set_cookie(N, wrong), erlang:disconnect_node(N) end || N <- nodes()]."});
}

Isolated::~Isolated()
{
    try {
        heal();
    } catch (std::exception const& error) {
        std::fprintf(stderr, "cannot heal the cluster: %s\n", error.what());
    }
}

void Isolated::reconnect()
{
    std::vector<std::string> peers;
    for (int number = 1; number <= static_cast<int>(m_cluster.nodes().size()); ++number) {
        if (number != m_number) {
            peers.push_back("'" + m_cluster.node(number).name + "'");
        }
    }
    m_cluster.tool(m_number,
                   {"rabbitmqctl", "eval",
                    fmt::format("[erlang:set_cookie(N, erlang:get_cookie()) || N <- [{}]].", fmt::join(peers, ", "))});
}

void Isolated::heal()
{
    if (std::exchange(m_healed, true)) {
        return;
    }
    reconnect();
    // A partition stays until the nodes of one side have started afresh; RabbitMQ up to 4.2 makes a partial one, as is
    // seen for a moment here, a full one: all nodes but one take part in it.
    m_cluster.restart(m_number);
    for (int number = m_number == 1 ? 3 : 2; number <= static_cast<int>(m_cluster.nodes().size()); ++number) {
        if (number != m_number) {
            m_cluster.restart(number);
        }
    }
}

TemporaryVhost::TemporaryVhost(LiveCluster& cluster) : m_cluster(cluster), m_name(unique_name("test"))
{
    auto const path = "/api/vhosts/" + m_name;
    if (auto const status = m_cluster.manage(1, "PUT", path, "{}").status; status != 201 && status != 204) {
        throw std::runtime_error(fmt::format("cannot make vhost {}: status {}", m_name, status));
    }
    m_cluster.manage(1, "PUT", fmt::format("/api/permissions/{}/{}", m_name, provision::k_user),
                     R"({"configure":".*","write":".*","read":".*"})");
    // It is usable on a node once that node says so itself.
    auto const everywhere = [&] {
        for (int number = 1; number <= static_cast<int>(m_cluster.nodes().size()); ++number) {
            auto const mark = fmt::format("\"{}\":\"running\"", m_cluster.node(number).name);
            if (m_cluster.manage(number, "GET", path).body.find(mark) == std::string::npos) {
                return false;
            }
        }
        return true;
    };
    if (!wait_until(3min, everywhere)) {
        throw std::runtime_error(fmt::format("vhost {} does not run on every node", m_name));
    }
}

TemporaryVhost::~TemporaryVhost()
{
    try {
        m_cluster.restore(); // a node that is down could not forget it
        m_cluster.remove("/api/vhosts/" + m_name);
    } catch (std::exception const& problem) {
        std::fprintf(stderr, "vhost %s is left: %s\n", m_name.c_str(), problem.what());
    }
}

TemporaryQueue::TemporaryQueue(LiveCluster& cluster, std::string const& prefix)
    : m_cluster(cluster), m_name(unique_name(prefix))
{
}

TemporaryQueue::~TemporaryQueue()
{
    try {
        m_cluster.restore();
        m_cluster.remove("/api/queues/%2F/" + m_name);
    } catch (std::exception const& problem) {
        std::fprintf(stderr, "queue %s is left: %s\n", m_name.c_str(), problem.what());
    }
}

} // namespace rmqha::test
