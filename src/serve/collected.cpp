#include "serve/collected.hpp"

#include <algorithm>

namespace rmqha::serve {
namespace {

using health::Node;
using health::NodeState;
using health::Snapshot;

/// The figures of `told`, the state of `now`.
Node with_figures(Node const& now, Node const& told)
{
    Node node = told;
    node.weight = now.weight;
    node.amqp = now.amqp;
    node.management = now.management;
    node.metrics = now.metrics;
    node.state = now.state;
    node.why = now.why;
    node.view = now.view;
    node.partitions = now.partitions;
    node.counters = now.counters;
    return node;
}

/// Nodes nobody configured and nobody told of this time are not in `now`: nothing is known of their state.
void add_figures(Snapshot& now, Snapshot const& told)
{
    for (Node& node : now.nodes) {
        if (auto const* const known = find_node(told, node.address)) {
            node = with_figures(node, *known);
        }
    }
    now.cluster_name = told.cluster_name;
    now.queues = told.queues;
    now.queues_source = told.queues_source;
    now.depths_source = told.depths_source;
}

} // namespace

Collected after(Collected const& before, Collection collection)
{
    Collected result;
    result.collections = before.collections + 1;
    result.failures = before.failures;
    result.told_at = before.told_at;
    result.drained = before.drained;
    for (Node const& node : collection.snapshot.nodes) {
        if (node.state == NodeState::draining) {
            result.drained[node.label()] = collection.ended;
        }
    }
    if (collection.problem.empty()) {
        result.told_at = collection.ended;
    } else {
        ++result.failures;
        if (before.told_at) {
            add_figures(collection.snapshot, before.latest->snapshot);
        }
    }
    result.latest = std::move(collection);
    return result;
}

Node const* find_node(Snapshot const& snapshot, std::string const& name)
{
    auto const found = std::find_if(snapshot.nodes.begin(), snapshot.nodes.end(), [&](Node const& node) {
        return !name.empty() && (node.name == name || node.address == name);
    });
    return found == snapshot.nodes.end() ? nullptr : &*found;
}

bool cut_off(Collection const& collection)
{
    using Outcome = health::Asked::Outcome;
    auto const& nodes = collection.snapshot.nodes;
    return !collection.problem.empty() && std::none_of(nodes.begin(), nodes.end(), [](Node const& node) {
        return node.amqp.outcome == Outcome::refused || node.amqp.outcome == Outcome::silent ||
               node.amqp.outcome == Outcome::denied;
    });
}

void Board::put(Collected collected)
{
    auto made = std::make_shared<Collected const>(std::move(collected));
    std::lock_guard const lock(m_mutex);
    m_collected.swap(made);
}

std::shared_ptr<Collected const> Board::get() const
{
    std::lock_guard const lock(m_mutex);
    return m_collected;
}

} // namespace rmqha::serve
