#include "cmd/monitor_check_json.hpp"

#include "cmd/monitor_parts_json.hpp"

#include "base/units.hpp"
#include "health/nagios.hpp"
#include "output/json.hpp"

#include <nlohmann/json.hpp>

namespace rmqha::cmd {
namespace {

using Json = nlohmann::ordered_json;

Json checks_json(health::Report const& report)
{
    Json checks = Json::array();
    for (auto const& check : report.checks) {
        auto const state = report.snapshot ? health::state_of(check, report.findings) : report.state();
        checks.push_back({{"check", check.name}, {"state", to_string(state)}, {"codes", check.codes}});
    }
    return checks;
}

Json figures_json(health::Report const& report)
{
    Json figures = Json::array();
    for (auto const& datum : health::perfdata_of(report)) {
        figures.push_back({{"label", datum.label},
                           {"value", datum.value ? Json(*datum.value) : Json(nullptr)},
                           {"unit", datum.unit}});
    }
    return figures;
}

} // namespace

std::string check_json(health::Report const& report)
{
    Json findings = Json::array();
    for (auto const& finding : report.findings) {
        findings.push_back(finding_json(finding));
    }
    Json pending = Json::array();
    for (auto const& problem : report.pending) {
        auto json = finding_json(problem.finding);
        json["runs"] = problem.runs;
        pending.push_back(std::move(json));
    }
    Json gone = Json::array();
    for (auto const& problem : report.gone) {
        gone.push_back(
            {{"code", problem.code}, {"object", problem.object}, {"since", base::format_time(problem.since)}});
    }
    return output::to_text(
        {{"schema_version", 1},
         {"time", base::format_time(report.time)},
         {"took_ms", std::chrono::duration<double, std::milli>(report.took).count()},
         {"cluster", report.label()},
         {"context", report.context},
         {"state", to_string(report.state())},
         {"exit_code", health::nagios_code(report.state())},
         {"reached", report.snapshot.has_value()},
         {"score",
          report.score ? score_json(*report.score, report.rules.thresholds.cluster_health_min) : Json(nullptr)},
         {"checks", checks_json(report)},
         {"findings", findings},
         {"pending", pending},
         {"runs_wanted", report.runs_wanted},
         {"gone", gone},
         {"notes", report.notes},
         {"figures", figures_json(report)}});
}

} // namespace rmqha::cmd
