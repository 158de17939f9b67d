#pragma once

#include "management/types.hpp"

#include <string>
#include <vector>

namespace rmqha::queues {

/// Where a queue that exists is not as asked for.
struct Difference {
    std::string what;  ///< "type", or an argument's name
    std::string asked; ///< JSON text; empty: not asked for
    std::string there; ///< JSON text; empty: it has none
};

/// By name; the type first. Pure.
std::vector<Difference> differences_of(management::PolicyQueue const& asked, management::PolicyQueue const& there);

} // namespace rmqha::queues
