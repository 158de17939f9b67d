#include "provision/boot.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/process.hpp"
#include "base/stop.hpp"
#include "base/units.hpp"
#include "http/transport.hpp"
#include "provision/manifest.hpp"
#include "provision/plan.hpp"
#include "provision/ports.hpp"
#include "provision/probe.hpp"
#include "provision/processes.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rmqha::provision {

using base::Error;
using base::ExitCode;
using namespace std::chrono_literals;

namespace {

constexpr auto k_poll = 200ms;
constexpr auto k_answer = 2s; // for one question to a booting node

std::string search_path()
{
    return base::environment("PATH").value_or("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
}

/// Tells the end of what the node wrote: its log, or, when it did not come that far, its output.
void tell_log(LocalCluster const& cluster, LocalNode const& node, World const& world)
{
    constexpr std::size_t k_lines = 10;
    for (auto const& file : {log_file_of(node), output_file_of(node)}) {
        auto const lines = last_lines(base::read_file(cluster.folder / file).value_or(""), k_lines);
        if (!lines.empty()) {
            world.warn(fmt::format("the end of {} of {}:\n  {}", file, node.name, fmt::join(lines, "\n  ")));
        }
    }
}

/// What each of `nodes` has come to. Asks only what is worth asking: the management API starts after AMQP.
std::vector<BootProgress> look(LocalCluster const& cluster, std::vector<LocalNode> const& nodes, int expected,
                               World const& world)
{
    auto const processes = processes_of(cluster.id);
    auto const serve = amqp_answers(nodes, world.clock.now() + k_answer, world.stop);
    std::vector<int> sees(nodes.size(), -1);
    if (std::ranges::find(serve, true) != serve.end()) {
        auto asked = cluster;
        asked.nodes = nodes;
        sees = running_seen_by(asked, world.transport, world.clock.now() + k_answer, world.stop);
    }
    std::vector<BootProgress> progress;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        auto state = BootState::starting;
        if (std::ranges::find(processes, nodes[i].name, &Process::node) == processes.end()) {
            state = BootState::ended;
        } else if (serve[i]) {
            state = sees[i] >= expected ? BootState::joined : BootState::serving;
        }
        progress.push_back({nodes[i].name, state, sees[i]});
    }
    return progress;
}

/// The nodes that have a process which is not paused: those a started node can and must find.
int living_nodes(LocalCluster const& cluster)
{
    auto const processes = processes_of(cluster.id);
    return static_cast<int>(std::ranges::count_if(cluster.nodes, [&](auto const& node) {
        return std::ranges::any_of(processes, [&](auto const& one) { return one.node == node.name && !one.paused; });
    }));
}

std::string waited_for(BootProgress const& progress, int expected)
{
    if (progress.state == BootState::starting) {
        return progress.node + " does not answer AMQP";
    }
    return progress.sees < 0 ? progress.node + " does not answer on its management port"
                             : fmt::format("{} sees {} of {} nodes running", progress.node, progress.sees, expected);
}

} // namespace

std::string_view to_string(BootState state)
{
    switch (state) {
    case BootState::starting:
        return "starting";
    case BootState::serving:
        return "serving";
    case BootState::joined:
        return "joined";
    case BootState::ended:
        return "ended";
    }
    return "";
}

std::vector<std::string> last_lines(std::string const& text, std::size_t count)
{
    std::vector<std::string> lines;
    auto end = text.find_last_not_of(" \r\n");
    while (end != std::string::npos && lines.size() < count) {
        auto const newline = text.rfind('\n', end);
        auto const begin = newline == std::string::npos ? 0 : newline + 1;
        auto line = text.substr(begin, end + 1 - begin);
        if (line.ends_with('\r')) { // Erlang's own output ends lines as terminals do
            line.pop_back();
        }
        lines.push_back(std::move(line));
        if (begin == 0) {
            break;
        }
        end = begin >= 2 ? begin - 2 : std::string::npos;
    }
    std::ranges::reverse(lines);
    return lines;
}

void start_epmd(LocalCluster& cluster, World const& world)
{
    auto const port = epmd_port(cluster.base_port);
    auto const running = [&] {
        auto const processes = processes_of(cluster.id);
        return std::ranges::find(processes, "epmd", &Process::program) != processes.end();
    };
    auto const log = cluster.folder / "log/epmd.out";
    if (!running()) {
        cluster.epmd_pid = base::start_detached(epmd_command(cluster, search_path()), log.string());
        save_manifest(cluster);
    }
    auto const deadline = world.clock.now() + 10s;
    while (!running() || port_is_free(port)) {
        if (world.clock.now() > deadline) {
            auto const lines = last_lines(base::read_file(log).value_or(""), 3);
            throw Error(ExitCode::unavailable,
                        fmt::format("Erlang's port mapper (epmd) does not start on port {}: {}", port,
                                    lines.empty() ? "it says nothing" : fmt::format("{}", fmt::join(lines, "; "))),
                        "Check that Erlang is installed (apt-get install rabbitmq-server brings it).");
        }
        world.clock.sleep_until(world.clock.now() + 20ms, world.stop);
    }
}

void start_node(LocalCluster& cluster, LocalNode& node)
{
    save_manifest(cluster); // throws when the cluster was taken down meanwhile: nothing more may start then
    node.pid = base::start_detached(node_command(cluster, node, search_path()),
                                    (cluster.folder / output_file_of(node)).string());
    save_manifest(cluster);
}

void await_nodes(LocalCluster const& cluster, std::vector<LocalNode> const& nodes, base::TimePoint deadline,
                 World const& world)
{
    constexpr int k_looks = 4; // in a row without a process before a node counts as ended: see processes_of
    std::vector<int> absent(nodes.size(), 0);
    for (;;) {
        auto const expected = living_nodes(cluster);
        auto progress = look(cluster, nodes, expected, world);
        for (std::size_t i = 0; i < nodes.size(); ++i) {
            bool const missed = progress[i].state == BootState::ended;
            absent[i] = missed ? absent[i] + 1 : 0;
            if (missed && absent[i] < k_looks) {
                progress[i].state = BootState::starting;
            }
        }
        world.progress(progress);
        if (std::ranges::all_of(progress, [](auto const& one) { return one.state == BootState::joined; })) {
            return;
        }
        auto const ended = std::ranges::find(progress, BootState::ended, &BootProgress::state);
        if (ended != progress.end()) {
            tell_log(cluster, nodes[static_cast<std::size_t>(ended - progress.begin())], world);
            throw Error(ExitCode::unavailable, fmt::format("{}: ended while it started", ended->node),
                        "The end of its log, above, says why.");
        }
        if (world.clock.now() >= deadline) {
            auto const late =
                std::ranges::find_if(progress, [](auto const& one) { return one.state != BootState::joined; });
            tell_log(cluster, nodes[static_cast<std::size_t>(late - progress.begin())], world);
            throw Error(ExitCode::timeout, "the cluster is not whole in time: " + waited_for(*late, expected),
                        "Give it longer with --wait; the end of the node's log is above.");
        }
        world.clock.sleep_until(world.clock.now() + k_poll, world.stop);
    }
}

} // namespace rmqha::provision
