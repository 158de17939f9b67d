#include "health/trend.hpp"

namespace rmqha::health {
namespace {

double seconds(base::Duration duration)
{
    return std::chrono::duration<double>(duration).count();
}

double change(std::uint64_t before, std::uint64_t now)
{
    return now >= before ? static_cast<double>(now - before) : -static_cast<double>(before - now);
}

bool fell(management::MessageCounters const& before, management::MessageCounters const& now)
{
    return now.published < before.published || now.delivered < before.delivered ||
           now.acknowledged < before.acknowledged;
}

} // namespace

void Trend::add(Snapshot const& snapshot, base::TimePoint asked)
{
    Moment moment{.asked = asked, .published = {}, .delivered = {}, .acknowledged = {}, .messages = {}};
    double const elapsed = m_moments.empty() ? 0 : seconds(asked - m_moments.back().asked);
    std::map<std::string, management::MessageCounters> counters;
    for (Node const& node : snapshot.nodes) {
        auto const before = m_counters.find(node.label());
        if (node.counters) {
            counters[node.label()] = *node.counters;
        }
        if (!node.counters || before == m_counters.end() || fell(before->second, *node.counters) || elapsed <= 0) {
            moment.some_nodes_only = moment.some_nodes_only || node.state != NodeState::down;
            continue;
        }
        auto const add = [&](std::optional<double>& rate, std::uint64_t from, std::uint64_t to) {
            rate = rate.value_or(0) + change(from, to) / elapsed;
        };
        add(moment.published, before->second.published, node.counters->published);
        add(moment.delivered, before->second.delivered, node.counters->delivered);
        add(moment.acknowledged, before->second.acknowledged, node.counters->acknowledged);
    }
    m_counters = std::move(counters);

    if (snapshot.queues) {
        Depths depths{asked, {}};
        for (Queue const& queue : *snapshot.queues) {
            if (queue.messages) {
                moment.messages = moment.messages.value_or(0) + *queue.messages;
                depths.of_queue[{queue.vhost, queue.name}] = *queue.messages;
            }
        }
        if (snapshot.queues->empty()) {
            moment.messages = 0;
        }
        m_depths.push_back(std::move(depths));
        while (m_depths.size() > 2 && asked - m_depths[1].asked >= k_window) {
            m_depths.pop_front();
        }
    }
    keep(std::move(moment));
}

void Trend::add_gap(base::TimePoint asked)
{
    m_counters.clear();
    keep({.asked = asked, .published = {}, .delivered = {}, .acknowledged = {}, .messages = {}});
}

void Trend::keep(Moment moment)
{
    m_moments.push_back(std::move(moment));
    if (m_moments.size() > k_most) {
        m_moments.pop_front();
    }
}

std::optional<double> Trend::growth() const
{
    // Queues that are known at both ends: one whose depth was not told for a while has not been emptied.
    if (m_depths.size() < 2 || m_depths.back().asked <= m_depths.front().asked) {
        return std::nullopt;
    }
    auto const& before = m_depths.front().of_queue;
    double all = 0;
    for (auto const& [queue, messages] : m_depths.back().of_queue) {
        auto const found = before.find(queue);
        all += found == before.end() ? 0 : change(found->second, messages);
    }
    return all / seconds(m_depths.back().asked - m_depths.front().asked);
}

std::optional<double> Trend::growth(std::string const& vhost, std::string const& name) const
{
    if (m_depths.size() < 2 || m_depths.back().asked <= m_depths.front().asked) {
        return std::nullopt;
    }
    std::pair const key(vhost, name);
    auto const& before = m_depths.front().of_queue;
    auto const& now = m_depths.back().of_queue;
    auto const from = before.find(key);
    auto const to = now.find(key);
    if (from == before.end() || to == now.end()) {
        return std::nullopt;
    }
    return change(from->second, to->second) / seconds(m_depths.back().asked - m_depths.front().asked);
}

} // namespace rmqha::health
