#include "cmd/monitor_watch_controls.hpp"

#include <algorithm>
#include <limits>

namespace rmqha::cmd {
namespace {

using output::Key;
using Kind = output::Key::Kind;

constexpr auto k_last_view = WatchView::events;
constexpr std::size_t k_longest_filter = 255;
constexpr std::size_t k_end = std::numeric_limits<std::size_t>::max() / 2; // the page knows where that is

template <typename Enum>
Enum moved(Enum value, Enum last, int by)
{
    int const count = static_cast<int>(last) + 1;
    return static_cast<Enum>((static_cast<int>(value) + by + count) % count);
}

void show(WatchControls& controls, WatchView view)
{
    controls.view = view;
    controls.scroll = 0;
}

void sort_next(WatchControls& controls)
{
    if (!is_sorted(controls.view)) {
        return;
    }
    if (controls.view == WatchView::nodes) {
        controls.node_order = moved(controls.node_order, NodeOrder::uptime, 1);
    } else {
        controls.queue_order = moved(controls.queue_order, QueueOrder::leader, 1);
    }
    controls.scroll = 0;
}

void type(WatchControls& controls, Key const& key)
{
    auto& filter = controls.filter;
    controls.scroll = 0;
    switch (key.kind) {
    case Kind::letter:
        if (filter.size() + key.text.size() <= k_longest_filter) {
            filter += key.text;
        }
        break;
    case Kind::backspace:
        while (!filter.empty() && (static_cast<unsigned char>(filter.back()) & 0xc0U) == 0x80U) {
            filter.pop_back();
        }
        if (!filter.empty()) {
            filter.pop_back();
        }
        break;
    case Kind::control:
        if (key.text == "u") {
            filter.clear();
        }
        break;
    case Kind::escape:
        filter = controls.filter_before;
        controls.typing = false;
        break;
    case Kind::enter:
        controls.typing = false;
        break;
    default:
        break;
    }
}

void letter(WatchControls& controls, char pressed_letter)
{
    switch (pressed_letter) {
    case 'q':
        controls.leave = true;
        break;
    case '?':
    case 'h':
        controls.help = true;
        break;
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
        show(controls, static_cast<WatchView>(pressed_letter - '1'));
        break;
    case 's':
        sort_next(controls);
        break;
    case 'r':
        if (!is_sorted(controls.view)) {
            break;
        }
        (controls.view == WatchView::nodes ? controls.nodes_reversed : controls.queues_reversed) ^= true;
        controls.scroll = 0;
        break;
    case 'm':
        controls.queue_order = QueueOrder::messages;
        controls.queues_reversed = false;
        controls.scroll = 0;
        break;
    case 'a':
        controls.at_risk_only = !controls.at_risk_only;
        controls.scroll = 0;
        break;
    case '/':
        controls.typing = true;
        controls.filter_before = controls.filter;
        break;
    case 'j':
        ++controls.scroll;
        break;
    case 'k':
        controls.scroll -= std::min<std::size_t>(controls.scroll, 1);
        break;
    case 'g':
        controls.scroll = 0;
        break;
    case 'G':
        controls.scroll = k_end;
        break;
    default:
        break;
    }
}

void press(WatchControls& controls, Key const& key, std::size_t rows)
{
    switch (key.kind) {
    case Kind::letter:
        letter(controls, key.text.size() == 1 ? key.text.front() : '\0');
        break;
    case Kind::tab:
    case Kind::right:
        show(controls, moved(controls.view, k_last_view, 1));
        break;
    case Kind::back_tab:
    case Kind::left:
        show(controls, moved(controls.view, k_last_view, -1));
        break;
    case Kind::down:
        ++controls.scroll;
        break;
    case Kind::up:
        controls.scroll -= std::min<std::size_t>(controls.scroll, 1);
        break;
    case Kind::page_down:
        controls.scroll += rows;
        break;
    case Kind::page_up:
        controls.scroll -= std::min(controls.scroll, rows);
        break;
    case Kind::home:
        controls.scroll = 0;
        break;
    case Kind::end:
        controls.scroll = k_end;
        break;
    case Kind::escape: // back to where it began
        controls.filter.clear();
        controls.at_risk_only = false;
        show(controls, WatchView::overview);
        break;
    case Kind::control:
        controls.redraw = controls.redraw || key.text == "l";
        break;
    default:
        break;
    }
}

} // namespace

bool is_sorted(WatchView view)
{
    return view != WatchView::findings && view != WatchView::events;
}

std::string name_of(WatchView view)
{
    switch (view) {
    case WatchView::nodes:
        return "nodes";
    case WatchView::queues:
        return "queues";
    case WatchView::findings:
        return "findings";
    case WatchView::events:
        return "events";
    case WatchView::overview:
        break;
    }
    return "overview";
}

std::string name_of(QueueOrder order)
{
    switch (order) {
    case QueueOrder::messages:
        return "messages";
    case QueueOrder::growth:
        return "growth";
    case QueueOrder::consumers:
        return "consumers";
    case QueueOrder::name:
        return "name";
    case QueueOrder::type:
        return "type";
    case QueueOrder::leader:
        return "leader";
    case QueueOrder::risk:
        break;
    }
    return "risk";
}

std::string name_of(NodeOrder order)
{
    switch (order) {
    case NodeOrder::name:
        return "name";
    case NodeOrder::state:
        return "state";
    case NodeOrder::memory:
        return "memory";
    case NodeOrder::disk:
        return "disk";
    case NodeOrder::descriptors:
        return "descriptors";
    case NodeOrder::connections:
        return "connections";
    case NodeOrder::uptime:
        return "uptime";
    case NodeOrder::configured:
        break;
    }
    return "as configured";
}

WatchControls pressed(WatchControls controls, Key const& key, PageRows rows)
{
    if (controls.typing) {
        type(controls, key);
    } else if (controls.help) {
        controls.help = false; // any key; those that leave still do
        controls.leave = key == Key{Kind::letter, "q"};
    } else {
        press(controls, key, rows.count);
    }
    return controls;
}

std::vector<std::pair<std::string, std::string>> const& watch_keys()
{
    static std::vector<std::pair<std::string, std::string>> const k_keys{
        {"q, Ctrl-C", "leave"},
        {"? or h", "this help; any key goes back"},
        {"1 2 3 4 5", "overview, nodes, queues, findings, events"},
        {"Tab, Shift-Tab", "the next of these, the one before; also → and ←"},
        {"s", "sort by the next column: nodes among nodes, elsewhere queues"},
        {"r", "the other way round"},
        {"m", "queues by messages, the deepest first"},
        {"a", "only queues at risk, or all again"},
        {"/", "filter by part of a name: Enter keeps it, Escape undoes it"},
        {"↑ ↓, PgUp PgDn", "scroll; also k and j, g to the top, G to the end"},
        {"Escape", "no filter, all queues, the overview"},
        {"Ctrl-L", "draw the page anew"},
        {"Ctrl-Z", "suspend; fg goes on"},
    };
    return k_keys;
}

} // namespace rmqha::cmd
