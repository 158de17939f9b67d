#pragma once

#include "cmd/monitor_alerts.hpp"
#include "cmd/monitor_rules.hpp"

#include "base/clock.hpp"
#include "serve/agent_server.hpp"
#include "serve/http_server.hpp"

#include <optional>
#include <string>
#include <vector>

namespace rmqha::output {
class Console;
}

namespace rmqha::cmd {

struct ServeOptions {
    std::string listen = "127.0.0.1:15693";
    std::vector<std::string> agent_listen; ///< ADDRESS:PORT or ADDRESS:PORT=NODE
    base::milliseconds interval = std::chrono::seconds(15);
    int top_queues = 20;
    bool no_queues = false;
    std::string tls_cert;
    std::string tls_key;
    std::string bearer_token_file;
    RuleOptions rules;
    AlertOptions alerts;
};

/// `options` must live as long as the app.
void add_serve_options(CLI::App& app, ServeOptions& options);

/// Throws Error(usage) at what cannot be.
void check(ServeOptions const& options);

struct ServeSecrets {
    std::optional<serve::ServerTls> tls;
    std::string token; ///< empty: none wanted
};

/// Reads the files. Throws Error(config) when one cannot be read or is of no use. Warns of a key or token that others
/// may read.
ServeSecrets read_secrets(ServeOptions const& options, output::Console& console);

/// Throws Error, as serve::parse_endpoint and serve::listen_at do.
std::vector<serve::AgentPort> listen_for_agents(ServeOptions const& options);

} // namespace rmqha::cmd
