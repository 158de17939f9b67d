#include "provision/plan.hpp"

#include "provision/ports.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

namespace rmqha::provision {

namespace {

// Inside a chroot the cluster's folder is mounted here: every Debian system has the folder, and nothing is in it.
constexpr char const* k_inner_folder = "/mnt";
constexpr char const* k_inner_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// $1 is the root, $2 the cluster's folder, the rest the command. It runs in a mount namespace of its own, which the
// kernel takes down with the last process in it: nothing is left mounted, however the process ends.
constexpr char const* k_enter_chroot = R"(set -e
root=$1 folder=$2
shift 2
mount --rbind /proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --bind "$folder" "$root/mnt"
[ -e "$root/etc/hosts" ] || cp /etc/hosts "$root/etc/hosts"
exec chroot "$root" "$@")";

/// The cluster's folder as its own processes see it.
std::string inner_folder(LocalCluster const& cluster)
{
    return cluster.server.chroot.empty() ? cluster.folder.string() : k_inner_folder;
}

std::vector<std::string> shared_environment(LocalCluster const& cluster, std::string const& path)
{
    return {
        fmt::format("{}={}", k_cluster_mark, cluster.id),
        fmt::format("PATH={}", cluster.server.chroot.empty() ? path : k_inner_path),
        fmt::format("HOME={}", inner_folder(cluster)), // Erlang looks here for .erlang.cookie
        "LANG=C.UTF-8",
        "LC_ALL=C.UTF-8",
        fmt::format("ERL_EPMD_PORT={}", epmd_port(cluster.base_port)),
        "ERL_EPMD_ADDRESS=127.0.0.1",
        "RABBITMQ_CONF_ENV_FILE=/dev/null", // else the system's own settings are read
    };
}

std::vector<std::string> node_environment(LocalCluster const& cluster, LocalNode const& node, std::string const& path)
{
    auto const folder = inner_folder(cluster);
    auto variables = shared_environment(cluster, path);
    for (auto&& variable : {
             fmt::format("RABBITMQ_NODENAME={}", node.name),
             fmt::format("RABBITMQ_DIST_PORT={}", node.ports.distribution),
             fmt::format("RABBITMQ_CONFIG_FILE={}/rabbit{}.conf", folder, node.number),
             fmt::format("RABBITMQ_ENABLED_PLUGINS_FILE={}/enabled_plugins", folder),
             fmt::format("RABBITMQ_MNESIA_BASE={}/data", folder),
             fmt::format("RABBITMQ_LOG_BASE={}/log", folder),
             fmt::format("RABBITMQ_PID_FILE={}/data/{}.pid", folder, node.name),
         }) {
        variables.push_back(variable);
    }
    return variables;
}

base::Command command(LocalCluster const& cluster, std::vector<std::string> const& environment,
                      std::vector<std::string> const& argv)
{
    base::Command result;
    if (!cluster.server.chroot.empty()) {
        result.argv = {"unshare",
                       "--mount",
                       "--propagation",
                       "private",
                       "--",
                       "sh",
                       "-c",
                       k_enter_chroot,
                       "sh",
                       cluster.server.chroot,
                       cluster.folder.string()};
    }
    result.argv.insert(result.argv.end(), {"env", "-i"});
    result.argv.insert(result.argv.end(), environment.begin(), environment.end());
    result.argv.insert(result.argv.end(), argv.begin(), argv.end());
    for (auto const& variable : environment) {
        // The helpers before `env` must be recognisable as well, should we be killed while they run.
        if (variable.starts_with(k_cluster_mark) || variable.starts_with(k_node_mark)) {
            result.environment.push_back(variable);
        }
    }
    return result;
}

/// A client needs no certificate, but one it shows must be good; EXTERNAL logs in the user its common name tells.
std::string tls_settings(LocalCluster const& cluster, LocalNode const& node)
{
    std::string text;
    auto const set = [&](std::string const& key, auto const& value) { text += fmt::format("{} = {}\n", key, value); };
    auto const set_files = [&](std::string const& prefix) {
        set(prefix + ".cacertfile", inner_folder(cluster) + "/" + k_authority_file);
        set(prefix + ".certfile", inner_folder(cluster) + "/" + k_node_certificate_file);
        set(prefix + ".keyfile", inner_folder(cluster) + "/" + k_node_key_file);
    };
    set("listeners.ssl.1", fmt::format("127.0.0.1:{}", node.ports.amqp_tls));
    set_files("ssl_options");
    set("ssl_options.verify", "verify_peer");
    set("ssl_options.fail_if_no_peer_cert", "false");
    set("ssl_cert_login_from", "common_name");
    set("auth_mechanisms.1", "PLAIN");
    set("auth_mechanisms.2", "AMQPLAIN");
    set("auth_mechanisms.3", "EXTERNAL");
    set("management.ssl.ip", "127.0.0.1");
    set("management.ssl.port", node.ports.management_tls);
    set_files("management.ssl");
    set("prometheus.ssl.ip", "127.0.0.1");
    set("prometheus.ssl.port", node.ports.prometheus_tls);
    set_files("prometheus.ssl");
    return text;
}

std::string settings_file(LocalCluster const& cluster, LocalNode const& node, Secrets const& secrets)
{
    std::string text;
    auto const set = [&](std::string const& key, auto const& value) { text += fmt::format("{} = {}\n", key, value); };
    set("listeners.tcp.1", fmt::format("127.0.0.1:{}", node.ports.amqp));
    set("management.tcp.ip", "127.0.0.1");
    set("management.tcp.port", node.ports.management);
    set("prometheus.tcp.ip", "127.0.0.1");
    set("prometheus.tcp.port", node.ports.prometheus);
    for (auto const& listener : plugin_listeners()) {
        auto const port = node.ports.plugins.find(listener.plugin);
        if (port == node.ports.plugins.end()) {
            continue;
        }
        if (listener.port_key.empty()) {
            set(listener.address_key, fmt::format("127.0.0.1:{}", port->second));
        } else {
            set(listener.address_key, "127.0.0.1");
            set(listener.port_key, port->second);
        }
    }
    if (cluster.tls) {
        text += tls_settings(cluster, node);
    }
    set("cluster_name", cluster.name);
    set("cluster_formation.peer_discovery_backend", "classic_config");
    for (auto const& peer : cluster.nodes) {
        set(fmt::format("cluster_formation.classic_config.nodes.{}", peer.number), peer.name);
    }
    if (needs_first_node_alone(cluster.server)) {
        set("cluster_formation.randomized_startup_delay_range.min", 0);
        set("cluster_formation.randomized_startup_delay_range.max", 1);
    }
    set("default_user", k_user);
    set("default_pass", secrets.password);
    set("default_user_tags.administrator", "true");
    set("default_permissions.configure", ".*");
    set("default_permissions.read", ".*");
    set("default_permissions.write", ".*");
    set("collect_statistics_interval", 2000); // milliseconds; the default of 5000 makes every look at it an old one
    return text;
}

} // namespace

std::vector<std::string> plugins_with(std::vector<std::string> const& wanted)
{
    static std::map<std::string, std::string> const brings{{"rabbitmq_web_mqtt", "rabbitmq_mqtt"},
                                                           {"rabbitmq_web_stomp", "rabbitmq_stomp"},
                                                           {"rabbitmq_stream_management", "rabbitmq_stream"}};
    std::vector<std::string> plugins{"rabbitmq_management", "rabbitmq_prometheus"};
    auto const add = [&](std::string const& plugin) {
        if (std::ranges::find(plugins, plugin) == plugins.end()) {
            plugins.push_back(plugin);
        }
    };
    for (auto const& plugin : wanted) {
        add(plugin);
        if (auto const other = brings.find(plugin); other != brings.end()) {
            add(other->second);
        }
    }
    return plugins;
}

bool needs_first_node_alone(Server const& server)
{
    return server.version.starts_with("3.8.");
}

std::vector<LocalNode> nodes_of(int count, std::uint16_t base_port, std::vector<std::string> const& plugins)
{
    std::vector<LocalNode> nodes;
    for (int number = 1; number <= count; ++number) {
        nodes.push_back({number, fmt::format("rabbit{}@localhost", number), node_ports(base_port, number, plugins), 0});
    }
    return nodes;
}

std::vector<PlannedFile> files_of(LocalCluster const& cluster, Secrets const& secrets, std::string const& more_settings)
{
    std::vector<PlannedFile> files{
        {".erlang.cookie", secrets.cookie, 0400},
        {k_password_file, secrets.password + "\n", 0600},
        {"enabled_plugins", fmt::format("[{}].\n", fmt::join(cluster.plugins, ",")), 0600},
    };
    for (auto const& node : cluster.nodes) {
        files.push_back(
            {fmt::format("rabbit{}.conf", node.number), settings_file(cluster, node, secrets) + more_settings, 0600});
    }
    return files;
}

std::vector<base::Command> certificate_commands(LocalCluster const& cluster)
{
    using Words = std::vector<std::string>;
    auto const make = [&](std::string const& name, std::string const& key, std::string const& certificate,
                          Words const& more) {
        // Without a configuration file: the system's would add extensions of its own.
        base::Command command{.argv = {"openssl", "req", "-config", "/dev/null", "-x509", "-newkey", "ec", "-pkeyopt",
                                       "ec_paramgen_curve:P-256", "-nodes", "-days", "3650", "-subj", "/CN=" + name,
                                       "-keyout", key, "-out", certificate},
                              .environment = {},
                              .input = {},
                              .folder = cluster.folder.string()};
        command.argv.insert(command.argv.end(), more.begin(), more.end());
        return command;
    };
    Words signed_by{
        "-CA", k_authority_file, "-CAkey", k_authority_key_file, "-addext", "basicConstraints=critical,CA:FALSE"};
    auto for_node = signed_by;
    for_node.insert(for_node.end(), {"-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"});
    auto for_client = signed_by;
    for_client.insert(for_client.end(), {"-addext", "extendedKeyUsage=clientAuth"});
    return {make("authority of cluster " + cluster.name, k_authority_key_file, k_authority_file,
                 {"-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"}),
            make("localhost", k_node_key_file, k_node_certificate_file, for_node),
            make(k_user, k_client_key_file, k_client_certificate_file, for_client)};
}

PlannedFile context_of(LocalCluster const& cluster)
{
    auto text =
        fmt::format("user = \"{}\"\npassword_file = '{}'\n", k_user, (cluster.folder / k_password_file).string());
    if (cluster.tls) {
        text += fmt::format("tls = true\ncacert = '{}'\n", (cluster.folder / k_authority_file).string());
    }
    for (auto const& node : cluster.nodes) {
        auto const& ports = node.ports;
        text += fmt::format("\n[[nodes]]\nhost = \"127.0.0.1\"\nport = {}\nmanagement_port = {}\nprometheus_port = {}\n"
                            "name = \"{}\"\n",
                            cluster.tls ? ports.amqp_tls : ports.amqp,
                            cluster.tls ? ports.management_tls : ports.management,
                            cluster.tls ? ports.prometheus_tls : ports.prometheus, node.name);
    }
    return {k_context_file, text, 0600};
}

base::Command epmd_command(LocalCluster const& cluster, std::string const& path)
{
    return command(cluster, shared_environment(cluster, path),
                   {"epmd", "-port", std::to_string(epmd_port(cluster.base_port))});
}

base::Command node_command(LocalCluster const& cluster, LocalNode const& node, std::string const& path)
{
    auto variables = node_environment(cluster, node, path);
    variables.push_back(fmt::format("{}={}", k_node_mark, node.name));
    // Without a guarding shell: the process started is the Erlang machine itself.
    variables.emplace_back("RUNNING_UNDER_SYSTEMD=true");
    // Two schedulers are enough for a trial; the port mapper is started by us, and must not become a child of a node;
    // other machines have no business with the distribution port.
    variables.emplace_back("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=+S 2:2 -start_epmd false "
                           "-kernel inet_dist_use_interface {127,0,0,1}");
    return command(cluster, variables, {cluster.server.home + "/sbin/rabbitmq-server"});
}

base::Command tool_command(LocalCluster const& cluster, LocalNode const& node, std::span<std::string const> argv,
                           std::string const& path)
{
    std::vector<std::string> words(argv.begin(), argv.end());
    words.at(0) = cluster.server.home + "/sbin/" + words[0];
    return command(cluster, node_environment(cluster, node, path), words);
}

std::string output_file_of(LocalNode const& node)
{
    return fmt::format("log/rabbit{}.out", node.number);
}

std::string log_file_of(LocalNode const& node)
{
    return fmt::format("log/{}.log", node.name);
}

} // namespace rmqha::provision
