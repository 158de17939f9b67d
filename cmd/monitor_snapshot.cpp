#include "cmd/monitor_snapshot.hpp"

#include "cmd/command.hpp"

#include "amqp/connection.hpp"
#include "base/stop.hpp"
#include "health/collect.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rmqha::cmd {
namespace {

/// Kept back from the deadline for judging and showing what came.
constexpr base::milliseconds k_last_words{200};

} // namespace

health::Snapshot take_snapshot(Context& context, SnapshotOptions const& options)
{
    auto const& settings = context.settings();
    base::TimePoint const start = context.clock.now();
    base::TimePoint const deadline = context.deadline(options.default_deadline) - k_last_words;

    amqp::OpenOptions login;
    login.credentials = context.credentials();
    login.vhost = settings.vhost;
    login.connection_name = "rmqha monitor";
    login.heartbeat = settings.heartbeat;

    health::CollectOptions collecting;
    collecting.nodes = settings.nodes;
    collecting.access = {context.credentials(), settings.tls, settings.connection_timeout};
    collecting.log_in = health::amqp_login(login, settings.tls, context.stop);
    collecting.deadline = deadline;
    collecting.queues = options.queues;

    auto const transport = http::make_curl_transport();
    auto const taken = context.clock.wall();
    auto snapshot = health::assemble(health::collect(collecting, *transport, context.stop));
    snapshot.taken = taken;
    snapshot.took = context.clock.now() - start;
    return snapshot;
}

void fail_unless_reached(health::Snapshot const& snapshot)
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
        return;
    }
    std::vector<std::string> told;
    for (auto const& [reason, who] : reasons) {
        told.push_back(fmt::format("{} {}", who, reason.substr(0, reason.find_last_not_of('.') + 1)));
    }
    std::string const why = fmt::format("{}", fmt::join(told, "; "));
    if (denied) {
        throw base::Error(base::ExitCode::denied, fmt::format("all nodes refuse this user: {}", why),
                          "Give the credentials with --user and --password-file, or RMQHA_PASSWORD.");
    }
    auto const code = in_time ? base::ExitCode::unavailable : base::ExitCode::timeout;
    throw base::Error(code, fmt::format("cannot reach any of {} nodes: {}", snapshot.nodes.size(), why),
                      "Check the addresses given with --node, and that the brokers run.");
}

} // namespace rmqha::cmd
