#include "base/error.hpp"
#include "base/file.hpp"
#include "base/process.hpp"
#include "base/spelling.hpp"
#include "base/stop.hpp"
#include "provision/boot.hpp"
#include "provision/local.hpp"
#include "provision/manifest.hpp"
#include "provision/plan.hpp"
#include "provision/probe.hpp"
#include "provision/processes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>

namespace rmqha::provision {

using base::Error;
using base::ExitCode;
using namespace std::chrono_literals;

namespace {

std::vector<Process> living_processes(LocalCluster const& cluster, LocalNode const& node)
{
    auto processes = processes_of(cluster.id, node.name);
    if (processes.empty()) {
        auto const name = cluster.name == "local" ? std::string() : " --name " + cluster.name;
        throw Error(ExitCode::unavailable, fmt::format("{}: not running", node.name),
                    fmt::format("Start it: rmqha cluster restart{} {}", name, node.number));
    }
    return processes;
}

} // namespace

void kill_node(LocalCluster const& cluster, LocalNode const& node, World const& world)
{
    living_processes(cluster, node);
    stop_processes(cluster.id, {node.name, 0ms}, world.clock, world.stop);
}

void pause_node(LocalCluster const& cluster, LocalNode const& node, World const& world)
{
    pause_processes(cluster.id, living_processes(cluster, node), world.clock, world.stop);
}

void resume_node(LocalCluster const& cluster, LocalNode const& node)
{
    send_signal(cluster.id, living_processes(cluster, node), SIGCONT);
}

void restart_nodes(LocalCluster& cluster, std::vector<LocalNode*> const& nodes, RestartOptions const& options,
                   World const& world)
{
    constexpr auto k_orderly_end = 30s;
    for (auto* const node : nodes) {
        stop_processes(cluster.id, {node->name, k_orderly_end}, world.clock, world.stop);
        node->pid = 0;
        save_manifest(cluster);
    }
    start_epmd(cluster, world);
    std::vector<LocalNode> started;
    for (auto* const node : nodes) {
        start_node(cluster, *node);
        started.push_back(*node);
    }
    if (options.wait) {
        await_nodes(cluster, started, world.clock.now() + options.patience, world);
    }
}

void await_cluster(LocalCluster const& cluster, base::milliseconds patience, World const& world)
{
    await_nodes(cluster, cluster.nodes, world.clock.now() + patience, world);
}

std::string_view to_string(NodeState state)
{
    switch (state) {
    case NodeState::running:
        return "running";
    case NodeState::paused:
        return "paused";
    case NodeState::stopped:
        return "stopped";
    case NodeState::dead:
        return "dead";
    }
    return "";
}

bool ClusterStatus::whole() const
{
    return std::ranges::all_of(nodes, &NodeStatus::serves);
}

ClusterStatus status_of(LocalCluster const& cluster, World const& world)
{
    ClusterStatus status{cluster, {}};
    auto const processes = processes_of(cluster.id);
    auto const serve = amqp_answers(cluster.nodes, world.clock.now() + 1s, world.stop);
    for (std::size_t i = 0; i < cluster.nodes.size(); ++i) {
        NodeStatus one{cluster.nodes[i], NodeState::stopped, false, 0ms};
        auto own = processes;
        std::erase_if(own, [&](auto const& process) { return process.node != one.node.name; });
        if (auto const machine = machine_of(own)) {
            one.state = machine->paused ? NodeState::paused : NodeState::running;
            one.serves = serve[i];
            one.uptime = machine->age;
            one.node.pid = machine->pid;
        } else {
            one.state = one.node.pid != 0 ? NodeState::dead : NodeState::stopped;
            one.node.pid = 0;
        }
        status.nodes.push_back(one);
    }
    return status;
}

base::Finished run_tool(LocalCluster const& cluster, LocalNode const& node, std::span<std::string const> argv,
                        base::TimePoint deadline, base::Stop const& stop)
{
    static std::vector<std::string> const tools{"rabbitmqctl",      "rabbitmq-diagnostics", "rabbitmq-queues",
                                                "rabbitmq-streams", "rabbitmq-plugins",     "rabbitmq-upgrade"};
    if (std::ranges::find(tools, argv.front()) == tools.end()) {
        throw Error(ExitCode::usage, fmt::format("\"{}\" is not one of the broker's tools", argv.front()),
                    fmt::format("They are {}.{}", fmt::join(tools, ", "), base::did_you_mean(argv.front(), tools)));
    }
    auto const path = base::environment("PATH").value_or("/usr/bin:/bin");
    return base::run(tool_command(cluster, node, argv, path), deadline, stop);
}

} // namespace rmqha::provision
