#include "queues/listing.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <tuple>

namespace rmqha::queues {

namespace {

bool contains(std::vector<std::string> const& list, std::string const& one)
{
    return std::ranges::find(list, one) != list.end();
}

health::Severity worst(Listed const& one)
{
    return one.findings.empty() ? health::Severity::ok : one.findings.front().severity;
}

/// Below zero: `a` comes first.
std::strong_ordering compare(Listed const& a, Listed const& b, SortBy by)
{
    switch (by) {
    case SortBy::type:
        return a.queue.type <=> b.queue.type;
    case SortBy::leader:
        return a.queue.leader <=> b.queue.leader;
    case SortBy::messages:
        return b.queue.messages <=> a.queue.messages;
    case SortBy::consumers:
        return b.queue.consumers <=> a.queue.consumers;
    case SortBy::risk:
        return std::tuple(worst(b), b.at_risk(), b.findings.size()) <=>
               std::tuple(worst(a), a.at_risk(), a.findings.size());
    case SortBy::name:
        break;
    }
    return a.queue.name <=> b.queue.name;
}

} // namespace

bool Listed::has(std::string_view code) const
{
    return std::ranges::any_of(findings, [&](auto const& finding) { return finding.code == code; });
}

bool Listed::at_risk() const
{
    return std::ranges::any_of(findings, [](auto const& finding) {
        return finding.code != "QUEUE-BACKLOG" && finding.code != "QUEUE-NO-CONSUMER";
    });
}

std::vector<Listed> listed(health::Snapshot&& snapshot, health::Rules const& rules)
{
    auto findings = health::queue_findings_of(snapshot, rules);
    return snapshot.queues ? listed(std::move(*snapshot.queues), std::move(findings)) : std::vector<Listed>();
}

std::vector<Listed> listed(std::vector<health::Queue> queues, std::vector<health::Finding> findings)
{
    std::map<std::string, std::vector<health::Finding>> by_queue;
    for (auto& finding : findings) {
        by_queue[finding.object].push_back(std::move(finding));
    }
    std::vector<Listed> list;
    list.reserve(queues.size());
    for (auto& queue : queues) {
        Listed one{.queue = std::move(queue), .findings = {}};
        if (auto found = by_queue.find(health::queue_label(one.queue)); found != by_queue.end()) {
            one.findings = std::move(found->second);
            std::ranges::stable_sort(one.findings, std::greater{}, &health::Finding::severity);
        }
        list.push_back(std::move(one));
    }
    return list;
}

bool matches(Listed const& one, Filter const& filter)
{
    auto const& queue = one.queue;
    bool const there = filter.node.empty() || queue.leader == filter.node || contains(queue.members, filter.node) ||
                       (queue.mirrors && contains(*queue.mirrors, filter.node));
    return there && (!filter.vhost || queue.vhost == *filter.vhost) &&
           (!filter.pattern || filter.pattern->matches(queue.name)) &&
           (filter.type.empty() || queue.type == filter.type) && (!filter.at_risk || one.at_risk()) &&
           (!filter.under_replicated || one.has("QUEUE-UNDER-REPLICATED")) &&
           (!filter.unsynchronised || one.has("MIRROR-UNSYNCED")) && (!filter.leaderless || one.has("QUEUE-DOWN")) &&
           (!filter.backlog || queue.messages.value_or(0) >= *filter.backlog);
}

void sort(std::vector<Listed>& list, SortBy by, bool reverse)
{
    std::ranges::sort(list, [&](Listed const& a, Listed const& b) {
        auto const order = reverse ? compare(b, a, by) : compare(a, b, by);
        return order != std::strong_ordering::equal
                   ? order == std::strong_ordering::less
                   : std::tie(a.queue.vhost, a.queue.name) < std::tie(b.queue.vhost, b.queue.name);
    });
}

Copies copies_of(health::Queue const& queue, std::set<std::string> const& running)
{
    auto const on_running = [&](std::vector<std::string> const& nodes) {
        return static_cast<std::size_t>(
            std::ranges::count_if(nodes, [&](auto const& node) { return running.contains(node); }));
    };
    if (!queue.members.empty()) {
        return {.online = on_running(queue.online.empty() ? queue.members : queue.online), .all = queue.members.size()};
    }
    if (queue.type == "stream") {
        return {};
    }
    return {.online = running.count(queue.leader) + on_running(queue.synchronised_mirrors),
            .all = 1 + (queue.mirrors ? queue.mirrors->size() : 0)};
}

} // namespace rmqha::queues
