#pragma once

#include "provision/local_cluster.hpp"

#include <optional>

namespace rmqha::provision {

/// Where local clusters are kept: one folder each, named like the cluster.
std::filesystem::path clusters_home();

/// Throws Error(usage) unless the name is 1 to 40 lower-case letters, digits, "-", "_" or ".", the first of them a
/// letter or digit: it becomes a folder, a cluster's name and a context's.
void check_cluster_name(std::string const& name);

/// manifest.json's text, and back. The latter throws Error(config) saying what is wrong. Pure.
std::string manifest_text(LocalCluster const& cluster);
LocalCluster parse_manifest(std::string const& text, std::filesystem::path const& folder);

/// Writes manifest.json into the cluster's folder in one step. Throws Error(unavailable).
void save_manifest(LocalCluster const& cluster);

/// The cluster in that folder of clusters_home(); nothing when there is no such folder, or none with a manifest (what
/// `cluster up` leaves when it is killed before it started anything). Throws Error(config) when the manifest is
/// damaged.
std::optional<LocalCluster> load_manifest(std::string const& name);

/// Like load_manifest, but throws Error(usage) naming the nearest known cluster.
LocalCluster require_manifest(std::string const& name);

/// Names of all clusters of this user, sorted; also of folders without a manifest.
std::vector<std::string> cluster_names();

/// The node that the user means by "2", "rabbit2" or "rabbit2@localhost". Throws Error(usage) naming the nearest one.
LocalNode& find_node(LocalCluster& cluster, std::string const& text);

} // namespace rmqha::provision
