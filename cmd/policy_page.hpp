#pragma once

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

/// A definition in one line: "max-length 100, overflow reject-publish".
std::string line_of(policy::PolicyDefinition const& definition);
/// A priority as it was written: 5, not 5.0.
std::string priority_text(double priority);

/// A table of policies, one per line.
std::string policies_page(std::vector<policy::Policy> const& policies, PolicyLayout const& layout);
/// Everything of one policy.
std::string policy_page(policy::Policy const& policy);
/// What would be done, and what it does to the queues.
std::string plan_page(policy::Plan const& plan, PolicyLayout const& layout);

/// A whole number as one, others with their fraction.
nlohmann::ordered_json number_json(double number);
nlohmann::ordered_json policy_json(policy::Policy const& policy);
nlohmann::ordered_json effective_json(policy::Effective const& effective);
nlohmann::ordered_json definition_json(policy::PolicyDefinition const& definition);
nlohmann::ordered_json plan_json(policy::Plan const& plan);

} // namespace rmqha::cmd
