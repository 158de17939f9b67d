#include "health/report.hpp"

namespace rmqha::health {

Report make_report(Snapshot const& snapshot, std::vector<Check> checks, Rules const& rules)
{
    Report report;
    report.checks = std::move(checks);
    report.rules = rules;
    report.time = snapshot.taken;
    report.took = snapshot.took;
    auto const all = findings_of(snapshot, rules);
    auto const score = score_of(snapshot, all);
    if (codes_of(report.checks).contains(k_score_low)) {
        report.score = score;
    }
    report.findings = findings_for(report.checks, snapshot, score, all, rules.thresholds.cluster_health_min);
    return report;
}

} // namespace rmqha::health
