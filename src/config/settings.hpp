#pragma once

#include "base/clock.hpp"
#include "base/connection_options.hpp"
#include "config/levels.hpp"
#include "config/node.hpp"
#include "config/option.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace rmqha::config {

/// When a figure is worth a finding. Sources: health.md's defaults.
struct Thresholds {
    int cluster_health_min = 80;    ///< percent
    Levels queue_backlog_max{1000}; ///< messages, ready and unacknowledged
    Levels memory_usage_max{85};    ///< percent of the node's high watermark
    Levels disk_usage_max{90};      ///< percent
    base::milliseconds mirror_sync_delay_max = std::chrono::seconds(300);
};

/// Everything the connection-related options decide, after flag, environment, context file and default were merged.
struct Settings {
    std::vector<Node> nodes;
    std::string user = "guest";
    // At most one of the three is set: that of the strongest source, and never one given for another user.
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
    bool login_given = false; ///< some source named a user or a password: no SASL EXTERNAL by mere certificate
    /// How to reach a node's own tools: "kind" (local, ssh, docker, kubectl) and that kind's own keys; empty when the
    /// context says nothing.
    std::map<std::string, std::string> runner;
};

/// What a source is, from strongest to weakest.
enum class SourceKind { flag, environment, file };

/// What one source says. Errors name the place: "--vhost", "RMQHA_VHOST", "/etc/rmqha/config.toml:7: vhost".
struct Source {
    SourceKind kind = SourceKind::flag;
    Values values;
    std::string origin;               ///< file: its path; environment: the variable, when it is not RMQHA_<NAME>
    std::map<std::string, int> lines; ///< file: the line of each value
};

/// How messages call this source's value: "--retry-delay", "RMQHA_RETRY_DELAY", "config.toml:7: retry_delay".
std::string place(Source const& source, std::string const& name);

/// Merges the sources, the first having the last word, over the defaults; reads every value and fills in default ports.
/// A URI counts in its source as if its parts had been given there one by one, unless they were; nodes of several
/// sources are not mixed, and a URI whose nodes are overruled says nothing at all. A password is only used with the
/// user it was given with. Pure. Throws Error: usage for flags and environment, config for files, quoting value, place
/// and what is allowed.
Settings resolve(std::vector<Source> const& sources);

} // namespace rmqha::config
