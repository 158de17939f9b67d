#include "cmd/monitor_serve_options.hpp"

#include "cmd/options.hpp"
#include "cmd/secret_files.hpp"

#include "base/error.hpp"
#include "base/units.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace rmqha::cmd {

using base::Error;
using base::ExitCode;

void add_serve_options(CLI::App& app, ServeOptions& options)
{
    app.add_option("--listen", options.listen, "where HTTP is served (default 127.0.0.1:15693)")
        ->type_name("ADDRESS:PORT");
    app.add_option("--agent-listen", options.agent_listen,
                   "where HAProxy's agent checks are answered: of the node that agent-send names, or always of NODE; "
                   "repeat for more")
        ->type_name("ADDRESS:PORT[=NODE]");
    add_duration(app, "--interval", options.interval, "how often the cluster is asked (default 15s, at least 1s)");
    add_number(app, "--top-queues", options.top_queues, {0, 1000},
               "queues with metrics of their own, the longest; of the others the sum (default 20)");
    app.add_flag("--no-queues", options.no_queues, "do not ask for queues");
    constexpr auto* k_group = "Who may ask";
    app.add_option("--tls-cert", options.tls_cert, "serve HTTPS with this certificate and its chain, in PEM")
        ->type_name("FILE")
        ->group(k_group);
    app.add_option("--tls-key", options.tls_key, "its key, in PEM")->type_name("FILE")->group(k_group);
    app.add_option("--bearer-token-file", options.bearer_token_file,
                   "answer only who shows this token, /healthz and /readyz aside")
        ->type_name("FILE")
        ->group(k_group);
    add_rule_options(app, options.rules);
    add_alert_options(app, options.alerts);
}

void check(ServeOptions const& options)
{
    if (!options.alerts.alertmanagers.empty() && options.alerts.lifetime <= 2 * options.interval) {
        throw Error(ExitCode::usage, "--alert-lifetime: too short",
                    "Alerts are told again every --interval: let them live for more than two of these.");
    }
    if (options.interval < std::chrono::seconds(1)) {
        throw Error(ExitCode::usage,
                    fmt::format("--interval: {} is too short", base::format_duration(options.interval)),
                    "The shortest is 1s: a collection asks every node everything.");
    }
    if (options.tls_cert.empty() != options.tls_key.empty()) {
        bool const cert = options.tls_key.empty();
        throw Error(ExitCode::usage, fmt::format("{}: needs {} too", cert ? "--tls-cert" : "--tls-key",
                                                 cert ? "--tls-key" : "--tls-cert"));
    }
}

ServeSecrets read_secrets(ServeOptions const& options, output::Console& console)
{
    ServeSecrets secrets;
    if (!options.tls_cert.empty()) {
        warn_if_readable(console, "--tls-key", options.tls_key);
        secrets.tls = serve::ServerTls{read_option_file("--tls-cert", options.tls_cert),
                                       read_option_file("--tls-key", options.tls_key)};
    }
    if (!options.bearer_token_file.empty()) {
        warn_if_readable(console, "--bearer-token-file", options.bearer_token_file);
        secrets.token = read_token("--bearer-token-file", options.bearer_token_file);
    }
    return secrets;
}

std::vector<serve::AgentPort> listen_for_agents(ServeOptions const& options)
{
    std::vector<serve::AgentPort> ports;
    for (std::string const& text : options.agent_listen) {
        auto const equals = std::min(text.find('='), text.size());
        auto node = text.substr(std::min(equals + 1, text.size()));
        if (equals < text.size() && node.empty()) {
            base::fail(ExitCode::usage, "--agent-listen: \"{}\" names no node after the =", text);
        }
        ports.push_back(
            {serve::listen_at(serve::parse_endpoint("--agent-listen", text.substr(0, equals))), std::move(node)});
    }
    return ports;
}

} // namespace rmqha::cmd
