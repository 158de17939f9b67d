#pragma once

#include "config/settings.hpp"
#include "health/collect.hpp"

#include <map>
#include <memory>

namespace rmqha::cmd {

class Context;

struct SnapshotOptions {
    base::milliseconds default_deadline = std::chrono::seconds(10); ///< when no --deadline says otherwise
    base::milliseconds kept_back{0};                                ///< of it, for what comes after
    bool queues = true;                                             ///< ask for queues too
    bool replica_lag = false;                                       ///< and how far their members are
    bool operator_policies = false;                                 ///< ask for these too
    bool end_to_end = false;                                        ///< send a message through every node
};

/// Kept back from a command's deadline for judging and showing what came.
inline constexpr base::milliseconds k_last_words{200};

/// Whom to ask and how to get in; without a deadline.
health::CollectOptions collect_options(Context& context, SnapshotOptions const& options);

/// Asks the context's nodes everything, as often as wanted: over connections kept open, and with the names they had
/// when they told them, so that a node is called the same when nobody answers for it. Not thread-safe.
class Snapshots {
public:
    Snapshots(Context& context, SnapshotOptions const& options);

    /// One picture of all answers, by the deadline. Throws Interrupted, and Error(config) for unusable settings; nodes
    /// that do not answer are part of the picture.
    health::Snapshot take(base::TimePoint deadline);

private:
    Context& m_context;
    health::CollectOptions m_collecting;
    std::unique_ptr<http::Transport> m_transport;
    std::map<std::string, std::string> m_names; ///< by address
};

/// One picture, a little before the command's deadline. Throws as Snapshots does.
health::Snapshot take_snapshot(Context& context, SnapshotOptions const& options);

/// How metrics call the cluster: the context, else the first node's address.
std::string cluster_label(config::Settings const& settings);

} // namespace rmqha::cmd
