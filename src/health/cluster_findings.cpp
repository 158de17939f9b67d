#include "health/findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace rmqha::health {
namespace {

std::string joined(std::set<std::string> const& names)
{
    return names.empty() ? "nobody" : fmt::format("{}", fmt::join(names, ", "));
}

/// Nodes that answered the same way must believe the same. Views over management and over metrics mean different
/// things (RabbitMQ runs; Erlang is connected), so only views of one kind are compared.
void add_disagreement(Snapshot const& snapshot, std::vector<Finding>& out)
{
    for (std::string const source : {"management", "metrics"}) {
        std::map<std::set<std::string>, std::set<std::string>> believers;
        for (Node const& node : snapshot.nodes) {
            if (node.view && node.view->source == source) {
                believers[node.view->running].insert(node.label());
            }
        }
        if (believers.size() > 1) {
            std::vector<std::string> parts;
            for (auto const& [running, who] : believers) {
                parts.push_back(fmt::format("{} sees {}", joined(who), joined(running)));
            }
            out.push_back(
                {"VIEWS-DISAGREE", Severity::critical, "cluster",
                 fmt::format("nodes differ on who is running: {}", fmt::join(parts, "; ")),
                 "check the network between these nodes; rabbitmqctl -n NODE cluster_status tells each one's view",
                 "partition"});
        }
    }
    std::map<std::string, std::set<std::string>> names;
    std::map<std::string, std::set<std::string>> ids;
    for (Node const& node : snapshot.nodes) {
        if (!node.cluster_name.empty()) {
            names[node.cluster_name].insert(node.label());
        }
        if (!node.cluster_id.empty()) {
            ids[node.cluster_id].insert(node.label());
        }
    }
    auto const& different = names.size() > 1 ? names : ids;
    if (different.size() > 1) {
        std::vector<std::string> parts;
        for (auto const& [name, who] : different) {
            parts.push_back(fmt::format("{} belongs to \"{}\"", joined(who), name));
        }
        out.push_back({"VIEWS-DISAGREE", Severity::critical, "cluster",
                       fmt::format("nodes of different clusters: {}", fmt::join(parts, "; ")),
                       "leave out what is not of this cluster, or join it with rabbitmqctl join_cluster",
                       "different clusters"});
    }
}

void add_mixed_versions(Snapshot const& snapshot, std::vector<Finding>& out)
{
    std::map<std::string, std::set<std::string>> versions;
    for (Node const& node : snapshot.nodes) {
        if (!node.version.empty()) {
            versions[node.version].insert(node.label());
        }
    }
    if (versions.size() > 1) {
        std::vector<std::string> parts;
        for (auto const& [version, who] : versions) {
            parts.push_back(fmt::format("{} on {}", version, joined(who)));
        }
        out.push_back({"VERSIONS-MIXED", Severity::warning, "cluster",
                       fmt::format("nodes run different versions: {}", fmt::join(parts, "; ")),
                       "finish the upgrade; features stay off until all nodes have the newer version", "versions"});
    }
}

/// Features that the running version has for good and that somebody must still switch on. A flag may be told by one
/// node and not by another; versions that differ are a finding of their own, and keep flags off by themselves.
void add_disabled_flags(Snapshot const& snapshot, std::vector<Finding>& out)
{
    if (!snapshot.disabled_flags || snapshot.disabled_flags->empty()) {
        return;
    }
    constexpr std::size_t k_most_named = 5;
    auto const& flags = *snapshot.disabled_flags;
    std::vector<std::string> const named(
        flags.begin(), flags.begin() + static_cast<std::ptrdiff_t>(std::min(flags.size(), k_most_named)));
    auto const more = flags.size() - named.size();
    out.push_back(
        {"FEATURE-FLAGS-OFF", Severity::warning, "cluster",
         fmt::format("{} stable feature flag{} disabled: {}{}", flags.size(), flags.size() == 1 ? " is" : "s are",
                     fmt::join(named, ", "), more > 0 ? fmt::format(" and {} more", more) : std::string()),
         "rabbitmqctl enable_feature_flag all, when all nodes run the version that is to stay; the next upgrade needs "
         "them",
         "versions"});
}

} // namespace

void add_cluster_findings(Snapshot const& snapshot, std::vector<Finding>& findings)
{
    add_disagreement(snapshot, findings);
    add_mixed_versions(snapshot, findings);
    add_disabled_flags(snapshot, findings);
}

} // namespace rmqha::health
