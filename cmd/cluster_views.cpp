#include "cmd/cluster_views.hpp"

#include "base/units.hpp"
#include "output/json.hpp"
#include "output/table.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <algorithm>

namespace rmqha::cmd {

using nlohmann::ordered_json;
using provision::NodeState;

namespace {

constexpr int k_schema_version = 1;

ordered_json json_of(provision::LocalNode const& node)
{
    ordered_json json{{"name", node.name},
                      {"host", "127.0.0.1"},
                      {"amqp_port", node.ports.amqp},
                      {"management_port", node.ports.management},
                      {"prometheus_port", node.ports.prometheus},
                      {"distribution_port", node.ports.distribution}};
    if (node.ports.amqp_tls != 0) {
        json["amqp_tls_port"] = node.ports.amqp_tls;
        json["management_tls_port"] = node.ports.management_tls;
        json["prometheus_tls_port"] = node.ports.prometheus_tls;
    }
    if (!node.ports.plugins.empty()) {
        json["plugin_ports"] = node.ports.plugins;
    }
    return json;
}

ordered_json json_of(provision::NodeStatus const& status)
{
    auto json = json_of(status.node);
    json["state"] = provision::to_string(status.state);
    json["serves"] = status.serves;
    json["pid"] = status.node.pid != 0 ? ordered_json(status.node.pid) : ordered_json(nullptr);
    json["uptime_ms"] = status.node.pid != 0 ? ordered_json(status.uptime.count()) : ordered_json(nullptr);
    return json;
}

ordered_json json_of(provision::LocalCluster const& cluster)
{
    return {{"name", cluster.name},
            {"tls", cluster.tls},
            {"created", cluster.created},
            {"version", cluster.server.version},
            {"server", cluster.server.home},
            {"chroot", cluster.server.chroot.empty() ? ordered_json(nullptr) : ordered_json(cluster.server.chroot)},
            {"plugins", cluster.plugins},
            {"folder", cluster.folder.string()},
            {"context", (cluster.folder / provision::k_context_file).string()}};
}

/// One word for a whole cluster.
std::string state_of(provision::ClusterStatus const& status)
{
    auto const gone = [](auto const& node) {
        return node.state == NodeState::dead || node.state == NodeState::stopped;
    };
    if (status.whole()) {
        return "running";
    }
    return std::ranges::all_of(status.nodes, gone) ? "stopped" : "degraded";
}

ordered_json json_of(provision::ClusterStatus const& status)
{
    auto json = json_of(status.cluster);
    json["state"] = state_of(status);
    json["nodes"] = ordered_json::array();
    for (auto const& node : status.nodes) {
        json["nodes"].push_back(json_of(node));
    }
    return json;
}

std::string text_of(ordered_json json, output::Format format)
{
    ordered_json versioned{{"schema_version", k_schema_version}};
    versioned.update(json);
    return output::to_text(versioned, format == output::Format::json);
}

output::Style style_of(provision::NodeStatus const& status)
{
    switch (status.state) {
    case NodeState::running:
        return status.serves ? output::Style::good : output::Style::warning;
    case NodeState::paused:
        return output::Style::warning;
    case NodeState::stopped:
    case NodeState::dead:
        return output::Style::bad;
    }
    return output::Style::plain;
}

output::Style style_of(std::string const& cluster_state)
{
    if (cluster_state == "running") {
        return output::Style::good;
    }
    return cluster_state == "stopped" ? output::Style::bad : output::Style::warning;
}

std::string server_of(provision::LocalCluster const& cluster)
{
    return cluster.server.chroot + cluster.server.home;
}

} // namespace

BootView::BootView(output::Console& console) : m_console(console), m_rewrites(::isatty(STDERR_FILENO) == 1) {}

void BootView::show(std::vector<provision::BootProgress> const& progress)
{
    std::string line;
    for (auto const& node : progress) {
        auto const state = provision::to_string(node.state);
        line += fmt::format("{}{} {}", line.empty() ? "" : "  ", node.node, state);
        auto const [shown, first] = m_shown.try_emplace(node.node, node.state);
        if (!m_rewrites && (first ? node.state != provision::BootState::starting : shown->second != node.state)) {
            m_console.note(fmt::format("{} {}", node.node, state));
        }
        shown->second = node.state;
    }
    m_console.progress(line);
}

void BootView::warn(std::string const& text)
{
    m_console.clear_progress();
    m_console.warn(text);
}

std::string started_view(provision::LocalCluster const& cluster, base::Duration took, output::Format format)
{
    if (format != output::Format::table) {
        auto json = json_of(cluster);
        json["took_ms"] = std::chrono::duration_cast<base::milliseconds>(took).count();
        json["nodes"] = ordered_json::array();
        for (auto const& node : cluster.nodes) {
            json["nodes"].push_back(json_of(node));
        }
        return text_of(std::move(json), format);
    }
    auto text = fmt::format("cluster \"{}\": {} {} of RabbitMQ {} {} after {}\n", cluster.name, cluster.nodes.size(),
                            cluster.nodes.size() == 1 ? "node" : "nodes", cluster.server.version,
                            cluster.nodes.size() == 1 ? "serves" : "serve", base::format_duration(took));
    for (auto const& node : cluster.nodes) {
        text += fmt::format("  {}  AMQP 127.0.0.1:{}  management http://127.0.0.1:{}\n", node.name, node.ports.amqp,
                            node.ports.management);
        if (cluster.tls) {
            text += fmt::format("  {:>{}}  AMQPS 127.0.0.1:{}  management https://127.0.0.1:{}\n", "", node.name.size(),
                                node.ports.amqp_tls, node.ports.management_tls);
        }
    }
    if (cluster.tls) {
        text += fmt::format("authority {}, certificate of a client {}\n",
                            (cluster.folder / provision::k_authority_file).string(),
                            (cluster.folder / provision::k_client_certificate_file).string());
    }
    text += fmt::format("user {}, password in {}\n", provision::k_user,
                        (cluster.folder / provision::k_password_file).string());
    return text + fmt::format("use it:  rmqha --context {} connect\nstop it: rmqha cluster down --name {}\n",
                              cluster.name, cluster.name);
}

std::string status_view(provision::ClusterStatus const& status, output::Format format, output::Console const& console)
{
    if (format != output::Format::table) {
        return text_of(json_of(status), format);
    }
    auto const state = state_of(status);
    auto text = fmt::format("cluster \"{}\": {}, RabbitMQ {} ({})\n\n", status.cluster.name,
                            output::styled(state, style_of(state), console.color()), status.cluster.server.version,
                            server_of(status.cluster));
    using output::Align;
    output::Table table({{"NODE"},
                         {"STATE"},
                         {"SERVES"},
                         {"PID", Align::right},
                         {"AMQP", Align::right},
                         {"MANAGEMENT", Align::right},
                         {"PROMETHEUS", Align::right},
                         {"UPTIME", Align::right}});
    for (auto const& one : status.nodes) {
        bool const lives = one.node.pid != 0;
        table.add({one.node.name,
                   {std::string(provision::to_string(one.state)), style_of(one)},
                   one.serves ? "yes" : "no",
                   lives ? std::to_string(one.node.pid) : "-",
                   std::to_string(one.node.ports.amqp),
                   std::to_string(one.node.ports.management),
                   std::to_string(one.node.ports.prometheus),
                   lives ? base::format_duration(one.uptime) : "-"});
    }
    return text + table.render(console.width(), console.color());
}

std::string list_view(std::vector<provision::ClusterStatus> const& clusters, output::Format format,
                      output::Console const& console)
{
    if (format != output::Format::table) {
        auto all = ordered_json::array();
        for (auto const& status : clusters) {
            all.push_back(json_of(status));
        }
        return text_of({{"clusters", all}}, format);
    }
    if (clusters.empty()) {
        return "no local clusters\n";
    }
    using output::Align;
    output::Table table({{"NAME"},
                         {"STATE"},
                         {"NODES", Align::right},
                         {"SERVING", Align::right},
                         {"VERSION"},
                         {"FIRST AMQP PORT", Align::right},
                         {"CREATED"}});
    for (auto const& status : clusters) {
        auto const state = state_of(status);
        auto const serving = std::ranges::count_if(status.nodes, [](auto const& one) { return one.serves; });
        table.add({status.cluster.name,
                   {state, style_of(state)},
                   std::to_string(status.nodes.size()),
                   std::to_string(serving),
                   status.cluster.server.version,
                   std::to_string(status.cluster.nodes.front().ports.amqp),
                   status.cluster.created});
    }
    return table.render(console.width(), console.color());
}

} // namespace rmqha::cmd
