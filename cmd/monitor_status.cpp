#include "cmd/monitor_commands.hpp"
#include "cmd/monitor_page.hpp"
#include "cmd/monitor_rules.hpp"
#include "cmd/monitor_snapshot.hpp"
#include "cmd/monitor_unreached.hpp"
#include "cmd/options.hpp"

#include "health/prometheus.hpp"

#include <CLI/CLI.hpp>

#include <memory>
#include <optional>

namespace rmqha::cmd {
namespace {

enum class StatusFormat { table, json, ndjson, prometheus };

struct StatusOptions {
    std::optional<StatusFormat> format; ///< nothing: as for all commands
    bool explain = false;
    bool no_queues = false;
    RuleOptions rules;
};

std::string text_of(Context& context, StatusOptions const& options, Status const& status, health::Rules const& rules)
{
    auto const common = context.format() == output::Format::table  ? StatusFormat::table
                        : context.format() == output::Format::json ? StatusFormat::json
                                                                   : StatusFormat::ndjson;
    switch (options.format.value_or(common)) {
    case StatusFormat::json:
        return status_json(status, output::Format::json);
    case StatusFormat::ndjson:
        return status_json(status, output::Format::ndjson);
    case StatusFormat::prometheus: {
        auto report = health::make_report(status.snapshot, checks_of({}, options.rules), rules);
        report.context = cluster_label(context.settings());
        report.snapshot = status.snapshot;
        return health::prometheus_text(report);
    }
    case StatusFormat::table:
        break;
    }
    return status_page(
        status, {.width = context.console.width(), .color = context.console.color(), .explain = options.explain});
}

base::ExitCode status(Context& context, StatusOptions const& options)
{
    Status status;
    status.snapshot = take_snapshot(context, {.queues = !options.no_queues,
                                              .replica_lag = options.rules.defaults.replica_lag_max.has_value(),
                                              .end_to_end = options.rules.end_to_end});
    fail_unless_reached(status.snapshot);

    auto const& settings = context.settings();
    auto const rules = rules_of(settings, options.rules);
    status.context = settings.context;
    status.score_min = rules.thresholds.cluster_health_min;
    status.findings = health::findings_of(status.snapshot, rules);
    status.score = health::score_of(status.snapshot, status.findings);

    context.console.answer(text_of(context, options, status, rules));
    if (status.score.state == health::Severity::critical || status.score.value < status.score_min) {
        return base::ExitCode::no;
    }
    // Nothing is known to be wrong, but not everything is known: neither yes nor no.
    return status.score.partial ? base::ExitCode::partial : base::ExitCode::ok;
}

} // namespace

void add_monitor_status(CLI::App& monitor, Action& chosen)
{
    auto options = std::make_shared<StatusOptions>();
    auto* command = monitor.add_subcommand("status", "One page: score and why, nodes, alarms, queues at risk");
    add_choice<StatusFormat>(*command, "--format", options->format,
                             {{"table", StatusFormat::table},
                              {"json", StatusFormat::json},
                              {"ndjson", StatusFormat::ndjson},
                              {"prometheus", StatusFormat::prometheus}},
                             "how the page is written (default table)");
    command->add_flag("--explain", options->explain, "Show how the score came about, who told what, what was skipped");
    command->add_flag("--no-queues", options->no_queues, "Do not ask for queues");
    add_rule_options(*command, options->rules);
    set_examples(*command,
                 {{"rmqha monitor status", "one page; exits 0 when healthy, 1 when not, 3 when not all could be asked"},
                  {"rmqha monitor status --explain", "the sum behind the score, and who told what"},
                  {"rmqha monitor status --format json | jq .score", "for scripts"},
                  {"rmqha monitor status --replicas 3", "complain about durable queues with fewer copies"}});
    command->callback(
        [options, &chosen] { chosen = [options](Context& context) { return status(context, *options); }; });
}

} // namespace rmqha::cmd
