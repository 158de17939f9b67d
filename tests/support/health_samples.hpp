#pragma once

#include "health/answers.hpp"
#include "health/findings.hpp"
#include "health/snapshot.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace rmqha::test {

inline health::Asked answered_in(base::Duration took)
{
    return {health::Asked::Outcome::answered, {}, took};
}

/// Node r<number>@h<number> as everything is fine with it.
inline health::Node healthy_node(int number)
{
    std::string const digit = std::to_string(number);
    health::Node node;
    node.address = "h" + digit + ":5672";
    node.name = "r" + digit + "@h" + digit;
    node.amqp = node.management = node.metrics = answered_in(base::milliseconds(2));
    node.state = health::NodeState::running;
    node.version = "4.0.5";
    node.view = health::View{{"r1@h1", "r2@h2", "r3@h3"}, "management"};
    node.partitions.emplace();
    node.figures_source = "metrics";
    node.memory_used = 100U << 20U;
    node.memory_limit = 1000U << 20U;
    node.disk_free = 50'000U * (1ULL << 20U);
    node.disk_limit = 50U << 20U;
    node.fds_used = 50;
    node.fds_total = 1000;
    node.uptime = std::chrono::hours(3);
    node.connections = 4;
    node.memory_alarm = false;
    node.disk_alarm = false;
    node.stopped_vhosts.emplace();
    node.listening.emplace();
    return node;
}

/// A quorum queue with a member on each of the three nodes, led by r1.
inline health::Queue healthy_queue(std::string const& name)
{
    health::Queue queue;
    queue.vhost = "/";
    queue.name = name;
    queue.type = "quorum";
    queue.state = "running";
    queue.leader = "r1@h1";
    queue.members = queue.online = {"r1@h1", "r2@h2", "r3@h3"};
    queue.messages = queue.messages_ready = 0;
    queue.consumers = 1;
    return queue;
}

/// Three nodes, one queue, nothing to complain about.
inline health::Snapshot healthy_snapshot()
{
    health::Snapshot snapshot;
    snapshot.cluster_name = "prod";
    snapshot.took = base::milliseconds(42);
    snapshot.nodes = {healthy_node(1), healthy_node(2), healthy_node(3)};
    snapshot.running = {"r1@h1", "r2@h2", "r3@h3"};
    snapshot.queues = std::vector{healthy_queue("orders")};
    snapshot.queues_source = "management at h1:5672";
    snapshot.depths_source = "metrics";
    return snapshot;
}

/// Node `number` (from 1) gone, as its peers and we see it.
inline void take_down(health::Snapshot& snapshot, int number)
{
    health::Node& node = snapshot.nodes[static_cast<std::size_t>(number - 1)];
    node.state = health::NodeState::down;
    node.why = node.address + " refused; peers say it is not running";
    node.amqp = node.management = node.metrics = {health::Asked::Outcome::refused, "refused", base::milliseconds(1)};
    node.view.reset();
    node.figures_source.clear();
    node.memory_used = node.memory_limit = node.disk_free = node.disk_limit = node.fds_used = node.fds_total = {};
    node.uptime.reset();
    node.connections.reset();
    node.memory_alarm.reset();
    node.disk_alarm.reset();
    node.version.clear();
    snapshot.running.erase(node.name);
    for (health::Node& other : snapshot.nodes) {
        if (other.view) {
            other.view->running.erase(node.name);
        }
    }
}

/// The finding of this code, if there is exactly one.
inline health::Finding const* only(std::vector<health::Finding> const& findings, std::string const& code)
{
    auto const is = [&](health::Finding const& finding) { return finding.code == code; };
    auto const found = std::find_if(findings.begin(), findings.end(), is);
    bool const single = std::count_if(findings.begin(), findings.end(), is) == 1;
    return single ? &*found : nullptr;
}

} // namespace rmqha::test
