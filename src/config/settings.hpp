#pragma once

#include "base/clock.hpp"
#include "base/connection_options.hpp"
#include "config/node.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace rmqha::config {

/// When a figure is worth a finding. Sources: health.md's defaults.
struct Thresholds {
    int cluster_health_min = 80;           ///< percent
    std::int64_t queue_backlog_max = 1000; ///< messages, ready and unacknowledged
    int memory_usage_max = 85;             ///< percent of the node's high watermark
    int disk_usage_max = 90;               ///< percent
    base::milliseconds mirror_sync_delay_max = std::chrono::seconds(300);
};

/// Everything the connection-related options decide, after flag, environment, context file and default were merged.
struct Settings {
    std::vector<Node> nodes;
    std::string user = "guest";
    std::string password_file;    ///< "-" is standard input
    std::string password_command; ///< run by sh -c, its first output line is the password
    std::string uri_password;     ///< from a URI; never printed
    std::string vhost = "/";
    base::TlsOptions tls;
    Strategy strategy = Strategy::health_based;
    int connection_attempts = 3; ///< rounds over all nodes before giving up; 0: never give up
    base::milliseconds retry_delay = std::chrono::seconds(1);
    base::milliseconds heartbeat = std::chrono::seconds(30); ///< 0 switches heartbeats off
    base::milliseconds connection_timeout = std::chrono::seconds(3);
    base::milliseconds blocked_timeout = std::chrono::seconds(300);
    std::optional<base::milliseconds> deadline; ///< nothing: the command's own default
    std::string context;                        ///< name of the context in force; empty when none
    Thresholds thresholds;
};

/// One connection-related option: the same name serves flag (--name), environment (RMQHA_NAME) and configuration key.
struct Option {
    std::string name;    ///< with underscores, as the configuration file has it: "connection_timeout"
    std::string metavar; ///< "DURATION"; empty for a switch
    std::string help;
    std::string group; ///< heading in --help
};
std::vector<Option> const& options();

/// Values by option name, as text; a list option (node, uri) may hold several.
using Values = std::map<std::string, std::vector<std::string>>;

/// What one source says, and how error messages call it ("--vhost", "RMQHA_VHOST", "/etc/rmqha/config.toml:
/// contexts.a").
struct Source {
    Values values;
    std::string origin;
};

/// Merges the sources, the first having the last word, over the defaults; reads every value and fills in default ports.
/// Pure. Throws Error: usage for flags and environment, config for files, quoting value, origin and what is allowed.
Settings resolve(std::vector<Source> const& sources);

} // namespace rmqha::config
