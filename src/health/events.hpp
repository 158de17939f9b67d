#pragma once

#include "health/findings.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace rmqha::health {

/// Something that has happened to a cluster, as told by two looks at it.
struct Event {
    enum class Kind { appeared, changed, gone };
    std::chrono::system_clock::time_point time{}; ///< of the look that saw it
    Kind kind = Kind::appeared;
    Severity severity = Severity::ok; ///< as it is now; of what is gone, as it was
    std::string code;
    std::string object;
    std::string evidence;   ///< empty when it is gone
    std::size_t others = 0; ///< objects besides this one to which the same has happened at once
};

/// What lies between the findings of two looks: findings of that code and object that came, went or became better or
/// worse, the worst first; such of one code and cause are one event. What was skipped is none. Pure.
std::vector<Event> events_of(std::vector<Finding> const& before, std::vector<Finding> const& now,
                             std::chrono::system_clock::time_point time);

} // namespace rmqha::health
