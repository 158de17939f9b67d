#pragma once

#include "cmd/monitor_page.hpp"
#include "queues/listing.hpp"

#include "base/error.hpp"
#include "health/check_state.hpp"
#include "health/checks.hpp"
#include "health/events.hpp"
#include "health/trend.hpp"
#include "serve/collected.hpp"

#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace rmqha::cmd {

struct WatchQueue {
    queues::Listed listed;
    std::optional<double> growth; ///< messages per second
};

/// What a live page shows, as of one collection. A value.
struct WatchData {
    Status status;                          ///< without queues: they are below
    std::string problem;                    ///< why nobody told anything; then all but states is what was told last
    std::optional<base::TimePoint> told_at; ///< when the figures were asked for; nothing: none have come yet
    std::optional<std::chrono::system_clock::time_point> told; ///< the same for people
    bool queues_told = false;
    std::vector<WatchQueue> queues; ///< by vhost and name
    std::vector<health::Moment> moments;
    std::optional<double> growth;     ///< messages per second in all queues
    std::deque<health::Event> events; ///< the latest first
};

/// One collection as it came.
struct WatchCollection {
    health::Snapshot snapshot;
    std::optional<base::Error> why_not_reached; ///< nothing when somebody told something
    base::TimePoint asked{};                    ///< when it began
    base::TimePoint ended{};
};

/// What collections have brought so far: each makes of it what the page shows. Not thread-safe.
class WatchHistory {
public:
    WatchHistory(std::string context, health::Rules rules, std::vector<health::Check> checks)
        : m_context(std::move(context)), m_rules(std::move(rules)), m_checks(std::move(checks))
    {
    }

    WatchData add(WatchCollection collection);

    static constexpr std::size_t k_most_events = 500;

private:
    std::vector<health::Finding> judged(WatchCollection const& collection);
    void note_events(std::vector<health::Finding> const& findings, std::vector<health::Finding> const& restarts,
                     std::chrono::system_clock::time_point time);

    std::string m_context;
    health::Rules m_rules;
    std::vector<health::Check> m_checks;
    health::CheckState m_state;
    serve::Collected m_collected;
    std::optional<base::TimePoint> m_told_at;
    std::optional<std::chrono::system_clock::time_point> m_told;
    std::optional<std::vector<health::Finding>> m_findings; ///< of the collection before; nothing: there was none
    health::Trend m_trend;
    std::deque<health::Event> m_events;
};

} // namespace rmqha::cmd
