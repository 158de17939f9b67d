#include "cmd/cluster_views.hpp"
#include "cmd/command.hpp"
#include "cmd/options.hpp"

#include "base/file.hpp"
#include "base/process.hpp"
#include "http/transport.hpp"
#include "provision/local.hpp"
#include "provision/manifest.hpp"
#include "provision/ports.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace rmqha::cmd {

using base::Error;
using base::ExitCode;

namespace {

struct Options {
    provision::UpOptions up;
    std::string name = "local";
    base::milliseconds wait = std::chrono::minutes(3);
    std::string conf; ///< file
    bool no_wait = false;
    bool all = false;
    std::string node;               ///< of ctl; also the tool, when no node is named
    std::vector<std::string> words; ///< nodes, or a tool's command line
};
using Shared = std::shared_ptr<Options>;

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

/// Text for rabbitmq.conf: whether its keys and values are right is for the broker to say.
std::string read_settings(std::string const& path)
{
    auto const text = base::read_file(path);
    if (!text) {
        throw Error(ExitCode::config, fmt::format("cannot read {}: no such file", path),
                    "--conf takes a file with lines as in rabbitmq.conf.");
    }
    if (text->find('\0') != std::string::npos) {
        throw Error(ExitCode::data, fmt::format("cannot use {}: it is not a text file", path),
                    "--conf takes a file with lines as in rabbitmq.conf.");
    }
    return *text + (text->ends_with('\n') ? "" : "\n");
}

ExitCode up(Context& context, Options const& options)
{
    auto wanted = options.up;
    wanted.name = options.name;
    wanted.patience = options.wait;
    if (!options.conf.empty()) {
        wanted.more_settings = read_settings(options.conf);
    }
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

ExitCode list(Context& context, Options const& /*none*/)
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
        in_world(context, [&](auto const& world) { provision::pause_node(cluster, *node, world); });
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
    provision::RestartOptions const how{!options.no_wait, options.wait};
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
    if (options.node.starts_with("rabbitmq")) {
        words.insert(words.begin(), options.node);
    } else {
        node = &provision::find_node(cluster, options.node);
    }
    if (words.empty()) {
        throw Error(ExitCode::usage, "no tool named",
                    "Write it after \"--\": rmqha cluster ctl 2 -- rabbitmqctl cluster_status");
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

/// Where a subcommand goes: its group, the action it chooses, and the options all of them share.
struct Group {
    CLI::App& app;
    Action& chosen;
    std::shared_ptr<Options> options;

    CLI::App& add(std::string const& name, std::string const& help, Run run) const
    {
        auto* const sub = app.add_subcommand(name, help);
        sub->callback([&to = chosen, shared = options, run] {
            to = [shared, run](Context& context) { return run(context, *shared); };
        });
        return *sub;
    }

    void add_name(CLI::App& sub) const
    {
        sub.add_option("--name", options->name, "Which local cluster (default local)")->type_name("NAME");
    }

    void add_wait(CLI::App& sub) const
    {
        add_duration(sub, "--wait", options->wait, "How long to wait until every node serves (default 3m)");
    }
};

void add_up(Group const& group)
{
    auto& sub = group.add("up", "Start a real cluster on this machine", up);
    auto& wanted = group.options->up;
    group.add_name(sub);
    add_number(sub, "--nodes", wanted.nodes, {.low = 1, .high = 9}, "How many nodes, 1 to 9 (default 3)");
    add_number(sub, "--base-port", wanted.base_port,
               {.low = provision::k_lowest_base_port, .high = provision::k_highest_base_port},
               "First of 120 ports to take the cluster's from (default: found free)");
    sub.add_option("--plugins", wanted.plugins, "Plugins besides rabbitmq_management and rabbitmq_prometheus")
        ->type_name("A,B")
        ->delimiter(',');
    sub.add_flag(
        "--tls", wanted.tls,
        "TLS listeners too, with certificates of a private authority; the cluster's context connects to these");
    sub.add_option("--conf", group.options->conf, "Lines for the end of every node's rabbitmq.conf")->type_name("FILE");
    sub.add_option("--server", wanted.server.path,
                   "RabbitMQ's versioned folder, or one above it (default: the installed one)")
        ->type_name("PATH");
    sub.add_option("--chroot", wanted.server.chroot,
                   "Run the server of another Debian system in this folder; needs root")
        ->type_name("DIR");
    group.add_wait(sub);
    set_examples(sub, {{"rmqha cluster up", "three nodes, ready for rmqha connect"},
                       {"rmqha cluster up --name five --nodes 5 --plugins rabbitmq_stream", "five nodes with streams"},
                       {"rmqha cluster up --name secure --nodes 1 --tls", "one node, for trying AMQPS and HTTPS"}});
}

void add_down(Group const& group)
{
    auto& sub = group.add("down", "Stop a local cluster and remove all of it", down);
    group.add_name(sub);
    sub.add_flag("--all", group.options->all, "Every local cluster of this user")->excludes("--name");
}

void add_on_nodes(Group const& group, std::string const& name, std::string const& help, Run run)
{
    auto& sub = group.add(name, help, run);
    group.add_name(sub);
    sub.add_option("node", group.options->words, "A node: 2, rabbit2 or rabbit2@localhost; several are possible")
        ->type_name("NODE")
        ->required();
    if (run == restart) {
        group.add_wait(sub);
        sub.add_flag("--no-wait", group.options->no_wait, "Do not wait until they serve")->excludes("--wait");
    }
}

void add_ctl(Group const& group)
{
    auto& sub = group.add("ctl", "Run rabbitmqctl or another of the broker's tools against a node", ctl);
    group.add_name(sub);
    // Two arguments, because CLI11 leaves the subcommand at "--" once its only argument has a value.
    sub.add_option("node", group.options->node, "The node: 2, rabbit2 or rabbit2@localhost (default: the first)")
        ->type_name("[NODE]")
        ->required();
    sub.add_option("tool", group.options->words, "After \"--\": the tool and its arguments")->type_name("TOOL");
    set_examples(sub, {{"rmqha cluster ctl -- rabbitmqctl cluster_status", "the first node's view of the cluster"},
                       {"rmqha cluster ctl 2 -- rabbitmqctl stop_app", "RabbitMQ stops on rabbit2, Erlang stays up"}});
}

} // namespace

void add_cluster(CLI::App& app, Action& chosen)
{
    auto* const cluster = app.add_subcommand("cluster", "Start, watch and disturb clusters on this machine");
    cluster->require_subcommand(1);
    Group const group{*cluster, chosen, std::make_shared<Options>()};
    add_up(group);
    add_down(group);
    group.add_name(group.add("status", "Processes and ports of a local cluster's nodes", status));
    group.add("list", "All local clusters of this user", list);
    add_on_nodes(group, "kill", "Kill nodes (SIGKILL)", kill);
    add_on_nodes(group, "pause", "Freeze nodes (SIGSTOP): their ports stay open, nothing answers", pause);
    add_on_nodes(group, "resume", "Let frozen nodes go on (SIGCONT)", resume);
    add_on_nodes(group, "restart", "Stop nodes that run, in order, and start them", restart);
    add_ctl(group);
}

} // namespace rmqha::cmd
