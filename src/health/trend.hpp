#pragma once

#include "health/snapshot.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace rmqha::health {

/// What one snapshot adds to the history of a cluster's figures.
struct Moment {
    base::TimePoint asked{};
    /// Per second since the snapshot before, over all nodes; nothing when no node told both times.
    std::optional<double> published;
    std::optional<double> delivered;
    std::optional<double> acknowledged;
    bool some_nodes_only = false; ///< of the rates: a node that is not down did not tell, or has been restarted
    std::optional<std::uint64_t> messages; ///< in all queues whose depth is known; nothing when none is
};

/// The figures of a cluster over time, as far as a live page shows them. A value.
class Trend {
public:
    /// `asked` is when the collection began: the counters are of that time, however long others kept it waiting.
    void add(Snapshot const& snapshot, base::TimePoint asked);
    /// Nobody told anything this time.
    void add_gap(base::TimePoint asked);

    /// The last ones, the latest last; at most k_most.
    std::deque<Moment> const& moments() const noexcept { return m_moments; }

    // By how many messages per second all queues, or one, grew (below 0: shrank) since about k_window ago: brokers
    // count a queue's messages every 5 s only, so that from one snapshot to the next they would stand still and leap.
    // Nothing when it was not there, or not counted, at either end.
    std::optional<double> growth() const;
    std::optional<double> growth(std::string const& vhost, std::string const& name) const;

    static constexpr std::size_t k_most = 512;
    static constexpr base::Duration k_window = std::chrono::seconds(10);

private:
    struct Depths {
        base::TimePoint asked;
        std::map<std::pair<std::string, std::string>, std::uint64_t> of_queue;
    };

    void keep(Moment moment);

    std::deque<Moment> m_moments;
    std::deque<Depths> m_depths;                                   ///< those within the window and the one before it
    std::map<std::string, management::MessageCounters> m_counters; ///< by node, of the last snapshot
};

} // namespace rmqha::health
