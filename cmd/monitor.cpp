#include "cmd/command.hpp"
#include "cmd/monitor_page.hpp"
#include "cmd/options.hpp"

#include "amqp/connection.hpp"
#include "base/stop.hpp"
#include "health/collect.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace rmqha::cmd {
namespace {

constexpr base::milliseconds k_default_deadline = std::chrono::seconds(10);
/// Kept back from the deadline for judging and showing what came.
constexpr base::milliseconds k_last_words{200};

struct StatusOptions {
    bool explain = false;
    bool no_queues = false;
    int replicas = 0;
};

health::Snapshot take_snapshot(Context& context, StatusOptions const& options)
{
    auto const& settings = context.settings();
    base::TimePoint const start = context.clock.now();
    base::TimePoint const deadline = context.deadline(k_default_deadline) - k_last_words;

    amqp::OpenOptions login;
    login.credentials = context.credentials();
    login.vhost = settings.vhost;
    login.connection_name = "rmqha monitor";
    login.heartbeat = settings.heartbeat;

    health::CollectOptions collecting;
    collecting.nodes = settings.nodes;
    collecting.access = {context.credentials(), settings.tls, settings.connection_timeout};
    collecting.log_in = health::amqp_login(login, settings.tls, context.stop);
    collecting.deadline = deadline;
    collecting.queues = !options.no_queues;

    auto const transport = http::make_curl_transport();
    auto const taken = context.clock.wall();
    auto snapshot = health::assemble(health::collect(collecting, *transport, context.stop));
    snapshot.taken = taken;
    snapshot.took = context.clock.now() - start;
    return snapshot;
}

/// Ends the command when there is no cluster to tell of: nobody answered, nobody in time, or nobody lets us in.
void fail_unless_reached(health::Snapshot const& snapshot)
{
    using Outcome = health::Asked::Outcome;
    bool answered = false;
    bool alive = false;
    bool denied = false;
    bool in_time = false;
    std::vector<std::pair<std::string, std::string>> reasons; // and who has it
    for (health::Node const& node : snapshot.nodes) {
        for (health::Asked const* asked : {&node.amqp, &node.management}) {
            answered = answered || asked->answered();
            denied = denied || asked->outcome == Outcome::denied;
        }
        alive = alive || node.metrics.answered();
        in_time = in_time || (node.amqp.outcome != Outcome::silent && node.amqp.outcome != Outcome::timed_out);
        auto const same = std::find_if(reasons.begin(), reasons.end(),
                                       [&](auto const& reason) { return reason.first == node.amqp.reason; });
        if (same != reasons.end()) {
            same->second += ", " + node.address;
        } else {
            reasons.emplace_back(node.amqp.reason, node.address);
        }
    }
    if (answered || (alive && !denied)) {
        return;
    }
    std::vector<std::string> told;
    for (auto const& [reason, who] : reasons) {
        told.push_back(fmt::format("{} {}", who, reason.substr(0, reason.find_last_not_of('.') + 1)));
    }
    std::string const why = fmt::format("{}", fmt::join(told, "; "));
    if (denied) {
        throw base::Error(base::ExitCode::denied, fmt::format("all nodes refuse this user: {}", why),
                          "Give the credentials with --user and --password-file, or RMQHA_PASSWORD.");
    }
    auto const code = in_time ? base::ExitCode::unavailable : base::ExitCode::timeout;
    throw base::Error(code, fmt::format("cannot reach any of {} nodes: {}", snapshot.nodes.size(), why),
                      "Check the addresses given with --node, and that the brokers run.");
}

base::ExitCode status(Context& context, StatusOptions const& options)
{
    Status status;
    status.snapshot = take_snapshot(context, options);
    fail_unless_reached(status.snapshot);

    auto const& settings = context.settings();
    health::Rules rules;
    rules.thresholds = settings.thresholds;
    rules.replicas = options.replicas;
    status.context = settings.context;
    status.score_min = settings.thresholds.cluster_health_min;
    status.findings = health::findings_of(status.snapshot, rules);
    status.score = health::score_of(status.snapshot, status.findings);

    if (context.format() == output::Format::table) {
        context.console.answer(status_page(
            status, {.width = context.console.width(), .color = context.console.color(), .explain = options.explain}));
    } else {
        context.console.answer(status_json(status));
    }
    if (status.score.state == health::Severity::critical || status.score.value < status.score_min) {
        return base::ExitCode::no;
    }
    // Nothing is known to be wrong, but not everything is known: neither yes nor no.
    return status.score.partial ? base::ExitCode::partial : base::ExitCode::ok;
}

} // namespace

void add_monitor(CLI::App& app, Action& chosen)
{
    auto* monitor = app.add_subcommand("monitor", "See how healthy the cluster is");
    monitor->require_subcommand(1);

    auto options = std::make_shared<StatusOptions>();
    auto* command = monitor->add_subcommand("status", "One page: score and why, nodes, alarms, queues at risk");
    command->add_flag("--explain", options->explain, "Show how the score came about, who told what, what was skipped");
    command->add_flag("--no-queues", options->no_queues, "Do not ask for queues");
    add_number(*command, "--replicas", options->replicas, {1, 100}, "Copies every durable queue must have");
    set_examples(*command,
                 {{"rmqha monitor status", "one page; exits 0 when healthy, 1 when not, 3 when not all could be asked"},
                  {"rmqha monitor status --explain", "the sum behind the score, and who told what"},
                  {"rmqha monitor status --format json | jq .score", "for scripts"},
                  {"rmqha monitor status --replicas 3", "complain about durable queues with fewer copies"}});
    command->callback(
        [options, &chosen] { chosen = [options](Context& context) { return status(context, *options); }; });
}

} // namespace rmqha::cmd
