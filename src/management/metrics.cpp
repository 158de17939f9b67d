#include "management/answer.hpp"
#include "management/problem.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string_view>

namespace rmqha::management {
namespace {

/// One line of the Prometheus text format: name{label="value",...} number.
struct Sample {
    std::string_view name;
    std::map<std::string, std::string> labels;
    double value = 0;
};

/// Reads {label="value",...} and moves `line` past it. False when it is not one.
bool take_labels(std::string_view& line, std::map<std::string, std::string>& labels)
{
    line.remove_prefix(1);
    while (!line.empty() && line.front() != '}') {
        auto const equals = line.find("=\"");
        if (equals == std::string_view::npos) {
            return false;
        }
        std::string const key(line.substr(0, equals));
        line.remove_prefix(equals + 2);
        std::string value;
        while (!line.empty() && line.front() != '"') {
            if (line.front() == '\\' && line.size() > 1) {
                line.remove_prefix(1);
                value += line.front() == 'n' ? '\n' : line.front();
            } else {
                value += line.front();
            }
            line.remove_prefix(1);
        }
        line.remove_prefix(std::min<std::size_t>(1, line.size()));
        line.remove_prefix(!line.empty() && line.front() == ',' ? 1 : 0);
        labels[key] = value;
    }
    line.remove_prefix(std::min<std::size_t>(1, line.size()));
    return true;
}

/// Calls `use` for every sample whose name `wanted` lets pass.
template <typename Wanted, typename Use>
void for_each_sample(std::string_view text, Wanted wanted, Use use)
{
    while (!text.empty()) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        auto const end = std::min(line.find_first_of("{ "), line.size());
        Sample sample;
        sample.name = line.substr(0, end);
        if (line.empty() || line.front() == '#' || !wanted(sample.name)) {
            continue;
        }
        line.remove_prefix(end);
        if (!line.empty() && line.front() == '{' && !take_labels(line, sample.labels)) {
            continue;
        }
        sample.value = std::strtod(std::string(line).c_str(), nullptr);
        if (std::isfinite(sample.value)) {
            use(sample);
        }
    }
}

std::uint64_t whole(double value)
{
    return value > 0 ? static_cast<std::uint64_t>(value) : 0;
}

/// There is one sample per protocol and type of queue.
void count(Metrics& metrics, std::string_view what, std::uint64_t messages)
{
    auto& counters = metrics.counters;
    if (what == "received_total") {
        counters.emplace(counters.value_or(MessageCounters{})).published += messages;
    } else if (what == "delivered_total") {
        counters.emplace(counters.value_or(MessageCounters{})).delivered += messages;
    } else if (what == "acknowledged_total") {
        counters.emplace(counters.value_or(MessageCounters{})).acknowledged += messages;
    }
}

void take(Metrics& metrics, Sample& sample)
{
    constexpr std::string_view k_counters = "rabbitmq_global_messages_";
    std::string_view const name = sample.name;
    if (name.starts_with(k_counters)) {
        count(metrics, name.substr(k_counters.size()), whole(sample.value));
        return;
    }
    if (name == "rabbitmq_identity_info") {
        metrics.node = sample.labels["rabbitmq_node"];
        metrics.cluster_name = sample.labels["rabbitmq_cluster"];
        metrics.cluster_id = sample.labels["rabbitmq_cluster_permanent_id"];
    } else if (name == "rabbitmq_build_info") {
        metrics.version = sample.labels["rabbitmq_version"];
    } else if (name == "erlang_vm_dist_node_state") {
        constexpr double k_up = 3;
        if (sample.value == k_up) {
            metrics.connected.push_back(sample.labels["peer"]);
        }
    } else if (name == "rabbitmq_alarms_memory_used_watermark") {
        metrics.memory_alarm = sample.value > 0;
    } else if (name == "rabbitmq_alarms_free_disk_space_watermark") {
        metrics.disk_alarm = sample.value > 0;
    } else if (name == "rabbitmq_process_resident_memory_bytes") {
        metrics.memory_used = whole(sample.value);
    } else if (name == "rabbitmq_resident_memory_limit_bytes") {
        metrics.memory_limit = whole(sample.value);
    } else if (name == "rabbitmq_disk_space_available_bytes") {
        metrics.disk_free = whole(sample.value);
    } else if (name == "rabbitmq_disk_space_available_limit_bytes") {
        metrics.disk_limit = whole(sample.value);
    } else if (name == "rabbitmq_process_open_fds") {
        metrics.fds_used = whole(sample.value);
    } else if (name == "rabbitmq_process_max_fds") {
        metrics.fds_total = whole(sample.value);
    } else if (name == "rabbitmq_process_open_tcp_sockets") {
        metrics.sockets_used = whole(sample.value);
    } else if (name == "rabbitmq_process_max_tcp_sockets") {
        metrics.sockets_total = whole(sample.value);
    } else if (name == "rabbitmq_erlang_uptime_seconds") {
        metrics.uptime = base::milliseconds(static_cast<std::int64_t>(sample.value * 1000));
    } else if (name == "rabbitmq_connections") {
        metrics.connections = whole(sample.value);
    } else if (name == "rabbitmq_queues") {
        metrics.queues = whole(sample.value);
    }
}

bool of_node(std::string_view name)
{
    return name.rfind("rabbitmq_", 0) == 0 || name == "erlang_vm_dist_node_state";
}

} // namespace

Answer<Metrics> read_metrics(http::Result const& result)
{
    if (auto problem = problem_in(result)) {
        return *problem;
    }
    Metrics metrics;
    for_each_sample(std::get<http::Response>(result).body, of_node, [&](Sample& sample) { take(metrics, sample); });
    if (metrics.node.empty() && !metrics.memory_used) {
        return Problem{Problem::Kind::unreadable, "the answer is not RabbitMQ's metrics"};
    }
    return metrics;
}

Answer<QueueDepths> read_queue_depths(http::Result const& result)
{
    if (auto problem = problem_in(result)) {
        return *problem;
    }
    constexpr std::string_view k_prefix = "rabbitmq_detailed_queue_";
    QueueDepths depths;
    auto const wanted = [&](std::string_view name) { return name.rfind(k_prefix, 0) == 0; };
    for_each_sample(std::get<http::Response>(result).body, wanted, [&](Sample& sample) {
        if (sample.labels.count("queue") == 0) {
            return;
        }
        QueueDepth& depth = depths[{sample.labels["vhost"], sample.labels["queue"]}];
        std::string_view const what = sample.name.substr(k_prefix.size());
        if (what == "messages") {
            depth.messages = whole(sample.value);
        } else if (what == "messages_ready") {
            depth.messages_ready = whole(sample.value);
        } else if (what == "consumers") {
            depth.consumers = whole(sample.value);
        }
    });
    return depths;
}

Answer<RaftLogs> read_raft_logs(http::Result const& result)
{
    if (auto problem = problem_in(result)) {
        return *problem;
    }
    // With "log_" up to RabbitMQ 4.2, without it and with "last_applied" from 4.3 on.
    constexpr std::string_view k_prefix = "rabbitmq_detailed_raft_";
    auto const what = [&](std::string_view name) {
        name.remove_prefix(std::min(name.size(), k_prefix.size()));
        return name.starts_with("log_") ? name.substr(4) : name;
    };
    auto const is_applied = [&](std::string_view name) {
        return what(name) == "last_applied_index" || what(name) == "last_applied";
    };
    RaftLogs logs;
    auto const wanted = [&](std::string_view name) {
        return name.starts_with(k_prefix) && (is_applied(name) || what(name) == "commit_index");
    };
    for_each_sample(std::get<http::Response>(result).body, wanted, [&](Sample& sample) {
        if (sample.labels.count("queue") == 0) { // the metadata store's own log has no queue
            return;
        }
        RaftIndexes& indexes = logs[{sample.labels["vhost"], sample.labels["queue"]}];
        (is_applied(sample.name) ? indexes.applied : indexes.committed) = whole(sample.value);
    });
    return logs;
}

} // namespace rmqha::management
