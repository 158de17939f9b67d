#pragma once

#include "health/checks.hpp"

#include <optional>

namespace CLI {
class App;
}

namespace rmqha::cmd {

/// What a monitor command's own options say of when a figure is worth a finding.
struct RuleOptions {
    std::optional<int> cluster_health_min;
    std::optional<config::Levels> queue_backlog_max;
    std::optional<config::Levels> memory_usage_max;
    std::optional<config::Levels> disk_usage_max;
    std::optional<config::Levels> certificate_days_min;
    bool end_to_end = false; ///< send a message through every node
    health::Rules defaults;  ///< for what no context says; options of these are read right into it
};

/// Adds them under a heading of their own. `options` must live as long as the app.
void add_rule_options(CLI::App& app, RuleOptions& options);

/// The options over the context's thresholds over the defaults.
health::Rules rules_of(config::Settings const& settings, RuleOptions const& options);

/// The checks of these names, see health::chosen_checks, and what the options ask for besides.
std::vector<health::Check> checks_of(std::vector<std::string> const& names, RuleOptions const& options);

} // namespace rmqha::cmd
