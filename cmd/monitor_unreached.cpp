#include "cmd/monitor_unreached.hpp"

#include "health/report.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rmqha::cmd {

std::optional<base::Error> why_not_reached(health::Snapshot const& snapshot)
{
    using Outcome = health::Asked::Outcome;
    bool answered = false;
    bool alive = false;
    bool denied = false;
    bool in_time = false;
    std::vector<std::pair<std::string, std::string>> reasons; // and who has it
    for (health::Node const& node : snapshot.nodes) {
        for (health::Asked const* asked : {&node.amqp, &node.management}) {
            answered = answered || asked->answered();
            denied = denied || asked->outcome == Outcome::denied;
        }
        alive = alive || node.metrics.answered();
        in_time = in_time || (node.amqp.outcome != Outcome::silent && node.amqp.outcome != Outcome::timed_out);
        auto const same = std::find_if(reasons.begin(), reasons.end(),
                                       [&](auto const& reason) { return reason.first == node.amqp.reason; });
        if (same != reasons.end()) {
            same->second += ", " + node.address;
        } else {
            reasons.emplace_back(node.amqp.reason, node.address);
        }
    }
    if (answered || (alive && !denied)) {
        return std::nullopt;
    }
    std::vector<std::string> told;
    for (auto const& [reason, who] : reasons) {
        told.push_back(fmt::format("{} {}", who, reason.substr(0, reason.find_last_not_of('.') + 1)));
    }
    std::string const why = fmt::format("{}", fmt::join(told, "; "));
    if (denied) {
        return base::Error(base::ExitCode::denied, fmt::format("all nodes refuse this user: {}", why),
                           "Give the credentials with --user and --password-file, or RMQHA_PASSWORD.");
    }
    auto const code = in_time ? base::ExitCode::unavailable : base::ExitCode::timeout;
    return base::Error(code, fmt::format("cannot reach any of {} nodes: {}", snapshot.nodes.size(), why),
                       "Check the addresses given with --node, and that the brokers run.");
}

void fail_unless_reached(health::Snapshot const& snapshot)
{
    if (auto const why = why_not_reached(snapshot)) {
        throw base::Error(*why);
    }
}

health::Finding not_checked(base::Error const& error, std::vector<health::Check> const& checks)
{
    health::Finding finding{
        "NOT-CHECKED", health::Severity::unknown, health::k_check_itself, error.what(), error.hint(), "check"};
    auto const codes = health::codes_of(checks);
    finding.also.assign(codes.begin(), codes.end());
    return finding;
}

health::Finding unreachable(base::Error const& error, health::Severity severity,
                            std::vector<health::Check> const& checks)
{
    auto finding = not_checked(error, checks);
    finding.code = "UNREACHABLE";
    finding.object = "cluster";
    finding.severity = severity;
    return finding;
}

} // namespace rmqha::cmd
