#pragma once

#include "config/settings.hpp"
#include "health/snapshot.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rmqha::health {

/// From good to bad. A cluster is as bad as its worst finding.
enum class Severity { ok, skipped, unknown, warning, critical };

std::string_view to_string(Severity severity); ///< "OK", "SKIPPED", "UNKNOWN", "WARNING", "CRITICAL"

struct Finding {
    std::string code; ///< stable: NODE-DOWN, QUEUE-CRITICAL, ...
    Severity severity = Severity::ok;
    std::string object;              ///< node, "queue \"q\" in vhost \"v\"", or "cluster"
    std::string evidence;            ///< what was seen, with figure and threshold
    std::string remedy;              ///< a command where there is one
    std::string cause;               ///< findings of one cause cost their points once; see score.hpp
    std::optional<double> value{};   ///< the figure, where the finding is about one
    std::optional<double> limit{};   ///< the threshold it broke
    std::string unit{};              ///< of both: "percent", "messages", "replicas", "members", "leaders", "points"
    std::vector<std::string> also{}; ///< UNKNOWN and SKIPPED: further codes that could not be looked for
};

/// Which of a figure's two levels it has reached.
struct BrokenLevel {
    Severity severity = Severity::warning;
    std::int64_t limit = 0;
};
/// Nothing below the lower one.
std::optional<BrokenLevel> broken_level(double value, config::Levels const& levels);

struct Rules {
    config::Thresholds thresholds;
    base::milliseconds end_to_end_max = std::chrono::seconds(1); ///< for a message through a node and back
    int replicas = 0;         ///< copies every durable queue must have; 0: what policy and arguments ask for
    int descriptors_max = 85; ///< percent of a node's file descriptors
    config::Levels certificate_days_min{30, 7}; ///< days left until a certificate expires
    std::optional<std::int64_t>
        replica_lag_max;          ///< log entries a member of a quorum queue may be behind; not judged unless given
    int leaders_skew_max = 50;    ///< percent by which a node may lead more queues than its equal share
    int leaders_skew_queues = 10; ///< and by how many queues at least, so that small clusters do not nag
};

/// Everything there is to say about the cluster, the worst first; within one severity nodes, then queues. Pure.
std::vector<Finding> findings_of(Snapshot const& snapshot, Rules const& rules);

/// The part that is about no single node or queue. Appends.
void add_cluster_findings(Snapshot const& snapshot, std::vector<Finding>& findings);

/// The queues' part of it, in the queues' order.
std::vector<Finding> queue_findings_of(Snapshot const& snapshot, Rules const& rules);

/// `queue "q" in vhost "v"`: how findings name a queue.
std::string queue_label(management::Queue const& queue);

/// `text` as one word of a shell command: quoted when a shell would take it apart.
std::string shell_word(std::string const& text);

} // namespace rmqha::health
