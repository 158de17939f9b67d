#include "cmd/monitor_rules.hpp"

#include "cmd/options.hpp"

#include <CLI/CLI.hpp>

namespace rmqha::cmd {

void add_rule_options(CLI::App& app, RuleOptions& options)
{
    app.add_flag("--end-to-end", options.end_to_end,
                 "send a message through every node and take it back, over a queue of its own");
    constexpr auto* k_group = "Thresholds, over those of the context";
    auto& defaults = options.defaults;
    for (auto* const option : {
             add_number(app, "--cluster-health-min", options.cluster_health_min, {0, 100},
                        "score below which a cluster is unhealthy (default 80)"),
             add_levels(app, "--memory-usage-max", options.memory_usage_max, config::k_percent_levels,
                        "percent of a node's high watermark: a warning from the first on, critical from the second "
                        "(default 85)"),
             add_levels(app, "--disk-usage-max", options.disk_usage_max, config::k_percent_levels,
                        "percent of a node's free disk space that the alarm's limit takes (default 90)"),
             add_number(app, "--descriptor-usage-max", defaults.descriptors_max, {1, 100},
                        "percent of a node's file descriptors, or sockets (default 85)"),
             add_levels(app, "--queue-backlog-max", options.queue_backlog_max, config::k_count_levels,
                        "messages in a queue (default 1000)"),
             add_levels(app, "--certificate-days-min", options.certificate_days_min, config::k_days_left_levels,
                        "days until a certificate expires: a warning from the first on downwards, critical from the "
                        "second (default 30,7)"),
             add_number(app, "--replica-lag-max", defaults.replica_lag_max, {0, INT64_MAX},
                        "log entries a member of a quorum queue may be behind its leader (default: not looked at)"),
             add_duration(app, "--end-to-end-max", defaults.end_to_end_max,
                          "time a message may take through a node and back, with --end-to-end (default 1s)"),
             add_number(app, "--replicas", defaults.replicas, {1, 100}, "copies every durable queue must have"),
             add_number(app, "--leader-skew-max", defaults.leaders_skew_max, {0, 1'000'000},
                        "percent by which a node may lead more queues than its share (default 50)"),
         }) {
        option->group(k_group);
    }
}

health::Rules rules_of(config::Settings const& settings, RuleOptions const& options)
{
    auto rules = options.defaults;
    rules.thresholds = settings.thresholds;
    auto& thresholds = rules.thresholds;
    thresholds.cluster_health_min = options.cluster_health_min.value_or(thresholds.cluster_health_min);
    thresholds.memory_usage_max = options.memory_usage_max.value_or(thresholds.memory_usage_max);
    thresholds.disk_usage_max = options.disk_usage_max.value_or(thresholds.disk_usage_max);
    thresholds.queue_backlog_max = options.queue_backlog_max.value_or(thresholds.queue_backlog_max);
    rules.certificate_days_min = options.certificate_days_min.value_or(rules.certificate_days_min);
    return rules;
}

std::vector<health::Check> checks_of(std::vector<std::string> const& names, RuleOptions const& options)
{
    auto checks = health::chosen_checks(names);
    if (options.end_to_end && !health::codes_of(checks).contains("END-TO-END")) {
        checks.push_back(health::chosen_checks({"end-to-end"}).front());
    }
    return checks;
}

} // namespace rmqha::cmd
