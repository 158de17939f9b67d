#include "queues/balance.hpp"

#include <algorithm>

namespace rmqha::queues {

std::map<std::string, std::size_t> Leaders::balanced() const
{
    std::map<std::string, std::size_t> result;
    if (of_node.empty()) {
        return result;
    }
    std::vector<std::pair<std::string, std::size_t>> nodes(of_node.begin(), of_node.end());
    std::ranges::stable_sort(nodes, std::greater{}, &std::pair<std::string, std::size_t>::second);
    auto const each = total / nodes.size();
    auto over = total % nodes.size();
    for (auto const& [node, now] : nodes) {
        result[node] = each + (over > 0 ? 1 : 0);
        over -= over > 0 ? 1 : 0;
    }
    return result;
}

bool Leaders::even() const
{
    auto const share = of_node.empty() ? 0 : (total + of_node.size() - 1) / of_node.size();
    return std::ranges::all_of(of_node, [&](auto const& node) { return node.second <= share + 1; });
}

std::size_t Leaders::moves() const
{
    std::size_t count = 0;
    for (auto const& [node, then] : balanced()) {
        auto const now = of_node.at(node);
        count += now > then ? now - then : 0;
    }
    return count;
}

Leaders leaders_of(std::vector<health::Queue const*> const& queues, std::set<std::string> const& running)
{
    Leaders leaders;
    for (auto const& node : running) {
        leaders.of_node[node] = 0;
    }
    for (auto const* const queue : queues) {
        bool const replicated = queue->type != "classic" || (queue->mirrors && !queue->mirrors->empty());
        if (replicated && running.contains(queue->leader)) {
            ++leaders.of_node[queue->leader];
            ++leaders.total;
        }
    }
    return leaders;
}

} // namespace rmqha::queues
