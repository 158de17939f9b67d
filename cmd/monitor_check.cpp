#include "cmd/monitor_alerts.hpp"
#include "cmd/monitor_check_json.hpp"
#include "cmd/monitor_commands.hpp"
#include "cmd/monitor_rules.hpp"
#include "cmd/monitor_snapshot.hpp"
#include "cmd/monitor_unreached.hpp"
#include "cmd/options.hpp"

#include "base/file.hpp"
#include "health/check_state_file.hpp"
#include "health/nagios.hpp"
#include "health/prometheus.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>

namespace rmqha::cmd {
namespace {

using base::Error;
using base::ExitCode;
using health::Report;
using health::Severity;

/// Nagios and its kin give a plugin ten seconds.
constexpr base::milliseconds k_default_deadline = std::chrono::seconds(9);

enum class CheckFormat { nagios, json, prometheus };

struct CheckOptions {
    std::vector<std::string> checks;
    CheckFormat format = CheckFormat::nagios;
    Severity unreachable_as = Severity::critical;
    RuleOptions rules;
    AlertOptions alerts;
    std::optional<base::milliseconds> mirror_sync_delay_max;
    std::string textfile;
    std::string state_file;
    int runs = 1;
    bool changes_only = false;
};

std::string text_of(Report const& report, CheckFormat format)
{
    switch (format) {
    case CheckFormat::json:
        return check_json(report);
    case CheckFormat::prometheus:
        return health::prometheus_text(report);
    case CheckFormat::nagios:
        break;
    }
    return health::nagios_text(report);
}

std::string cluster_key(std::vector<config::Node> const& nodes)
{
    std::vector<std::string> labels;
    std::transform(nodes.begin(), nodes.end(), std::back_inserter(labels),
                   [](config::Node const& node) { return config::label(node); });
    std::sort(labels.begin(), labels.end());
    return fmt::format("{}", fmt::join(labels, " "));
}

std::vector<health::Finding> ask(Context& context, CheckOptions const& options, Report& report)
{
    auto const& settings = context.settings();
    report.rules = rules_of(settings, options.rules);
    auto& delay = report.rules.thresholds.mirror_sync_delay_max;
    delay = options.mirror_sync_delay_max.value_or(delay);
    report.context = cluster_label(settings);
    auto snapshot = take_snapshot(context, {.default_deadline = k_default_deadline,
                                            .kept_back = time_for(options.alerts),
                                            .queues = health::needs_queues(report.checks),
                                            .replica_lag = report.rules.replica_lag_max.has_value(),
                                            .end_to_end = health::codes_of(report.checks).contains("END-TO-END")});
    if (auto const why = why_not_reached(snapshot)) {
        return {why->code() == ExitCode::denied ? not_checked(*why, report.checks)
                                                : unreachable(*why, options.unreachable_as, report.checks)};
    }
    auto made = health::make_report(snapshot, report.checks, report.rules);
    report.score = std::move(made.score);
    report.snapshot = std::move(snapshot);
    return std::move(made.findings);
}

/// What counts, by what earlier runs saw. Without its state file a check goes by this run alone, and says so.
void judge(Context& context, CheckOptions const& options, std::vector<health::Finding> findings, Report& report,
           bool& changed)
{
    if (options.state_file.empty()) {
        report.findings = std::move(findings);
        report.begun = report.findings;
        return;
    }
    health::JudgeOptions judging{.runs = options.runs,
                                 .codes = health::codes_of(report.checks),
                                 .now = report.time,
                                 .mirror_sync_delay_max = report.rules.thresholds.mirror_sync_delay_max};
    judging.codes.insert({"UNREACHABLE", "NOT-CHECKED"});
    try {
        health::CheckStateFile file(options.state_file);
        auto judgement =
            file.judge(cluster_key(context.settings().nodes), findings, report.snapshot ? &*report.snapshot : nullptr,
                       judging, context.deadline(k_default_deadline));
        report.findings = std::move(judgement.counting);
        report.begun = std::move(judgement.begun);
        report.pending = std::move(judgement.pending);
        report.gone = std::move(judgement.gone);
        report.notes = file.notes();
        changed = judgement.changed;
    } catch (Error const& error) {
        report.findings = std::move(findings);
        report.findings.push_back(
            {"STATE-FILE", Severity::unknown, health::k_check_itself, error.what(), error.hint(), "check"});
        report.begun = report.findings;
    }
}

void write_textfile(CheckOptions const& options, Report& report)
{
    namespace fs = std::filesystem;
    try {
        fs::path const path = options.textfile;
        std::error_code ignored;
        auto const kind = fs::status(path, ignored).type();
        if (kind != fs::file_type::regular && kind != fs::file_type::not_found) {
            base::fail(ExitCode::unavailable, "cannot write {}: not a regular file", path.string());
        }
        if (path.has_parent_path() && !fs::is_directory(path.parent_path(), ignored)) {
            base::fail(ExitCode::unavailable, "cannot write {}: there is no such folder", path.string());
        }
        base::write_file(path, health::prometheus_text(report), 0644);
    } catch (Error const& error) {
        report.findings.push_back(
            {"TEXTFILE", Severity::unknown, health::k_check_itself, error.what(), error.hint(), "check"});
    }
}

/// What options ask for and others would have to give.
void require_what_it_takes(CheckOptions const& options)
{
    if (options.state_file.empty() && (options.runs > 1 || options.changes_only)) {
        throw Error(ExitCode::usage,
                    fmt::format("{}: nothing to compare with", options.runs > 1 ? "--for" : "--changes-only"),
                    "Give --state-file, so that a run knows what the runs before it have seen.");
    }
    auto const& names = options.checks;
    if (options.state_file.empty() && std::find(names.begin(), names.end(), "NODE-RESTARTED") != names.end()) {
        throw Error(ExitCode::usage, "NODE-RESTARTED: nothing to compare with",
                    "Give --state-file, so that a run knows how long nodes had been up before.");
    }
    if (!options.rules.defaults.replica_lag_max &&
        std::find(names.begin(), names.end(), "REPLICA-LAGGING") != names.end()) {
        throw Error(ExitCode::usage, "REPLICA-LAGGING: nothing to compare with",
                    "Give --replica-lag-max, so that it is known how far a member may be behind.");
    }
    if (options.state_file.empty() && options.mirror_sync_delay_max) {
        throw Error(ExitCode::usage, "--mirror-sync-delay-max: nothing to tell the time by",
                    "Give --state-file, so that a run knows since when mirrors have been unsynchronised.");
    }
}

ExitStatus check(Context& context, CheckOptions const& options)
{
    auto const start = context.clock.now();
    require_what_it_takes(options);
    check(options.alerts, context.console);
    auto const deadline = context.deadline(k_default_deadline) - k_last_words;
    if (!options.alerts.commands.empty() && start + time_for(options.alerts) >= deadline) {
        throw Error(ExitCode::usage, "--exec-timeout: leaves no time to ask the cluster",
                    "It must be shorter than --deadline.");
    }
    Report report;
    report.checks = checks_of(options.checks, options.rules);
    report.time = context.clock.wall();
    report.runs_wanted = options.runs;
    bool changed = true;
    try {
        std::vector<health::Finding> findings;
        try {
            findings = ask(context, options, report);
        } catch (Error const& error) {
            findings.push_back(not_checked(error, report.checks));
        }
        judge(context, options, std::move(findings), report, changed);
    } catch (Error const& error) { // not even settings
        report.findings = {not_checked(error, report.checks)};
        report.begun = report.findings;
    }
    auto const untold = tell(context, options.alerts, report, deadline);
    report.findings.insert(report.findings.end(), untold.begin(), untold.end());
    report.took = context.clock.now() - start;
    if (!options.textfile.empty()) {
        write_textfile(options, report);
    }
    bool const own_trouble = std::any_of(report.findings.begin(), report.findings.end(),
                                         [](auto const& finding) { return finding.object == health::k_check_itself; });
    if (!options.changes_only || changed || own_trouble || !report.notes.empty()) {
        context.console.answer(text_of(report, options.format));
    }
    return ExitStatus(health::nagios_code(report.state()));
}

/// What ends the command before it could begin, or while it writes its answer.
ExitStatus failed(output::Console& console, Error const& error, CheckOptions const& options)
{
    Report report;
    report.time = std::chrono::system_clock::now();
    report.findings = {not_checked(error, {})};
    bool const stdout_failed = console.closed();
    try {
        console.clear_progress();
        console.answer(text_of(report, options.format));
        console.flush();
    } catch (...) { // no more than said below
    }
    if (stdout_failed) {
        console.error(error.what(), error.hint());
    }
    return ExitStatus(health::nagios_code(report.state()));
}

void add_options(CLI::App& command, CheckOptions& options)
{
    std::vector<std::string> topics;
    for (auto const& check : health::checks()) {
        topics.push_back(check.name);
    }
    command
        .add_option("checks", options.checks,
                    fmt::format("what to look at (default all): {}; or the code of a finding, such as NODE-DOWN",
                                fmt::join(topics, ", ")))
        ->type_name(fmt::format("{}", fmt::join(topics, "|")));
    add_choice<CheckFormat>(
        command, "--format", options.format,
        {{"nagios", CheckFormat::nagios}, {"json", CheckFormat::json}, {"prometheus", CheckFormat::prometheus}},
        "how the answer is written (default nagios)");
    add_choice<Severity>(command, "--unreachable-as", options.unreachable_as,
                         {{"critical", Severity::critical}, {"unknown", Severity::unknown}},
                         "what it means when no node answers (default critical)");
    command.add_option("--textfile", options.textfile, "write Prometheus metrics to this file too, in one step")
        ->type_name("FILE");
    command.add_option("--state-file", options.state_file, "remember here what runs have seen")->type_name("FILE");
    add_number(command, "--for", options.runs, {1, 1000}, "runs in a row that must see a problem before it counts");
    command.add_flag("--changes-only", options.changes_only, "print nothing when all is as it was in the run before");
    add_rule_options(command, options.rules);
    add_alert_options(command, options.alerts);
    // Only a check has a memory to judge it by.
    add_duration(command, "--mirror-sync-delay-max", options.mirror_sync_delay_max,
                 "time a mirror may be unsynchronised before that is critical; needs --state-file (default 300s)")
        ->group(command.get_option("--replicas")->get_group());
}

} // namespace

void add_monitor_check(CLI::App& monitor, Action& chosen, FailedByCommand& failed_by_command)
{
    auto options = std::make_shared<CheckOptions>();
    auto* const command = monitor.add_subcommand("check", "For cron and Nagios: exits 0 OK, 1 WARNING, 2 CRITICAL, 3 "
                                                          "UNKNOWN and nothing else");
    add_options(*command, *options);
    set_examples(
        *command,
        {{"rmqha monitor check", "everything; one line, performance data, then what is wrong"},
         {"rmqha monitor check nodes queues --memory-usage-max 80,90", "some topics; two levels of a threshold"},
         {"rmqha monitor check --textfile /var/lib/node_exporter/rmqha.prom", "for Prometheus, from cron"},
         {"rmqha monitor check --state-file ~/.rmqha.json --for 3 --changes-only",
          "from cron: mail when a problem was seen three times in a row, and when it is gone"}});
    command->callback(
        [options, &chosen] { chosen = [options](Context& context) { return check(context, *options); }; });
    failed_by_command[command] = [options](output::Console& console, Error const& error) {
        return failed(console, error, *options);
    };
}

} // namespace rmqha::cmd
