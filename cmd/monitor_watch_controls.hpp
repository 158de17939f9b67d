#pragma once

#include "output/keys.hpp"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace rmqha::cmd {

enum class WatchView { overview, nodes, queues, findings, events };
enum class QueueOrder { risk, messages, growth, consumers, name, type, leader };
enum class NodeOrder { configured, name, state, memory, disk, descriptors, connections, uptime };

/// Whether its list can be sorted: findings are by severity, events by time.
bool is_sorted(WatchView view);

std::string name_of(WatchView view);
std::string name_of(QueueOrder order);
std::string name_of(NodeOrder order);

/// What the user of a live page has asked for by keys.
struct WatchControls {
    WatchView view = WatchView::overview;
    QueueOrder queue_order = QueueOrder::risk;
    NodeOrder node_order = NodeOrder::configured;
    bool queues_reversed = false;
    bool nodes_reversed = false;
    bool at_risk_only = false;
    std::string filter;        ///< what names must contain
    bool typing = false;       ///< the filter is being typed
    std::string filter_before; ///< while typing: what Escape brings back
    bool help = false;
    std::size_t scroll = 0; ///< lines of the list that are above the first shown
    bool redraw = false;    ///< write everything again
    bool leave = false;
};

/// How many lines of a list a page shows: PageUp and PageDown go so far.
struct PageRows {
    std::size_t count = 1;
};

/// What a key makes of it. Pure.
WatchControls pressed(WatchControls controls, output::Key const& key, PageRows rows);

/// The keys there are, and what each does: help and manual page tell the same.
std::vector<std::pair<std::string, std::string>> const& watch_keys();

} // namespace rmqha::cmd
