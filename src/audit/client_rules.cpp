#include "audit/judging.hpp"

#include "base/units.hpp"

#include <fmt/format.h>

#include <map>
#include <set>

namespace rmqha::audit {
namespace {

constexpr std::size_t k_connections_many = 5; ///< fewer may be on one node by chance

bool speaks_amqp(management::ClientConnection const& connection)
{
    return connection.protocol.starts_with("AMQP");
}

using QueueKey = std::pair<std::string, std::string>; ///< vhost and name

/// Consumers that the broker pushes everything to, by queue.
std::map<QueueKey, std::size_t> unlimited_of(Facts const& facts)
{
    std::set<std::string> limited_channels;
    for (auto const& channel : *value_of(facts.channels)) {
        if (channel.global.value_or(0) > 0) {
            limited_channels.insert(channel.name);
        }
    }
    std::map<QueueKey, std::size_t> unlimited;
    for (auto const& consumer : *value_of(facts.consumers)) {
        if (consumer.prefetch == 0U && !limited_channels.contains(consumer.channel)) {
            ++unlimited[{consumer.vhost, consumer.queue}];
        }
    }
    return unlimited;
}

} // namespace

bool is_of_monitoring(management::ClientConnection const& connection)
{
    return connection.product == "rmqha" && connection.given_name.starts_with("rmqha monitor");
}

Findings connections_on_one_node(Facts const& facts)
{
    constexpr auto* k_code = "AUDIT-CONNECTIONS-ONE-NODE";
    if (auto const* const problem = problem_of(facts.connections)) {
        return {not_told(k_code, "connections", *problem)};
    }
    std::set<std::string> nodes;
    std::size_t count = 0;
    for (auto const& connection : *value_of(facts.connections)) {
        if (!connection.node.empty() && !is_of_monitoring(connection)) {
            nodes.insert(connection.node);
            ++count;
        }
    }
    if (nodes.size() != 1 || count < k_connections_many || facts.snapshot.running.size() < 2) {
        return {};
    }
    return {{k_code,
             Severity::warning,
             {*nodes.begin()},
             1,
             fmt::format("has all {} client connections: all are lost at once when it fails", count),
             "give clients all nodes to choose from, or a load balancer (rmqha monitor serve --agent-listen)"}};
}

Findings heartbeat_off(Facts const& facts)
{
    constexpr auto* k_code = "AUDIT-HEARTBEAT-OFF";
    Findings findings;
    Seen off;
    for (auto const& environment : facts.environments) {
        if (environment.heartbeat == 0U) {
            off.add(environment.origin);
        }
    }
    if (!off.empty()) {
        findings.push_back(off.finding(k_code, Severity::warning,
                                       "heartbeat is 0: the broker suggests none to its clients",
                                       "heartbeat = 60 in rabbitmq.conf"));
    }
    if (auto const* const problem = problem_of(facts.connections)) {
        findings.push_back(not_told(k_code, "connections", *problem));
        return findings;
    }
    Seen seen;
    Seen unknown;
    for (auto const& connection : *value_of(facts.connections)) {
        if (!speaks_amqp(connection)) {
            continue;
        }
        auto label =
            fmt::format("connection \"{}\" of user \"{}\"",
                        connection.given_name.empty() ? connection.name : connection.given_name, connection.user);
        if (!connection.timeout) {
            unknown.add(std::move(label));
        } else if (*connection.timeout == 0) {
            seen.add(std::move(label));
        }
    }
    if (!seen.empty()) {
        findings.push_back(seen.finding(k_code, Severity::warning,
                                        "no heartbeat: neither side notices when the other is gone without a word, "
                                        "for hours",
                                        "have the client ask for 10 to 60 seconds, not 0"));
    }
    if (!unknown.empty()) {
        findings.push_back(unknown.finding(k_code, Severity::unknown, "the broker does not tell its heartbeat",
                                           "ask again: of connections just opened it comes after some seconds"));
    }
    return findings;
}

Findings prefetch_unlimited(Facts const& facts)
{
    constexpr auto* k_code = "AUDIT-PREFETCH";
    if (auto const* const problem = problem_of(facts.consumers)) {
        return {not_told(k_code, "consumers", *problem)};
    }
    if (auto const* const problem = problem_of(facts.channels)) {
        return {not_told(k_code, "channels", *problem)};
    }
    auto const unlimited = unlimited_of(facts);
    if (unlimited.empty()) {
        return {};
    }
    if (!facts.snapshot.queues) {
        return {
            not_told(k_code, "the depth of queues", {management::Problem::Kind::failed, facts.snapshot.queues_source})};
    }
    std::map<QueueKey, std::optional<std::uint64_t>> depths;
    for (auto const& queue : *facts.snapshot.queues) {
        depths[{queue.vhost, queue.name}] = queue.messages;
    }
    Seen seen;
    Seen unknown;
    std::size_t consumers = 0;
    for (auto const& [key, count] : unlimited) {
        auto label = fmt::format("queue \"{}\" in vhost \"{}\"", key.second, key.first);
        auto const depth = depths.find(key);
        if (depth == depths.end()) {
            continue; // gone meanwhile, or just come
        }
        if (!depth->second) {
            unknown.add(std::move(label));
        } else if (*depth->second > facts.deep) {
            consumers += count;
            seen.add(std::move(label));
        }
    }
    Findings findings;
    if (!seen.empty()) {
        findings.push_back(seen.finding(
            k_code, Severity::warning,
            fmt::format("more than {} messages, and {} without a prefetch limit: the broker pushes all of them there, "
                        "and they come again when it is lost",
                        base::format_count(facts.deep), counted(consumers, "consumer")),
            "have the client set a prefetch (basic.qos) of 10 to 300"));
    }
    if (!unknown.empty()) {
        findings.push_back(unknown.finding(k_code, Severity::unknown, "how deep it is is not known",
                                           "see rmqha monitor status --explain"));
    }
    return findings;
}

} // namespace rmqha::audit
