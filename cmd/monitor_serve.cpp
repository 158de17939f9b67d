#include "cmd/monitor_commands.hpp"
#include "cmd/monitor_rules.hpp"
#include "cmd/monitor_serve_options.hpp"
#include "cmd/monitor_snapshot.hpp"
#include "cmd/monitor_unreached.hpp"
#include "cmd/options.hpp"

#include "base/units.hpp"
#include "health/alerts.hpp"
#include "health/prometheus.hpp"
#include "serve/agent_server.hpp"
#include "serve/answers.hpp"
#include "serve/http_server.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <set>

namespace rmqha::cmd {
namespace {

using base::Error;

constexpr base::milliseconds k_default_deadline = std::chrono::seconds(10);

/// Asks the cluster every interval and puts what came on the board. For one thread.
class Collector {
public:
    Collector(Context& context, ServeOptions const& options, serve::Board& board)
        : m_context(context),
          m_options(options),
          m_board(board),
          m_snapshots(context, {.queues = !options.no_queues,
                                .replica_lag = options.rules.defaults.replica_lag_max.has_value(),
                                .end_to_end = options.rules.end_to_end})
    {
    }

    /// Until a stop: throws Interrupted then; and what Snapshots throws.
    [[noreturn]] void run()
    {
        while (true) {
            auto const start = m_context.clock.now();
            collect(start + collection_time(m_context));
            m_context.clock.sleep_until(std::max(start + m_options.interval, m_context.clock.now()), m_context.stop);
        }
    }

    /// What one collection may take.
    static base::milliseconds collection_time(Context& context)
    {
        return context.settings().deadline.value_or(k_default_deadline);
    }

private:
    void collect(base::TimePoint deadline)
    {
        auto snapshot = m_snapshots.take(deadline);
        auto const why = why_not_reached(snapshot);
        tell(why ? why->what() : std::string());
        auto report = report_of(snapshot, why);
        alert(report, !why);
        auto collected = serve::after(*m_board.get(), {.snapshot = std::move(snapshot),
                                                       .problem = why ? why->what() : std::string(),
                                                       .ended = m_context.clock.now()});
        report.snapshot = collected.latest->snapshot;
        collected.metrics = health::prometheus_text(
            report, {.top_queues = static_cast<std::size_t>(m_options.top_queues), .reached = !why});
        m_board.put(std::move(collected));
    }

    health::Report report_of(health::Snapshot const& snapshot, std::optional<Error> const& why) const
    {
        auto report = health::make_report(snapshot, checks_of({}, m_options.rules),
                                          rules_of(m_context.settings(), m_options.rules));
        report.context = cluster_label(m_context.settings());
        if (why) {
            report.findings = {why->code() == base::ExitCode::denied
                                   ? not_checked(*why, report.checks)
                                   : unreachable(*why, health::Severity::critical, report.checks)};
        }
        return report;
    }

    void alert(health::Report& report, bool reached)
    {
        health::compare(m_counted, report, reached);
        auto const untold =
            cmd::tell(m_context, m_options.alerts, report, m_context.clock.now() + time_for(m_options.alerts));
        for (auto const& problem : untold) {
            if (m_untold.insert(problem.evidence).second) {
                m_context.console.warn(problem.evidence);
            }
        }
        if (untold.empty()) {
            m_untold.clear();
        }
        report.findings.insert(report.findings.end(), untold.begin(), untold.end());
    }

    /// Once per change: this is the log of a service.
    void tell(std::string const& problem)
    {
        if (problem != m_problem) {
            if (problem.empty()) {
                m_context.console.note("the cluster is reached again");
            } else {
                m_context.console.warn(problem);
            }
            m_problem = problem;
        }
    }

    Context& m_context;
    ServeOptions const& m_options;
    serve::Board& m_board;
    Snapshots m_snapshots;
    std::string m_problem;
    std::vector<health::Finding> m_counted; ///< up to the last collection
    std::set<std::string> m_untold;         ///< troubles with alerts that the log tells already
};

void warn_of_strangers(output::Console& console, serve::Listener const& http, bool tls, bool token)
{
    if (!http.loopback && !(tls && token)) {
        console.warn(fmt::format("{}: other machines reach this {}", to_text(http.endpoint),
                                 tls     ? "without a token; see --bearer-token-file"
                                 : token ? "without TLS, so that the token can be overheard; see --tls-cert"
                                         : "without TLS and without a token; see --tls-cert and --bearer-token-file"));
    }
}

base::ExitCode serve_cluster(Context& context, ServeOptions const& options)
{
    check(options);
    check(options.alerts, context.console);
    auto const& settings = context.settings();
    auto const secrets = read_secrets(options, context.console);
    auto http_port = serve::listen_at(serve::parse_endpoint("--listen", options.listen));
    auto agent_ports = listen_for_agents(options);
    warn_of_strangers(context.console, http_port, secrets.tls.has_value(), !secrets.token.empty());

    serve::Board board;
    Collector collector(context, options, board);
    serve::Terms const terms{.cluster = cluster_label(settings),
                             .token = secrets.token,
                             .patience = 2 * options.interval + Collector::collection_time(context)};
    std::atomic<std::uint64_t> scrapes{0};
    auto const answer = [&](serve::Request const& request) {
        serve::Moment const moment{.now = context.clock.now(),
                                   .scrapes = request.path == "/metrics" ? ++scrapes : scrapes.load()};
        return serve::respond(request, *board.get(), terms, moment);
    };
    std::string places = fmt::format("{}://{}/metrics", secrets.tls ? "https" : "http", to_text(http_port.endpoint));
    for (auto const& port : agent_ports) {
        places += fmt::format(", agent checks{} at {}", port.node.empty() ? "" : " of " + port.node,
                              to_text(port.listener.endpoint));
    }
    serve::HttpServer const http(std::move(http_port.socket), answer, secrets.tls ? &*secrets.tls : nullptr);
    serve::AgentServer const agents(std::move(agent_ports), [&](std::string const& node) {
        return serve::agent_answer(node, *board.get(), terms, context.clock.now());
    });
    context.console.note(
        fmt::format("serving {}; asking the cluster every {}", places, base::format_duration(options.interval)));
    try {
        collector.run();
    } catch (base::Interrupted const&) {
        // How a service ends that has done all it should: not a failure, to systemd least of all.
        context.console.note("stopped");
        return base::ExitCode::ok;
    }
}

} // namespace

void add_monitor_serve(CLI::App& monitor, Action& chosen)
{
    auto options = std::make_shared<ServeOptions>();
    auto* const command = monitor.add_subcommand("serve", "Serve metrics to Prometheus, and nodes to load balancers");
    add_serve_options(*command, *options);
    set_examples(*command, {{"rmqha monitor serve", "http://127.0.0.1:15693/metrics, until it is stopped"},
                            {"rmqha monitor serve --agent-listen 127.0.0.1:15694",
                             "HAProxy: server a rabbit1:5672 weight 100 check agent-check\n"
                             "      agent-addr 127.0.0.1 agent-port 15694 agent-send \"rabbit1:5672\\n\""},
                            {"rmqha monitor serve --listen 0.0.0.0:15693 --tls-cert cert.pem --tls-key\n"
                             "      key.pem --bearer-token-file token",
                             "for a Prometheus elsewhere"}});
    command->callback(
        [options, &chosen] { chosen = [options](Context& context) { return serve_cluster(context, *options); }; });
}

} // namespace rmqha::cmd
