#pragma once

#include "audit/facts.hpp"

#include "health/findings.hpp"

#include <string>
#include <vector>

namespace rmqha::audit {

using health::Severity;

/// What one rule has to say. Of many objects with the same fault the first few are named and all are counted.
struct Finding {
    std::string code; ///< stable: AUDIT-NODES-EVEN, ...
    Severity severity = Severity::warning;
    std::vector<std::string> objects; ///< at most k_most_named, in order
    std::size_t count = 1;            ///< of all objects
    std::string evidence;
    std::string remedy; ///< a command where there is one
};

inline constexpr std::size_t k_most_named = 5;     ///< objects in one finding
inline constexpr std::size_t k_most_findings = 10; ///< findings of one rule; those beyond are told as one

struct Rule {
    std::string code;
    std::string about; ///< in a few words, what is found
    std::vector<Finding> (*judge)(Facts const& facts);
    bool by_vhost = false; ///< sees only what the user may see: vhosts hidden from it leave the rule UNKNOWN
};

/// All rules, as they are told: the cluster, policies, queues, access, clients.
std::vector<Rule> const& rules();

/// Those but the ones skipped. Throws Error(usage) for a code there is not, naming the nearest.
std::vector<Rule> rules_without(std::vector<std::string> const& skipped);

/// What these rules find, the worst first. What could not be asked is UNKNOWN, what this broker does not tell is
/// SKIPPED; a rule that says nothing has looked and found nothing. Pure.
std::vector<Finding> findings_of(Facts const& facts, std::vector<Rule> const& chosen);

/// How one rule came out: its worst finding, OK when it has none.
Severity state_of(Rule const& rule, std::vector<Finding> const& findings);

} // namespace rmqha::audit
