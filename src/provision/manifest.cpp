#include "provision/manifest.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/spelling.hpp"
#include "base/units.hpp"
#include "provision/ports.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <system_error>

namespace rmqha::provision {

namespace fs = std::filesystem;
using base::Error;
using base::ExitCode;

namespace {

constexpr int k_schema_version = 1;
constexpr char const* k_manifest_file = "manifest.json";

nlohmann::ordered_json json_of(LocalNode const& node)
{
    nlohmann::ordered_json json{{"number", node.number},
                                {"name", node.name},
                                {"pid", node.pid},
                                {"amqp_port", node.ports.amqp},
                                {"management_port", node.ports.management},
                                {"prometheus_port", node.ports.prometheus},
                                {"distribution_port", node.ports.distribution},
                                {"plugin_ports", node.ports.plugins}};
    if (node.ports.amqp_tls != 0) {
        json["amqp_tls_port"] = node.ports.amqp_tls;
        json["management_tls_port"] = node.ports.management_tls;
        json["prometheus_tls_port"] = node.ports.prometheus_tls;
    }
    return json;
}

std::string hint_of(fs::path const& folder)
{
    return fmt::format("Stop what may still run from {} and delete that folder.", folder.string());
}

} // namespace

fs::path clusters_home()
{
    return base::state_home() / "clusters";
}

void check_cluster_name(std::string const& name)
{
    auto const letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    auto const allowed = [&](char c) { return letter(c) || c == '-' || c == '_' || c == '.'; };
    if (name.empty() || name.size() > 40 || !letter(name.front()) || !std::ranges::all_of(name, allowed)) {
        throw Error(ExitCode::usage, fmt::format("\"{}\" cannot name a cluster", name),
                    "Use up to 40 lower-case letters, digits, \"-\", \"_\" and \".\", the first a letter or digit.");
    }
}

std::string manifest_text(LocalCluster const& cluster)
{
    auto nodes = nlohmann::ordered_json::array();
    for (auto const& node : cluster.nodes) {
        nodes.push_back(json_of(node));
    }
    nlohmann::ordered_json const json{
        {"schema_version", k_schema_version},
        {"name", cluster.name},
        {"id", cluster.id},
        {"created", cluster.created},
        {"server",
         {{"home", cluster.server.home}, {"version", cluster.server.version}, {"chroot", cluster.server.chroot}}},
        {"plugins", cluster.plugins},
        {"tls", cluster.tls},
        {"base_port", cluster.base_port},
        {"epmd_port", epmd_port(cluster.base_port)},
        {"epmd_pid", cluster.epmd_pid},
        {"nodes", nodes},
    };
    return json.dump(2) + "\n";
}

LocalCluster parse_manifest(std::string const& text, fs::path const& folder)
{
    auto const file = (folder / k_manifest_file).string();
    try {
        auto const json = nlohmann::json::parse(text);
        if (auto const version = json.at("schema_version").get<int>(); version != k_schema_version) {
            throw Error(ExitCode::config, fmt::format("{}: made by another release (schema {})", file, version),
                        "Use that release of rmqha to take the cluster down.");
        }
        auto const& server = json.at("server");
        LocalCluster cluster{json.at("name"),
                             json.at("id"),
                             folder,
                             json.at("created"),
                             {server.at("home"), server.at("version"), server.at("chroot")},
                             json.at("plugins"),
                             json.at("base_port"),
                             json.at("epmd_pid"),
                             {},
                             json.value("tls", false)};
        for (auto const& node : json.at("nodes")) {
            int const number = node.at("number");
            cluster.nodes.push_back(
                {number, node.at("name"), node_ports(cluster.base_port, number, cluster.plugins), node.at("pid")});
            if (cluster.tls) {
                add_tls_ports(cluster.nodes.back().ports, cluster.base_port, number);
            }
        }
        return cluster;
    } catch (nlohmann::json::exception const& problem) {
        throw Error(ExitCode::config, fmt::format("{}: not a manifest: {}", file, problem.what()), hint_of(folder));
    }
}

void save_manifest(LocalCluster const& cluster)
{
    if (!fs::exists(cluster.folder)) { // writing would bring back the folder that `down` has just removed
        throw Error(ExitCode::unavailable, fmt::format("cluster \"{}\" was removed meanwhile", cluster.name));
    }
    base::write_file(cluster.folder / k_manifest_file, manifest_text(cluster));
}

std::optional<LocalCluster> load_manifest(std::string const& name)
{
    auto const folder = clusters_home() / name;
    auto const text = base::read_file(folder / k_manifest_file);
    return text ? std::optional(parse_manifest(*text, folder)) : std::nullopt;
}

LocalCluster require_manifest(std::string const& name)
{
    check_cluster_name(name);
    if (auto cluster = load_manifest(name)) {
        return *cluster;
    }
    auto const known = cluster_names();
    if (std::ranges::find(known, name) != known.end()) {
        throw Error(ExitCode::unavailable, fmt::format("cluster \"{}\" was never started", name),
                    fmt::format("Remove what is left of it: rmqha cluster down --name {}", name));
    }
    auto const start = name == "local" ? std::string("rmqha cluster up") : "rmqha cluster up --name " + name;
    throw Error(ExitCode::usage, fmt::format("no local cluster is called \"{}\"", name),
                known.empty() ? fmt::format("Start it: {}", start)
                              : fmt::format("The local clusters are: {}.{}", fmt::join(known, ", "),
                                            base::did_you_mean(name, known)));
}

std::vector<std::string> cluster_names()
{
    std::vector<std::string> names;
    std::error_code missing;
    for (fs::directory_iterator it(clusters_home(), missing), end; !missing && it != end; it.increment(missing)) {
        auto const name = it->path().filename().string();
        if (!name.starts_with('.') && it->is_directory(missing)) {
            names.push_back(name);
        }
    }
    std::ranges::sort(names);
    return names;
}

LocalNode& find_node(LocalCluster& cluster, std::string const& text)
{
    std::vector<std::string> known;
    for (auto& node : cluster.nodes) {
        auto const shorter = node.name.substr(0, node.name.find('@'));
        if (text == node.name || text == shorter || text == std::to_string(node.number)) {
            return node;
        }
        known.insert(known.end(), {shorter, node.name});
    }
    throw Error(
        ExitCode::usage, fmt::format("cluster \"{}\" has no node \"{}\"", cluster.name, text),
        fmt::format("Its nodes are rabbit1 to rabbit{}.{}", cluster.nodes.size(), base::did_you_mean(text, known)));
}

} // namespace rmqha::provision
