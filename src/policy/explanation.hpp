#pragma once

#include "policy/effective.hpp"

#include <optional>
#include <string>
#include <vector>

namespace rmqha::policy {

/// One key in force at a queue, and where its value comes from.
struct KeyOrigin {
    std::string key;
    std::string value;                    ///< in force, as JSON text
    std::optional<std::string> of_policy; ///< what the policy says
    std::optional<std::string> of_operator_policy;
    std::optional<std::string> of_queue; ///< its own argument x-KEY
    bool unused = false;                 ///< the queue's type makes nothing of it
};

/// Why a queue behaves as it does. The verdicts point into the evaluator.
struct Explanation {
    PolicyQueue queue;
    Effective effective;
    std::vector<KeyOrigin> keys;
    std::vector<Verdict> verdicts; ///< of both kinds, policies first
    /// False when the broker says something else is in force; its answers are up to 10 s old.
    bool broker_agrees = true;
};

Explanation explanation_of(Evaluator const& evaluator, PolicyQueue const& queue);

/// Why a policy is or is not in force: "highest priority", "outranked by \"x\" (priority 5)", ...
std::string reason_of(Verdict const& verdict, Explanation const& explanation);

/// What a key's sources mean together, in words; empty when there is nothing to say.
std::string note_of(KeyOrigin const& origin, std::string const& queue_type);

} // namespace rmqha::policy
