#include "cmd/monitor_watch_data.hpp"

#include "cmd/monitor_unreached.hpp"

#include <algorithm>

namespace rmqha::cmd {
namespace {

using health::Finding;
using health::Severity;

std::vector<WatchQueue> queues_of(health::Snapshot const& snapshot, std::vector<Finding> const& findings,
                                  health::Trend const& trend)
{
    std::vector<WatchQueue> queues;
    if (!snapshot.queues) {
        return queues;
    }
    for (auto& one : queues::listed(*snapshot.queues, findings)) {
        auto const growth = trend.growth(one.queue.vhost, one.queue.name);
        queues.push_back({std::move(one), growth});
    }
    return queues;
}

} // namespace

std::vector<Finding> WatchHistory::judged(WatchCollection const& collection)
{
    std::vector<Finding> findings;
    if (auto const& why = collection.why_not_reached) {
        findings = {why->code() == base::ExitCode::denied ? not_checked(*why, m_checks)
                                                          : unreachable(*why, Severity::critical, m_checks)};
    } else {
        auto const all = health::findings_of(collection.snapshot, m_rules);
        findings = health::findings_for(m_checks, collection.snapshot, health::score_of(collection.snapshot, all), all,
                                        m_rules.thresholds.cluster_health_min);
        // The score stands above everything anyway.
        std::erase_if(findings, [](Finding const& finding) { return finding.code == health::k_score_low; });
    }
    health::JudgeOptions options{.codes = health::codes_of(m_checks),
                                 .now = collection.snapshot.taken,
                                 .mirror_sync_delay_max = m_rules.thresholds.mirror_sync_delay_max};
    options.codes.insert({"UNREACHABLE", "NOT-CHECKED"});
    return health::judge(m_state, findings, options).counting;
}

void WatchHistory::note_events(std::vector<Finding> const& findings, std::vector<Finding> const& restarts,
                               std::chrono::system_clock::time_point time)
{
    if (!m_findings) { // what is there at the beginning has not happened now
        return;
    }
    auto events = health::events_of(*m_findings, findings, time);
    auto const restarted = health::events_of({}, restarts, time); // told once: it never goes
    events.insert(events.end(), restarted.begin(), restarted.end());
    m_events.insert(m_events.begin(), events.begin(), events.end());
    m_events.resize(std::min(m_events.size(), k_most_events));
}

WatchData WatchHistory::add(WatchCollection collection)
{
    bool const reached = !collection.why_not_reached;
    auto const time = collection.snapshot.taken;
    auto findings = judged(collection);
    auto const restarts = reached ? health::restarts_of(m_state, collection.snapshot) : std::vector<Finding>();
    note_events(findings, restarts, time);
    if (reached) {
        m_trend.add(collection.snapshot, collection.asked);
        m_told_at = collection.asked;
        m_told = time;
    } else {
        m_trend.add_gap(collection.asked);
    }

    WatchData data;
    data.status.context = m_context;
    data.status.score_min = m_rules.thresholds.cluster_health_min;
    data.status.score =
        health::score_of(collection.snapshot, reached ? health::findings_of(collection.snapshot, m_rules) : findings);
    data.problem = reached ? std::string() : collection.why_not_reached->what();
    m_collected = serve::after(
        m_collected, {.snapshot = std::move(collection.snapshot), .problem = data.problem, .ended = collection.ended});
    auto const& snapshot = m_collected.latest->snapshot;
    data.queues_told = snapshot.queues.has_value();
    data.queues = queues_of(snapshot, findings, m_trend);
    data.status.snapshot = snapshot;
    data.status.snapshot.queues.reset();
    data.told_at = m_told_at;
    data.told = m_told;
    data.moments.assign(m_trend.moments().begin(), m_trend.moments().end());
    data.growth = m_trend.growth();
    data.events = m_events;
    m_findings = findings;
    data.status.findings = std::move(findings);
    return data;
}

} // namespace rmqha::cmd
