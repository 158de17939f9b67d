#pragma once

#include "policy/explanation.hpp"
#include "policy/lint.hpp"
#include "policy/plan.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace rmqha::cmd {

/// How a page is laid out.
struct PolicyLayout {
    int width = 80;
    bool color = false;
};

/// A value without the quotes that JSON has around a string.
std::string plain_value(std::string const& json);
/// A definition in one line: "max-length 100, overflow reject-publish".
std::string line_of(policy::PolicyDefinition const& definition);
/// A priority as it was written: 5, not 5.0.
std::string priority_text(double priority);

/// A table of policies, one per line.
std::string policies_page(std::vector<policy::Policy> const& policies, PolicyLayout const& layout);
/// Everything of one policy.
std::string policy_page(policy::Policy const& policy);
/// What is in force at a queue, where from, and what became of every policy.
std::string explanation_page(policy::Explanation const& explanation, PolicyLayout const& layout);
std::string lint_page(std::vector<policy::LintFinding> const& findings);
/// What would be done, and what it does to the queues.
std::string plan_page(policy::Plan const& plan, PolicyLayout const& layout);

nlohmann::ordered_json policy_json(policy::Policy const& policy);
nlohmann::ordered_json effective_json(policy::Effective const& effective);
nlohmann::ordered_json definition_json(policy::PolicyDefinition const& definition);
nlohmann::ordered_json explanation_json(policy::Explanation const& explanation);
nlohmann::ordered_json lint_json(std::vector<policy::LintFinding> const& findings);
nlohmann::ordered_json plan_json(policy::Plan const& plan);

} // namespace rmqha::cmd
