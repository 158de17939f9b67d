#pragma once

#include "health/snapshot.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace rmqha::serve {

/// What one collection brought.
struct Collection {
    health::Snapshot snapshot;
    std::string problem; ///< why nobody told anything of the cluster; empty when somebody did
    base::TimePoint ended{};
};

/// What the collections so far have brought. A value: all that is served is a function of it and of the time.
struct Collected {
    std::uint64_t collections = 0; ///< so far
    std::uint64_t failures = 0;    ///< of them, those that reached nobody
    /// Nothing before the first has ended. When it reached nobody, its states are joined by the figures, queues and
    /// names last told.
    std::optional<Collection> latest;
    std::optional<base::TimePoint> told_at;         ///< when the cluster was last reached
    std::map<std::string, base::TimePoint> drained; ///< by label: when a node was last seen in maintenance
    std::string metrics;                            ///< of the cluster, as Prometheus reads them

    /// The figures are older than the states.
    bool stale() const { return latest && !latest->problem.empty(); }
};

/// `before` and one more. Pure; leaves the metrics empty.
Collected after(Collected const& before, Collection collection);

/// The node of this Erlang name or host:port; null when there is none.
health::Node const* find_node(health::Snapshot const& snapshot, std::string const& name);

/// True when nobody was reached and nobody so much as refused: the fault may well be between here and the cluster, and
/// what nodes are like is not known. Pure.
bool cut_off(Collection const& collection);

/// The latest Collected, for one writer and many readers. Thread-safe.
class Board {
public:
    void put(Collected collected);
    std::shared_ptr<Collected const> get() const;

private:
    mutable std::mutex m_mutex;
    std::shared_ptr<Collected const> m_collected = std::make_shared<Collected const>();
};

} // namespace rmqha::serve
