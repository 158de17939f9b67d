#include "audit/judging.hpp"
#include "audit/support_ends.hpp"

#include "base/units.hpp"

#include <fmt/format.h>

#include <map>

namespace rmqha::audit {
namespace {

/// Above it, what is left is too little for the system and for what the broker allocates before it notices. Source:
/// RabbitMQ's production checklist, which recommends 0.4 to 0.7.
constexpr double k_watermark_max = 0.7;
/// The default, which serves for development. Source: RabbitMQ's production checklist, which asks for as much as the
/// memory's high watermark at least.
constexpr std::uint64_t k_disk_default = 50'000'000;

constexpr auto* k_environment_remedy = "rabbitmqctl environment --formatter json | rmqha monitor audit --environment -";

} // namespace

Findings single_node(Facts const& facts)
{
    if (auto const* const problem = problem_of(facts.members)) {
        return {not_told("AUDIT-SINGLE-NODE", "the number of nodes", *problem)};
    }
    if (*value_of(facts.members) != 1) {
        return {};
    }
    return {{"AUDIT-SINGLE-NODE",
             Severity::warning,
             {"cluster"},
             1,
             "one node: nothing goes on when it fails",
             "add two: rabbitmqctl join_cluster, on each of them"}};
}

Findings nodes_even(Facts const& facts)
{
    if (auto const* const problem = problem_of(facts.members)) {
        return {not_told("AUDIT-NODES-EVEN", "the number of nodes", *problem)};
    }
    auto const members = *value_of(facts.members);
    if (members == 0 || members % 2 != 0) {
        return {};
    }
    auto const may_fail = members - (members / 2 + 1);
    return {{"AUDIT-NODES-EVEN",
             Severity::warning,
             {"cluster"},
             1,
             fmt::format("{} nodes: {} may fail before the majority is lost, no more than of {}; and halves have none",
                         members, may_fail == 0 ? "none" : std::to_string(may_fail), members - 1),
             "add a node (rabbitmqctl join_cluster), or take one away (rabbitmqctl forget_cluster_node)"}};
}

Findings partition_ignored(Facts const& facts)
{
    constexpr auto* k_code = "AUDIT-PARTITION-IGNORE";
    auto const* const members = value_of(facts.members);
    if (members != nullptr && *members == 1) {
        return {}; // nothing to be parted
    }
    if (auto const* const khepri = value_of(facts.khepri); khepri != nullptr && *khepri) {
        return {}; // whoever has the majority goes on
    }
    Seen ignoring;
    bool told = false;
    for (auto const& environment : facts.environments) {
        told = told || environment.partition_handling;
        if (environment.partition_handling == "ignore") {
            ignoring.add(environment.origin);
        }
    }
    if (!told) {
        return {skipped(k_code, "the broker does not tell it over HTTP; ask a node's own tools", k_environment_remedy)};
    }
    if (ignoring.empty()) {
        return {};
    }
    return {ignoring.finding(k_code, Severity::critical,
                             "cluster_partition_handling is ignore: both sides of a partition go on, and what one of "
                             "them took is lost when it is healed",
                             "cluster_partition_handling = pause_minority in each node's rabbitmq.conf, then restart "
                             "them one after the other")};
}

Findings memory_limit(Facts const& facts)
{
    constexpr auto* k_code = "AUDIT-MEMORY-LIMIT";
    if (facts.environments.empty()) {
        return {skipped(k_code,
                        "the broker tells its limit over HTTP, but not the machine's memory; ask a node's own "
                        "tools",
                        k_environment_remedy)};
    }
    Seen high;
    double highest = 0;
    for (auto const& environment : facts.environments) {
        if (environment.memory_watermark.value_or(0) > k_watermark_max) {
            high.add(environment.origin);
            highest = std::max(highest, *environment.memory_watermark);
        }
    }
    if (high.empty()) {
        return {};
    }
    return {high.finding(k_code, Severity::warning,
                         fmt::format("vm_memory_high_watermark is {:g} of the machine's memory (at most {:g}): the "
                                     "system kills the node before it holds publishers back",
                                     highest, k_watermark_max),
                         "vm_memory_high_watermark.relative = 0.6 in rabbitmq.conf; at once: rabbitmqctl "
                         "set_vm_memory_high_watermark 0.6")};
}

Findings disk_limit(Facts const& facts)
{
    constexpr auto* k_code = "AUDIT-DISK-LIMIT";
    Seen low;
    Seen unknown;
    std::uint64_t least = k_disk_default;
    for (auto const& node : facts.snapshot.nodes) {
        if (!node.disk_limit) {
            unknown.add(node.label());
        } else if (*node.disk_limit <= k_disk_default) {
            low.add(node.label());
            least = std::min(least, *node.disk_limit);
        }
    }
    Findings findings;
    if (!low.empty()) {
        findings.push_back(low.finding(
            k_code, Severity::warning,
            fmt::format("disk_free_limit is {}: the disk is full before publishers are held back",
                        base::format_size(least)),
            "disk_free_limit.relative = 1.0 in rabbitmq.conf; at once: rabbitmqctl set_disk_free_limit mem_relative "
            "1.0"));
    }
    if (!unknown.empty()) {
        findings.push_back(
            unknown.finding(k_code, Severity::unknown, "no figures of the disk", "see rmqha monitor status --explain"));
    }
    return findings;
}

Findings version_ended(Facts const& facts)
{
    constexpr auto* k_code = "AUDIT-VERSION-EOL";
    std::map<std::string, Seen> versions;
    Seen unknown;
    for (auto const& node : facts.snapshot.nodes) {
        node.version.empty() ? unknown.add(node.label()) : versions[node.version].add(node.label());
    }
    Findings findings;
    for (auto const& [version, nodes] : versions) {
        auto const support = support_of(version);
        if (!support.ends) {
            findings.push_back(nodes.finding(k_code, Severity::skipped,
                                             fmt::format("when the support of RabbitMQ {} ends is not known to this "
                                                         "rmqha; see https://www.rabbitmq.com/release-information",
                                                         version),
                                             {}));
        } else if (facts.now >= *support.ends + std::chrono::days(1)) {
            findings.push_back(nodes.finding(
                k_code, Severity::warning,
                fmt::format("RabbitMQ {}: community support of {} ended on {}", version, support.series,
                            base::format_time(*support.ends).substr(0, std::string_view("2026-01-31").size())),
                "upgrade, series by series: https://www.rabbitmq.com/docs/upgrade"));
        }
    }
    if (!unknown.empty()) {
        findings.push_back(unknown.finding(k_code, Severity::unknown, "its version is not known",
                                           "see rmqha monitor status --explain"));
    }
    return findings;
}

} // namespace rmqha::audit
