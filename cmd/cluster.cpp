#include "cluster_views.hpp"
#include "command.hpp"

#include "base/file.hpp"
#include "base/process.hpp"
#include "base/spelling.hpp"
#include "base/stop.hpp"
#include "base/units.hpp"
#include "http/transport.hpp"
#include "output/json.hpp"
#include "provision/local.hpp"
#include "provision/manifest.hpp"
#include "provision/ports.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace rmqha::cmd {

using base::Error;
using base::ExitCode;

namespace {

struct Options {
    provision::UpOptions up;
    std::string name = "local";
    std::string wait = "3m";
    bool no_wait = false;
    bool all = false;
    std::vector<std::string> words; ///< nodes, or a tool's command line
};
using Shared = std::shared_ptr<Options>;

base::milliseconds patience(Options const& options)
{
    if (auto const duration = base::parse_duration(options.wait)) {
        return *duration;
    }
    throw Error(ExitCode::usage, fmt::format("--wait: \"{}\" is not a duration", options.wait),
                "Write it like 90s or 3m.");
}

/// Runs `act` with the world that src/provision acts in; boot progress goes to the console.
template <typename Act>
auto in_world(Context& context, Act const& act)
{
    auto const transport = http::make_curl_transport();
    BootView boot(context.console);
    provision::World const world{context.clock, context.stop, *transport,
                                 [&](auto const& progress) { boot.show(progress); },
                                 [&](auto const& text) { boot.warn(text); }};
    return act(world);
}

std::vector<provision::LocalNode*> nodes_named(provision::LocalCluster& cluster, std::vector<std::string> const& words)
{
    std::vector<provision::LocalNode*> nodes;
    for (auto const& word : words) {
        auto* const node = &provision::find_node(cluster, word);
        if (std::ranges::find(nodes, node) == nodes.end()) {
            nodes.push_back(node);
        }
    }
    return nodes;
}

ExitCode up(Context& context, Options const& options)
{
    auto wanted = options.up;
    wanted.name = options.name;
    wanted.patience = patience(options);
    auto const start = context.clock.now();
    auto const cluster = in_world(context, [&](auto const& world) { return provision::bring_up(wanted, world); });
    context.console.answer(started_view(cluster, context.clock.now() - start, context.format()));
    return ExitCode::ok;
}

ExitCode down(Context& context, Options const& options)
{
    auto const names = options.all ? provision::cluster_names() : std::vector<std::string>{options.name};
    for (auto const& name : names) {
        bool const was_there = in_world(context, [&](auto const& world) { return provision::take_down(name, world); });
        if (was_there) {
            context.console.note(fmt::format("cluster \"{}\" is stopped and removed", name));
        } else if (!options.all) {
            provision::require_manifest(name); // throws what names the clusters there are
        }
    }
    return ExitCode::ok;
}

ExitCode status(Context& context, Options const& options)
{
    auto const cluster = provision::require_manifest(options.name);
    auto const status = in_world(context, [&](auto const& world) { return provision::status_of(cluster, world); });
    context.console.answer(status_view(status, context.format(), context.console));
    return status.whole() ? ExitCode::ok : ExitCode::no;
}

ExitCode list(Context& context)
{
    std::vector<provision::ClusterStatus> clusters;
    for (auto const& name : provision::cluster_names()) {
        if (auto const cluster = provision::load_manifest(name)) {
            clusters.push_back(
                in_world(context, [&](auto const& world) { return provision::status_of(*cluster, world); }));
        } else {
            context.console.warn(fmt::format("cluster \"{}\" was never started; remove what is left of it: "
                                             "rmqha cluster down --name {}",
                                             name, name));
        }
    }
    context.console.answer(list_view(clusters, context.format(), context.console));
    return ExitCode::ok;
}

ExitCode kill(Context& context, Options const& options)
{
    auto cluster = provision::require_manifest(options.name);
    for (auto const* const node : nodes_named(cluster, options.words)) {
        in_world(context, [&](auto const& world) { provision::kill_node(cluster, *node, world); });
        context.console.note(fmt::format("{} is killed", node->name));
    }
    return ExitCode::ok;
}

ExitCode pause(Context& context, Options const& options)
{
    auto cluster = provision::require_manifest(options.name);
    for (auto const* const node : nodes_named(cluster, options.words)) {
        provision::pause_node(cluster, *node);
        context.console.note(fmt::format("{} is paused", node->name));
    }
    return ExitCode::ok;
}

ExitCode resume(Context& context, Options const& options)
{
    auto cluster = provision::require_manifest(options.name);
    for (auto const* const node : nodes_named(cluster, options.words)) {
        provision::resume_node(cluster, *node);
        context.console.note(fmt::format("{} goes on", node->name));
    }
    return ExitCode::ok;
}

ExitCode restart(Context& context, Options const& options)
{
    auto cluster = provision::require_manifest(options.name);
    auto const nodes = nodes_named(cluster, options.words);
    provision::RestartOptions const how{!options.no_wait, patience(options)};
    in_world(context, [&](auto const& world) { provision::restart_nodes(cluster, nodes, how, world); });
    for (auto const* const node : nodes) {
        context.console.note(fmt::format("{} {}", node->name, options.no_wait ? "is starting" : "serves again"));
    }
    return ExitCode::ok;
}

ExitCode ctl(Context& context, Options const& options)
{
    auto cluster = provision::require_manifest(options.name);
    auto words = options.words;
    auto const* node = &cluster.nodes.front();
    if (!words.empty() && !words.front().starts_with("rabbitmq")) {
        node = &provision::find_node(cluster, words.front());
        words.erase(words.begin());
    }
    if (words.empty()) {
        throw Error(ExitCode::usage, "no tool named",
                    "Write it after \"--\": rmqha cluster ctl -- rabbitmqctl cluster_status");
    }
    auto const deadline = context.deadline(std::chrono::minutes(10));
    auto const finished = provision::run_tool(cluster, *node, words, deadline, context.stop);
    context.console.answer(finished.output);
    if (!finished.errors.empty()) {
        context.console.note(fmt::format("{} says:\n{}", words.front(), finished.errors));
    }
    return static_cast<ExitCode>(finished.status); // the tool's own; sysexits.h as ours are
}

using Run = ExitCode (*)(Context&, Options const&);

CLI::App* add(CLI::App& parent, Action& chosen, Shared const& options, std::string const& name, std::string const& help,
              Run run)
{
    auto* const sub = parent.add_subcommand(name, help);
    sub->callback(
        [&chosen, options, run] { chosen = [options, run](Context& context) { return run(context, *options); }; });
    return sub;
}

void add_name(CLI::App& sub, Shared const& options)
{
    sub.add_option("--name", options->name, "The local cluster's name")->type_name("NAME")->capture_default_str();
}

void add_nodes(CLI::App& sub, Shared const& options)
{
    add_name(sub, options);
    sub.add_option("node", options->words, "Nodes: a number, \"rabbit2\" or \"rabbit2@localhost\"")
        ->type_name("NODE")
        ->required();
}

void add_wait(CLI::App& sub, Shared const& options)
{
    sub.add_option("--wait", options->wait, "How long to wait until every node serves")
        ->type_name("DURATION")
        ->capture_default_str();
}

void add_up(CLI::App& app, Action& chosen, Shared const& options)
{
    auto* const sub = add(app, chosen, options, "up", "Start a cluster on this machine", up);
    auto& wanted = options->up;
    add_name(*sub, options);
    sub->add_option("--nodes", wanted.nodes, "How many nodes")
        ->type_name("N")
        ->check(CLI::Range(1, 9))
        ->capture_default_str();
    sub->add_option("--base-port", wanted.base_port, "First of 100 ports to use; found free when not given")
        ->type_name("PORT")
        ->check(CLI::Range(provision::k_lowest_base_port, provision::k_highest_base_port));
    sub->add_option("--plugins", wanted.plugins, "Plugins besides management and prometheus")
        ->type_name("A,B")
        ->delimiter(',');
    sub->add_option("--server", wanted.server.path, "RabbitMQ's versioned folder, or one above it")->type_name("PATH");
    sub->add_option("--chroot", wanted.server.chroot, "Run the server of another Debian in this folder (root only)")
        ->type_name("DIR");
    add_wait(*sub, options);
}

} // namespace

void add_cluster(CLI::App& app, Action& chosen)
{
    auto const options = std::make_shared<Options>();
    auto* const group = app.add_subcommand("cluster", "Start, stop and disturb clusters on this machine");
    group->require_subcommand(1);
    add_up(*group, chosen, options);
    auto* const down_sub = add(*group, chosen, options, "down", "Stop a cluster and remove all of it", down);
    add_name(*down_sub, options);
    down_sub->add_flag("--all", options->all, "Every local cluster of this user")->excludes("--name");
    add_name(*add(*group, chosen, options, "status", "The nodes' processes and ports", status), options);
    add(*group, chosen, options, "list", "All local clusters",
        [](Context& context, Options const&) { return list(context); });
    add_nodes(*add(*group, chosen, options, "kill", "Kill nodes (SIGKILL)", kill), options);
    add_nodes(*add(*group, chosen, options, "pause", "Freeze nodes (SIGSTOP)", pause), options);
    add_nodes(*add(*group, chosen, options, "resume", "Let frozen nodes go on (SIGCONT)", resume), options);
    auto* const restart_sub = add(*group, chosen, options, "restart", "Stop nodes that run, and start them", restart);
    add_nodes(*restart_sub, options);
    add_wait(*restart_sub, options);
    restart_sub->add_flag("--no-wait", options->no_wait, "Do not wait until they serve")->excludes("--wait");
    auto* const ctl_sub = add(*group, chosen, options, "ctl", "Run rabbitmqctl or another of the broker's tools", ctl);
    add_name(*ctl_sub, options);
    ctl_sub->add_option("words", options->words, "The node (default: the first), \"--\", the tool and its arguments")
        ->type_name("[NODE] -- TOOL [ARG]")
        ->required();
}

} // namespace rmqha::cmd
