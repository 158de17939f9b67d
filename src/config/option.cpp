#include "config/option.hpp"

#include <algorithm>

namespace rmqha::config {

std::vector<Option> const& options()
{
    using enum OptionType;
    static std::string const nodes = "Nodes";
    static std::string const login = "Login";
    static std::string const tls = "TLS";
    static std::string const resilience = "Resilience";
    static std::vector<Option> const table{
        {"node", "HOST[:PORT][,management=PORT][,weight=N]", "a cluster node; repeat for more", nodes, text, true},
        {"uri", "URI", "nodes as amqp[s]://user@host:port/vhost; repeat or separate with commas", nodes, text, true},
        {"vhost", "NAME", "virtual host (default /)", nodes, text},
        {"strategy", "NAME",
         "how a node is chosen: round_robin, weighted_round_robin, random, health_based (default), in_order", nodes,
         text},
        {"user", "NAME", "user to log in as (default guest)", login, text},
        {"password_file", "FILE", "file whose first line is the password; - is standard input", login, text},
        {"password_command", "COMMAND", "shell command whose first output line is the password", login, text},
        {"tls", "", "use TLS, for AMQP and the management API alike; implied by the options below", tls, toggle},
        {"cacert", "FILE", "PEM file of trusted authorities (default: the system's)", tls, text},
        {"cert", "FILE", "PEM file of the client's certificate; logs in by it when no user or password is given", tls,
         text},
        {"key", "FILE", "PEM file of the client's key (default: in the certificate's file)", tls, text},
        {"server_name", "NAME", "name the server's certificate must hold (default: the host)", tls, text},
        {"insecure", "", "do not verify the server's certificate", tls, toggle},
        {"connection_attempts", "N", "rounds over all nodes before giving up; 0 never gives up (default 3)", resilience,
         number},
        {"retry_delay", "DURATION", "pause before the second round; grows, with jitter (default 1s)", resilience,
         duration},
        {"heartbeat", "DURATION", "AMQP heartbeat; 0s switches it off (default 30s)", resilience, duration},
        {"connection_timeout", "DURATION", "for each node to answer (default 3s)", resilience, duration},
        {"blocked_timeout", "DURATION", "how long a broker may block publishing (default 300s)", resilience, duration},
        {"deadline", "DURATION", "for the whole command (default 10s for questions, none for streams)", resilience,
         duration},
    };
    return table;
}

std::vector<Option> const& threshold_options()
{
    using enum OptionType;
    static std::string const group = "Thresholds";
    static std::vector<Option> const table{
        {"thresholds.cluster_health_min", "PERCENT", "score below which a cluster is unhealthy (default 80)", group,
         number},
        {"thresholds.queue_backlog_max", "N", "messages in a queue (default 1000)", group, levels},
        {"thresholds.memory_usage_max", "PERCENT", "of the node's high watermark (default 85)", group, levels},
        {"thresholds.disk_usage_max", "PERCENT", "the alarm's limit may take of the free disk space (default 90)", group, levels},
        {"thresholds.mirror_sync_delay_max", "DURATION", "a mirror may be unsynchronised (default 300s)", group,
         duration},
    };
    return table;
}

Option const* find_option(std::string_view name)
{
    for (auto const* table : {&options(), &threshold_options()}) {
        auto const found = std::ranges::find(*table, name, &Option::name);
        if (found != table->end()) {
            return &*found;
        }
    }
    return nullptr;
}

std::string flag_name(std::string_view option)
{
    auto name = "--" + std::string(option);
    std::ranges::replace(name, '_', '-');
    return name;
}

std::string variable_name(std::string_view option)
{
    auto name = "RMQHA_" + std::string(option);
    std::ranges::transform(name, name.begin(), [](char c) {
        return c == '.' || c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    });
    return name;
}

} // namespace rmqha::config
