#pragma once

#include "moments/moment.hpp"

#include <string>
#include <vector>

namespace rmqha::moments {

/// One thing that is not as it was.
struct Change {
    std::string what; ///< "cluster", "node", "version", "alarm", "finding", "leader", "members", "queue", "policy"
    std::string object;
    std::string before; ///< empty: it was not there
    std::string after;  ///< empty: it is gone
};

struct Difference {
    std::vector<Change> changes;           ///< in the order of `what` above
    std::vector<std::string> not_compared; ///< "queues: not told at the first moment"

    bool empty() const noexcept { return changes.empty(); }
};

/// What is known of both moments and differs. Figures such as messages, which always do, are left out. Pure.
Difference difference_of(Moment const& before, Moment const& after);

} // namespace rmqha::moments
