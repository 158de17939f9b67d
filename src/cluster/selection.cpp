#include "cluster/selection.hpp"

#include <algorithm>
#include <functional>
#include <numeric>

namespace rmqha::cluster {

namespace {

using Order = std::vector<std::size_t>;

/// Rotates `order` so that it starts at the first index at or after `rotation.next` in the full list.
void rotate(Order& order, std::size_t nodes, Rotation& rotation)
{
    auto const from = rotation.next % nodes;
    auto const first = std::ranges::find_if(order, [&](std::size_t index) { return index >= from; });
    if (first != order.end()) {
        std::rotate(order.begin(), first, order.end());
    }
    rotation.next = order.front() + 1;
}

void weigh(Order& order, std::vector<Candidate> const& candidates, Rotation& rotation)
{
    std::map<std::string, int> weights;
    int sum = 0;
    for (auto const index : order) {
        auto const& node = candidates[index].node;
        auto const before = rotation.weights.find(config::label(node));
        weights[config::label(node)] = (before != rotation.weights.end() ? before->second : 0) + node.weight;
        sum += node.weight;
    }
    auto const weight = [&](std::size_t index) -> int& { return weights[config::label(candidates[index].node)]; };
    std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return weight(a) > weight(b); });
    weight(order.front()) -= sum;
    rotation.weights = std::move(weights);
}

} // namespace

std::vector<std::size_t> selection_order(std::vector<Candidate> const& candidates, config::Strategy strategy,
                                         Rotation& rotation, std::mt19937_64& random)
{
    Order available;
    Order quarantined;
    for (std::size_t index = 0; index < candidates.size(); ++index) {
        (candidates[index].available ? available : quarantined).push_back(index);
    }
    auto& order = available.empty() ? quarantined : available;
    if (order.empty()) {
        return {};
    }
    switch (strategy) {
    case config::Strategy::in_order:
        break;
    case config::Strategy::round_robin:
        rotate(order, candidates.size(), rotation);
        break;
    case config::Strategy::weighted_round_robin:
        weigh(order, candidates, rotation);
        break;
    case config::Strategy::random:
        std::ranges::shuffle(order, random);
        break;
    case config::Strategy::health_based:
        std::ranges::shuffle(order, random);
        std::ranges::stable_sort(order, std::greater{}, [&](std::size_t index) { return candidates[index].health; });
        break;
    }
    if (&order == &available) {
        available.insert(available.end(), quarantined.begin(), quarantined.end());
    }
    return order;
}

} // namespace rmqha::cluster
