#include "cmd/monitor_parts.hpp"
#include "cmd/monitor_watch_columns.hpp"
#include "cmd/monitor_watch_parts.hpp"

#include "base/units.hpp"
#include "output/table.hpp"
#include "output/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

namespace rmqha::cmd {
namespace {

using output::Align;
using output::Cell;
using output::Style;

std::string count_text(std::optional<std::uint64_t> const& count)
{
    return count ? base::format_count(*count) : "-";
}

std::optional<double> share(std::optional<std::uint64_t> const& part, std::optional<std::uint64_t> const& whole)
{
    return part && whole.value_or(0) > 0
               ? std::optional(100.0 * static_cast<double>(*part) / static_cast<double>(*whole))
               : std::nullopt;
}

std::string descriptors_text(health::Node const& node)
{
    auto const percent = share(node.fds_used, node.fds_total);
    return percent ? fmt::format("{:.0f} %", *percent) : count_text(node.fds_used);
}

/// "+3.2", "-1,204".
std::string growth_text(std::optional<double> const& growth)
{
    if (!growth) {
        return "-";
    }
    double const size = std::abs(*growth);
    std::string const figure =
        size < 9.95 ? fmt::format("{:.1f}", size) : base::format_count(static_cast<std::uint64_t>(std::llround(size)));
    return figure == "0.0" ? "0" : (*growth < 0 ? "-" : "+") + figure;
}

/// Below zero: `a` comes first. Names rise; of figures the one that worries more is first.
std::partial_ordering compare(health::Node const& a, health::Node const& b, NodeOrder order)
{
    switch (order) {
    case NodeOrder::name:
        return a.label() <=> b.label();
    case NodeOrder::state:
        return b.state <=> a.state;
    case NodeOrder::memory:
        return share(b.memory_used, b.memory_limit).value_or(-1) <=> share(a.memory_used, a.memory_limit).value_or(-1);
    case NodeOrder::disk:
        return a.disk_free.value_or(UINT64_MAX) <=> b.disk_free.value_or(UINT64_MAX);
    case NodeOrder::descriptors:
        return share(b.fds_used, b.fds_total).value_or(-1) <=> share(a.fds_used, a.fds_total).value_or(-1);
    case NodeOrder::connections:
        return b.connections <=> a.connections;
    case NodeOrder::uptime:
        return a.uptime.value_or(base::milliseconds::max()) <=> b.uptime.value_or(base::milliseconds::max());
    case NodeOrder::configured:
        break;
    }
    return std::partial_ordering::equivalent;
}

health::Severity worst(WatchQueue const& one)
{
    auto const& findings = one.listed.findings;
    return findings.empty() ? health::Severity::ok : findings.front().severity;
}

/// A queue that is not counted comes last.
constexpr double k_uncounted = -1e300;

std::partial_ordering compare(WatchQueue const& a, WatchQueue const& b, QueueOrder order)
{
    auto const& one = a.listed.queue;
    auto const& other = b.listed.queue;
    switch (order) {
    case QueueOrder::risk:
        return std::tuple(worst(b), b.listed.at_risk(), other.messages) <=>
               std::tuple(worst(a), a.listed.at_risk(), one.messages);
    case QueueOrder::messages:
        return other.messages <=> one.messages;
    case QueueOrder::growth:
        return b.growth.value_or(k_uncounted) <=> a.growth.value_or(k_uncounted);
    case QueueOrder::consumers:
        return other.consumers <=> one.consumers;
    case QueueOrder::type:
        return one.type <=> other.type;
    case QueueOrder::leader:
        return one.leader <=> other.leader;
    case QueueOrder::name:
        break;
    }
    return std::tie(one.name, one.vhost) <=> std::tie(other.name, other.vhost);
}

template <typename Value, typename Order>
void sort(std::vector<Value const*>& list, Order order, bool reversed)
{
    std::stable_sort(list.begin(), list.end(), [&](Value const* a, Value const* b) {
        return reversed ? compare(*b, *a, order) < 0 : compare(*a, *b, order) < 0;
    });
}

/// `heading` with a mark when the list is sorted by it.
template <typename Order>
std::string marked(std::string const& heading, Order by, Order order, bool reversed)
{
    return by == order ? heading + (reversed ? "▲" : "▼") : heading;
}

std::string queue_name(health::Queue const& queue)
{
    return queue.vhost == "/" ? queue.name : queue.vhost + "/" + queue.name;
}

Cell findings_cell(WatchQueue const& one)
{
    std::vector<std::string> words;
    for (auto const& finding : one.listed.findings) {
        words.push_back(in_short(finding));
    }
    return words.empty() ? Cell("-", Style::faint)
                         : Cell(fmt::format("{}", fmt::join(words, ", ")), style_of(worst(one)));
}

template <typename Value>
auto window(std::vector<Value const*> const& list, std::size_t first, std::size_t count)
{
    first = std::min(first, list.size());
    auto const from = list.begin() + static_cast<std::ptrdiff_t>(first);
    return std::vector<Value const*>(from, from + static_cast<std::ptrdiff_t>(std::min(count, list.size() - first)));
}

std::vector<std::string> node_lines(std::vector<health::Node const*> const& nodes, WatchControls const& controls,
                                    WatchPageOptions const& options)
{
    auto const heading = [&](char const* text, NodeOrder by) {
        return marked(text, by, controls.node_order, controls.nodes_reversed);
    };
    std::vector<WatchColumn> const columns{{{heading("NODE", NodeOrder::name), Align::left, true}, 0},
                                           {{heading("STATE", NodeOrder::state)}, 0},
                                           {{heading("MEMORY", NodeOrder::memory), Align::right}, 2},
                                           {{heading("DISK FREE", NodeOrder::disk), Align::right}, 3},
                                           {{heading("FDS", NodeOrder::descriptors), Align::right}, 6},
                                           {{heading("CONNS", NodeOrder::connections), Align::right}, 4},
                                           {{"ALARMS"}, 1},
                                           {{heading("UPTIME", NodeOrder::uptime), Align::right}, 5},
                                           {{"VERSION"}, 7}};
    std::vector<std::vector<Cell>> rows;
    for (auto const* node : nodes) {
        rows.push_back({node->label(), state_cell(*node), memory_text(*node),
                        node->disk_free ? base::format_size(*node->disk_free) : "-", descriptors_text(*node),
                        count_text(node->connections), alarms_cell(*node),
                        node->uptime ? base::format_duration(*node->uptime) : "-",
                        node->version.empty() ? "-" : node->version});
    }
    return table_lines(columns, std::move(rows), options);
}

std::vector<std::string> queue_lines(std::vector<WatchQueue const*> const& queues, WatchData const& data,
                                     WatchControls const& controls, WatchPageOptions const& options)
{
    auto const heading = [&](char const* text, QueueOrder by) {
        return marked(text, by, controls.queue_order, controls.queues_reversed);
    };
    std::vector<WatchColumn> const columns{{{heading("QUEUE", QueueOrder::name), Align::left, true}, 0},
                                           {{heading("TYPE", QueueOrder::type)}, 6},
                                           {{heading("LEADER", QueueOrder::leader), Align::left, true}, 4},
                                           {{"COPIES", Align::right}, 3},
                                           {{heading("MESSAGES", QueueOrder::messages), Align::right}, 0},
                                           {{heading("CHANGE/s", QueueOrder::growth), Align::right}, 2},
                                           {{heading("CONSUMERS", QueueOrder::consumers), Align::right}, 5},
                                           {{heading("FINDINGS", QueueOrder::risk), Align::left, true}, 1, 24}};
    std::vector<std::vector<Cell>> rows;
    for (auto const* one : queues) {
        auto const& queue = one->listed.queue;
        bool const dead = !queue.leader.empty() && !data.status.snapshot.running.contains(queue.leader);
        rows.push_back({queue_name(queue),
                        queue.type,
                        {queue.leader, dead ? Style::bad : Style::plain},
                        copies_text(queue, data.status.snapshot.running),
                        count_text(queue.messages),
                        growth_text(one->growth),
                        count_text(queue.consumers),
                        findings_cell(*one)});
    }
    return table_lines(columns, std::move(rows), options);
}

std::string filter_text(WatchControls const& controls)
{
    return controls.filter.empty() ? std::string() : fmt::format(", filter \"{}\"", controls.filter);
}

} // namespace

WatchList watch_nodes(WatchData const& data, WatchControls const& controls, WatchPageOptions const& options)
{
    auto const& nodes = data.status.snapshot.nodes;
    // Among others, all nodes are wanted whatever is looked for.
    bool const filtered = controls.view == WatchView::nodes;
    std::vector<health::Node const*> list;
    for (auto const& node : nodes) {
        if (!filtered || contains_part(node.label(), controls.filter) || contains_part(node.address, controls.filter)) {
            list.push_back(&node);
        }
    }
    sort(list, controls.node_order, controls.nodes_reversed);
    return {.title = fmt::format("nodes: {} of {}, sorted {}{}", list.size(), nodes.size(),
                                 controls.node_order == NodeOrder::configured ? name_of(controls.node_order)
                                                                              : "by " + name_of(controls.node_order),
                                 filtered ? filter_text(controls) : ""),
            .heading = 1,
            .size = list.size(),
            .render = [list, &controls, &options](std::size_t first, std::size_t count) {
                return node_lines(window(list, first, count), controls, options);
            }};
}

WatchList watch_queues(WatchData const& data, WatchControls const& controls, WatchPageOptions const& options)
{
    std::vector<WatchQueue const*> list;
    for (auto const& one : data.queues) {
        auto const& queue = one.listed.queue;
        if ((!controls.at_risk_only || one.listed.at_risk()) &&
            (contains_part(queue_name(queue), controls.filter) || contains_part(queue.leader, controls.filter) ||
             contains_part(queue.type, controls.filter))) {
            list.push_back(&one);
        }
    }
    sort(list, controls.queue_order, controls.queues_reversed);
    std::string title = fmt::format("queues: {} of {}{}, by {}{}", base::format_count(list.size()),
                                    base::format_count(data.queues.size()), controls.at_risk_only ? " at risk" : "",
                                    name_of(controls.queue_order), filter_text(controls));
    if (!data.queues_told) {
        title = "queues: " + data.status.snapshot.queues_source;
    }
    return {.title = std::move(title),
            .heading = list.empty() ? 0U : 1U,
            .size = list.size(),
            .render = [list, &data, &controls, &options](std::size_t first, std::size_t count) {
                return list.empty() ? std::vector<std::string>()
                                    : queue_lines(window(list, first, count), data, controls, options);
            }};
}

} // namespace rmqha::cmd
