#pragma once

#include "health/snapshot.hpp"

namespace rmqha::cmd {

class Context;

struct SnapshotOptions {
    base::milliseconds default_deadline = std::chrono::seconds(10); ///< when no --deadline says otherwise
    bool queues = true;                                             ///< ask for queues too
};

/// Asks the context's nodes everything and makes one picture of it, a little before the command's deadline. Throws
/// Interrupted, and Error(config) for unusable settings; nodes that do not answer are part of the picture.
health::Snapshot take_snapshot(Context& context, SnapshotOptions const& options);

/// Throws the error that ends a command when there is no cluster to tell of: nobody answered, nobody in time, or nobody
/// lets this user in.
void fail_unless_reached(health::Snapshot const& snapshot);

} // namespace rmqha::cmd
