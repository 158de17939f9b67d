#include "management/answer.hpp"

#include "management/fields.hpp"
#include "management/problem.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace rmqha::management {
namespace {

using nlohmann::json;

/// An object read by `read`, or why not.
template <typename Value, typename Read>
Answer<Value> object_of(http::Result const& result, Read read)
{
    if (auto problem = problem_in(result)) {
        return *problem;
    }
    json const body = json::parse(std::get<http::Response>(result).body, nullptr, false);
    if (!body.is_object()) {
        return unreadable("a JSON object");
    }
    return read(body);
}

Node node_of(json const& item)
{
    Node node;
    node.name = text(item, "name");
    node.running = truth(item, "running").value_or(false);
    node.being_drained = truth(item, "being_drained");
    node.partitions = texts(item, "partitions");
    node.memory_used = number(item, "mem_used");
    node.memory_limit = number(item, "mem_limit");
    node.memory_alarm = truth(item, "mem_alarm");
    node.disk_free = number(item, "disk_free");
    node.disk_limit = number(item, "disk_free_limit");
    node.disk_alarm = truth(item, "disk_free_alarm");
    node.fds_used = number(item, "fd_used");
    node.fds_total = number(item, "fd_total");
    node.sockets_used = number(item, "sockets_used");
    node.sockets_total = number(item, "sockets_total");
    if (auto const uptime = number(item, "uptime")) {
        node.uptime = base::milliseconds(*uptime);
    }
    return node;
}

Queue queue_of(json const& item)
{
    Queue queue;
    queue.vhost = text(item, "vhost");
    queue.name = text(item, "name");
    queue.state = text(item, "state");
    queue.policy = text(item, "policy");
    queue.leader = text(item, "leader");
    if (queue.leader.empty()) {
        queue.leader = text(item, "node");
    }
    queue.durable = truth(item, "durable").value_or(true);
    queue.exclusive = truth(item, "exclusive").value_or(false);
    queue.members = texts(item, "members").value_or(std::vector<std::string>{});
    queue.online = texts(item, "online").value_or(std::vector<std::string>{});
    queue.mirrors = texts(item, "slave_nodes");
    queue.synchronised_mirrors = texts(item, "synchronised_slave_nodes").value_or(std::vector<std::string>{});
    queue.synchronised_messages = number(item, "sync_messages");
    queue.messages = number(item, "messages");
    queue.messages_ready = number(item, "messages_ready");
    queue.consumers = number(item, "consumers");
    if (json const* arguments = member(item, "arguments")) {
        queue.type = text(*arguments, "x-queue-type");
        queue.group_size = small_number(*arguments, "x-quorum-initial-group-size");
        if (!queue.group_size) {
            queue.group_size = small_number(*arguments, "x-initial-cluster-size");
        }
    }
    if (auto const type = text(item, "type"); !type.empty()) {
        queue.type = type;
    } else if (queue.type.empty()) {
        queue.type = "classic";
    }
    return queue;
}

} // namespace

Answer<Whoami> read_whoami(http::Result const& result)
{
    return object_of<Whoami>(result, [](json const& body) { return Whoami{text(body, "name"), tags(body)}; });
}

Answer<Overview> read_overview(http::Result const& result)
{
    return object_of<Overview>(result, [](json const& body) {
        Overview overview{text(body, "node"), text(body, "rabbitmq_version"), text(body, "cluster_name"), {}};
        if (json const* listeners = member(body, "listeners"); listeners != nullptr && listeners->is_array()) {
            for (json const& item : *listeners) {
                auto const port = number(item, "port").value_or(0);
                overview.listeners.push_back({text(item, "node"), text(item, "protocol"),
                                              static_cast<std::uint16_t>(port), text(item, "ip_address")});
            }
        }
        return overview;
    });
}

Answer<std::vector<Node>> read_nodes(http::Result const& result)
{
    return list_of<Node>(result, node_of);
}

Answer<std::vector<Alarm>> read_alarms(http::Result const& result)
{
    constexpr int k_some_alarms = 503;
    if (auto problem = problem_in(result, k_some_alarms)) {
        return *problem;
    }
    auto const& response = std::get<http::Response>(result);
    std::vector<Alarm> alarms;
    if (response.status == k_some_alarms) {
        json const body = json::parse(response.body, nullptr, false);
        json const* list = member(body, "alarms");
        if (list == nullptr || !list->is_array()) {
            return unreadable("a list of alarms");
        }
        for (json const& item : *list) {
            alarms.push_back({text(item, "node"), text(item, "resource")});
        }
        if (alarms.empty()) { // it says that there are some
            return unreadable("a list of alarms");
        }
    }
    return alarms;
}

Answer<std::vector<std::string>> read_stopped_vhosts(http::Result const& result)
{
    constexpr int k_some_stopped = 503;
    if (auto problem = problem_in(result, k_some_stopped)) {
        return *problem;
    }
    auto const& response = std::get<http::Response>(result);
    if (response.status != k_some_stopped) {
        return std::vector<std::string>{};
    }
    auto const stopped = texts(json::parse(response.body, nullptr, false), "virtual-hosts");
    return stopped ? Answer<std::vector<std::string>>(*stopped) : unreadable("a list of virtual hosts");
}

Answer<Listening> read_listening(http::Result const& result)
{
    constexpr int k_no = 503;
    if (auto problem = problem_in(result, k_no)) {
        return *problem;
    }
    auto const& response = std::get<http::Response>(result);
    Listening answer;
    if (response.status == k_no) {
        json const body = json::parse(response.body, nullptr, false);
        json const* ports = member(body, "ports");
        if (ports == nullptr || !ports->is_array()) {
            return unreadable("a list of ports");
        }
        answer.listening = false;
        for (json const& port : *ports) {
            if (port.is_number_unsigned()) {
                answer.ports.push_back(static_cast<std::uint16_t>(port.get<std::uint64_t>()));
            }
        }
    }
    return answer;
}

Answer<std::vector<std::string>> read_names(http::Result const& result)
{
    if (auto problem = problem_in(result)) {
        return *problem;
    }
    json const body = json::parse(std::get<http::Response>(result).body, nullptr, false);
    json const* const items = body.is_object() ? member(body, "items") : &body;
    if (items == nullptr || !items->is_array()) {
        return unreadable("a JSON array");
    }
    std::vector<std::string> names;
    std::transform(items->begin(), items->end(), std::back_inserter(names),
                   [](json const& item) { return text(item, "name"); });
    return names;
}

Answer<std::vector<Vhost>> read_vhosts(http::Result const& result)
{
    return list_of<Vhost>(result, [](json const& item) {
        Vhost vhost{text(item, "name"), {}};
        if (json const* states = member(item, "cluster_state"); states != nullptr && states->is_object()) {
            for (auto const& [node, state] : states->items()) {
                vhost.states[node] = state.is_string() ? state.get<std::string>() : std::string();
            }
        }
        return vhost;
    });
}

Answer<Queue> read_queue(http::Result const& result)
{
    return object_of<Queue>(result, queue_of);
}

Answer<std::vector<RaftMember>> read_raft(http::Result const& result)
{
    return list_of<RaftMember>(result, [](json const& item) {
        return RaftMember{.node = text(item, "Node Name"),
                          .state = text(item, "Raft State"),
                          .membership = text(item, "Membership"),
                          .last_applied = number(item, "Last Applied"),
                          .commit_index = number(item, "Commit Index")};
    });
}

Answer<std::vector<FeatureFlag>> read_feature_flags(http::Result const& result)
{
    return list_of<FeatureFlag>(result, [](json const& item) {
        return FeatureFlag{text(item, "name"), text(item, "state"), text(item, "stability")};
    });
}

Answer<std::vector<Queue>> read_queues(http::Result const& result)
{
    auto answer = list_of<Queue>(result, queue_of);
    if (auto* queues = std::get_if<std::vector<Queue>>(&answer)) {
        std::set<std::pair<std::string, std::string>> seen;
        auto const again = [&seen](Queue const& queue) { return !seen.emplace(queue.vhost, queue.name).second; };
        std::erase_if(*queues, again);
    }
    return answer;
}

} // namespace rmqha::management
