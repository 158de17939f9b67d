#pragma once

#include "policy/effective.hpp"

#include <string>
#include <vector>

namespace rmqha::policy {

/// Something about policies that is likely not meant.
struct LintFinding {
    /// POLICY-TIE: same priority as another that matches the same queues. POLICY-NOT-APPLIED: has a key that queues it
    /// matches do not take. POLICY-KEY-UNUSED: has a key that does nothing. POLICY-SHADOWED: wins at no queue it
    /// matches. POLICY-NO-QUEUE: matches no queue. POLICY-INVALID: holds what no broker of today takes.
    /// POLICY-PATTERN: rmqha cannot read its pattern.
    std::string code;
    std::string vhost;
    std::string policy; ///< of a tie: the first by name
    PolicyKind kind = PolicyKind::policy;
    std::string text;
    std::string remedy; ///< a full sentence
};

/// Findings on all of the evaluator's policies with these queues, by vhost, policy and code. Policies that apply to
/// exchanges too may do their work there, so they are never told to match nothing.
std::vector<LintFinding> lint(Evaluator const& evaluator, std::vector<PolicyQueue> const& queues);

} // namespace rmqha::policy
