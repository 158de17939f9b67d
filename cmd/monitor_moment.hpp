#pragma once

#include "cmd/monitor_snapshot.hpp"
#include "base/error.hpp"
#include "moments/moment.hpp"

#include <optional>

namespace rmqha::cmd {

/// The cluster as it is now, as `monitor record` keeps it and `monitor diff` compares it: judged by the context's
/// thresholds. Not thread-safe.
class Moments {
public:
    struct Options {
        bool queues = true;
    };
    Moments(Context& context, Options const& options);

    /// Throws as Snapshots does.
    moments::Moment take(base::TimePoint deadline);
    /// Why nobody could be asked the last time; nothing when somebody answered.
    std::optional<base::Error> const& not_reached() const noexcept { return m_not_reached; }

private:
    Context& m_context;
    Snapshots m_snapshots;
    std::optional<base::Error> m_not_reached;
};

} // namespace rmqha::cmd
