#pragma once

#include "health/answers.hpp"

#include <vector>

namespace rmqha::health {

/// What `snapshot` cannot tell and why, from the answers it was made of. Pure.
std::vector<Gap> gaps_of(Snapshot const& snapshot, Answers const& answers);

} // namespace rmqha::health
