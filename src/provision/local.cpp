#include "provision/local.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/process.hpp"
#include "base/random.hpp"
#include "base/stop.hpp"
#include "base/units.hpp"
#include "provision/boot.hpp"
#include "provision/manifest.hpp"
#include "provision/plan.hpp"
#include "provision/ports.hpp"
#include "provision/processes.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <system_error>

namespace rmqha::provision {

namespace fs = std::filesystem;
using base::Error;
using base::ExitCode;
using namespace std::chrono_literals;

namespace {

constexpr char const* k_external_plugin = "rabbitmq_auth_mechanism_ssl"; // logins by client certificate

/// Ports that the user's other clusters have, also while their nodes are down.
std::set<std::uint16_t> reserved_ports()
{
    std::set<std::uint16_t> reserved;
    for (auto const& name : cluster_names()) {
        if (auto const other = load_manifest(name)) {
            for (int offset = 0; offset < k_port_block; ++offset) {
                reserved.insert(static_cast<std::uint16_t>(other->base_port + offset));
            }
        }
    }
    return reserved;
}

void refuse_existing(std::string const& name)
{
    auto const down = "rmqha cluster down --name " + name;
    auto const existing = load_manifest(name);
    if (existing && !processes_of(existing->id).empty()) {
        throw Error(
            ExitCode::unavailable, fmt::format("cluster \"{}\" is already there", name),
            fmt::format("Look at it with \"rmqha cluster status --name {}\", stop it with \"{}\", or choose another "
                        "--name.",
                        name, down));
    }
    throw Error(ExitCode::unavailable,
                fmt::format("cluster \"{}\" is there, but stopped: its processes are gone", name),
                fmt::format("Remove what is left of it: {}", down));
}

/// Creates the folder, which claims the name, and the manifest, so that take_down finds whatever is started from now
/// on.
LocalCluster claim(UpOptions const& options, Server const& server, base::Clock const& clock)
{
    LocalCluster cluster;
    cluster.name = options.name;
    cluster.id = base::random_word(20);
    cluster.folder = clusters_home() / options.name;
    cluster.created = base::format_time(clock.wall());
    cluster.server = server;
    auto plugins = options.plugins;
    if (options.tls) {
        plugins.emplace_back(k_external_plugin);
    }
    cluster.plugins = plugins_with(plugins);
    cluster.tls = options.tls;
    base::FileLock const lock(clusters_home() / ".lock"); // no two clusters may choose the same ports
    if (fs::exists(cluster.folder)) {
        refuse_existing(options.name);
    }
    auto const reserved = reserved_ports();
    auto const is_free = [&](std::uint16_t port) { return !reserved.contains(port) && port_is_free(port); };
    if (options.base_port != 0) {
        check_base_port(options.base_port, is_free);
    }
    cluster.base_port = options.base_port != 0 ? options.base_port : find_base_port(cluster.folder.string(), is_free);
    cluster.nodes = nodes_of(options.nodes, cluster.base_port, cluster.plugins);
    if (cluster.tls) {
        for (auto& node : cluster.nodes) {
            add_tls_ports(node.ports, cluster.base_port, node.number);
        }
    }
    if (::mkdir(cluster.folder.c_str(), 0700) != 0) {
        base::fail(ExitCode::unavailable, "cannot create folder {}: {}", cluster.folder.string(),
                   std::generic_category().message(errno));
    }
    save_manifest(cluster);
    return cluster;
}

void make_certificates(LocalCluster const& cluster, World const& world)
{
    fs::create_directory(cluster.folder / "tls");
    for (auto const& command : certificate_commands(cluster)) {
        base::Finished finished;
        try {
            finished = base::run(command, world.clock.now() + 30s, world.stop);
        } catch (Error const& error) {
            throw Error(error.code(), fmt::format("cannot make certificates: {}", error.what()),
                        "Check that the openssl command is installed (apt-get install openssl).");
        }
        if (finished.status != 0) {
            auto const said = last_lines(finished.errors, 1);
            throw Error(ExitCode::unavailable,
                        fmt::format("cannot make certificates: openssl ended with status {}{}", finished.status,
                                    said.empty() ? "" : ": " + said.front()),
                        "OpenSSL 3.0 or later is needed.");
        }
    }
}

void write_files(LocalCluster const& cluster, std::string const& more_settings)
{
    for (auto const* const folder : {"data", "log"}) {
        fs::create_directory(cluster.folder / folder);
    }
    for (auto const& file : files_of(cluster, {base::random_word(32), base::random_word(32)}, more_settings)) {
        base::write_file(cluster.folder / file.path, file.content, file.mode);
    }
}

void remove_folder(fs::path const& folder)
{
    // Somebody else may be removing it too (an interrupted `cluster up` and `cluster down`): what vanishes under our
    // hands is no failure, it only asks for another look.
    std::error_code problem;
    for (int attempt = 0; attempt < 10 && fs::exists(folder); ++attempt) {
        fs::remove_all(folder, problem);
    }
    if (fs::exists(folder)) {
        base::fail(ExitCode::unavailable, "cannot remove {}: {}", folder.string(), problem.message());
    }
}

/// Without any patience: what failed or was interrupted has nothing worth an orderly end. Not to be interrupted itself.
void undo(LocalCluster const& cluster, base::Clock& clock)
{
    base::Stop const never;
    stop_processes(cluster.id, {}, clock, never);
    remove_folder(cluster.folder);
}

} // namespace

LocalCluster bring_up(UpOptions const& options, World const& world)
{
    check_cluster_name(options.name);
    auto const server = find_server(options.server);
    check_plugins(server, options.plugins);
    auto cluster = claim(options, server, world.clock);
    try {
        write_files(cluster, options.more_settings);
        if (cluster.tls) {
            make_certificates(cluster, world);
        }
        start_epmd(cluster, world);
        auto const deadline = world.clock.now() + options.patience;
        for (auto& node : cluster.nodes) {
            start_node(cluster, node);
            if (node.number == 1 && needs_first_node_alone(server)) {
                await_nodes(cluster, {node}, deadline, world);
            }
        }
        await_nodes(cluster, cluster.nodes, deadline, world);
        auto const context = context_of(cluster);
        base::write_file(cluster.folder / context.path, context.content, context.mode);
    } catch (...) {
        undo(cluster, world.clock);
        throw;
    }
    return cluster;
}

bool take_down(std::string const& name, World const& world)
{
    check_cluster_name(name);
    auto const folder = clusters_home() / name;
    if (!fs::exists(folder)) {
        return false;
    }
    auto const cluster = load_manifest(name);
    if (!cluster) { // the manifest comes before the first process
        remove_folder(folder);
        return true;
    }
    constexpr auto k_patience = 10s;
    stop_processes(cluster->id, {std::nullopt, k_patience}, world.clock, world.stop);
    remove_folder(folder);
    // `cluster up` may have been at work beside us, and have started another node just before its folder went.
    stop_processes(cluster->id, {}, world.clock, world.stop);
    return true;
}

} // namespace rmqha::provision
