#include "cmd/monitor_watch_page.hpp"

#include "cmd/monitor_watch_parts.hpp"

#include "base/units.hpp"
#include "output/table.hpp"
#include "output/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace rmqha::cmd {
namespace {

using Lines = std::vector<std::string>;

/// "── queues: 3 of 12 ─────────"
std::string rule(std::string const& title, WatchPageOptions const& options)
{
    std::string line = "── " + output::cut(output::escaped(title), std::max(0, options.columns - 4)) + " ";
    for (int width = output::display_width(line); width < options.columns; ++width) {
        line += "─";
    }
    return output::styled(line, output::Style::faint, options.color);
}

void append(Lines& to, Lines const& lines)
{
    to.insert(to.end(), lines.begin(), lines.end());
}

/// A list among others on one page.
struct Part {
    WatchList list;
    bool titled = true;
    std::size_t first = 0; ///< row shown first
    std::size_t rows = 0;  ///< that it has got
    bool shown = false;

    std::size_t frame() const { return list.heading + (titled ? 1 : 0); }
};

/// Shares `room` lines among the parts. First each, in the order of importance, gets its frame and a few rows, if that
/// fits; then what is left goes round.
void share(std::size_t room, std::array<Part*, 4> const& parts)
{
    constexpr std::array<std::size_t, 4> k_few{3, 2, 2, 2};
    for (std::size_t i = 0; i < parts.size(); ++i) {
        Part& part = *parts.at(i);
        std::size_t const rows = std::min(part.list.size, k_few.at(i));
        std::size_t const least = part.frame() + std::min<std::size_t>(rows, 1);
        if (rows == 0 && !part.titled) {
            continue;
        }
        if (least <= room) {
            part.shown = true;
            part.rows = std::min(rows, room - part.frame());
            room -= part.frame() + part.rows;
        }
    }
    for (bool more = true; more && room > 0;) {
        more = false;
        for (Part* part : parts) {
            if (part->shown && part->rows < part->list.size && room > 0) {
                ++part->rows;
                --room;
                more = true;
            }
        }
    }
}

void add(Lines& lines, Part const& part, WatchPageOptions const& options)
{
    if (!part.shown) {
        return;
    }
    if (part.titled) {
        lines.push_back(rule(part.list.title, options));
    }
    append(lines, part.list.render(part.first, part.rows));
}

std::size_t clamped(std::size_t scroll, std::size_t size, std::size_t rows)
{
    return std::min(scroll, size > rows ? size - rows : 0);
}

struct Body {
    Lines lines;
    std::size_t scroll = 0;
    std::size_t list_rows = 1;
};

Body overview(WatchData const& data, WatchControls const& controls, WatchPageOptions const& options, std::size_t room)
{
    Part nodes{.list = watch_nodes(data, controls, options), .titled = false};
    Part findings{.list = watch_findings(data, controls, options, false)};
    Part queues{.list = watch_queues(data, controls, options)};
    Part events{.list = watch_events(data, controls, options)};
    Lines rates = watch_rates(data, options);
    // Rates come before a second row of anything, but not instead of nodes.
    std::size_t const least = nodes.frame() + std::min<std::size_t>(nodes.list.size, 3);
    if (room < least + rates.size() + 4) {
        rates.clear();
    }
    share(room - std::min(room, rates.size()), {&nodes, &findings, &queues, &events});

    Body body;
    body.list_rows = std::max<std::size_t>(1, queues.rows);
    body.scroll = queues.first = clamped(controls.scroll, queues.list.size, queues.rows);
    append(body.lines, rates);
    for (Part const* part : {&nodes, &findings, &queues, &events}) {
        add(body.lines, *part, options);
    }
    return body;
}

WatchList list_of(WatchData const& data, WatchControls const& controls, WatchPageOptions const& options)
{
    switch (controls.view) {
    case WatchView::nodes:
        return watch_nodes(data, controls, options);
    case WatchView::findings:
        return watch_findings(data, controls, options, true);
    case WatchView::events:
        return watch_events(data, controls, options);
    case WatchView::queues:
    case WatchView::overview:
        break;
    }
    return watch_queues(data, controls, options);
}

/// One list on the whole page.
Body single(WatchData const& data, WatchControls const& controls, WatchPageOptions const& options, std::size_t room)
{
    Part part{.list = list_of(data, controls, options)};
    part.titled = room > part.list.heading + 1;
    Body body;
    if (room > part.list.heading) {
        part.shown = true;
        part.rows = std::min(part.list.size, room - part.frame());
        body.list_rows = std::max<std::size_t>(1, part.rows);
        body.scroll = part.first = clamped(controls.scroll, part.list.size, part.rows);
        add(body.lines, part, options);
    }
    return body;
}

Lines help(WatchPageOptions const& options)
{
    Lines lines{rule("keys", options)};
    for (auto const& [keys, what] : watch_keys()) {
        int const width = output::display_width(keys);
        lines.push_back(keys + std::string(static_cast<std::size_t>(std::max(1, 18 - width)), ' ') + what);
    }
    lines.emplace_back();
    lines.emplace_back(
        "Rates are the cluster's, over all protocols; ≥: a node did not tell. CHANGE/s is over ten seconds.");
    lines.emplace_back("Times are UTC. Events: + came, - went, ~ became better or worse.");
    return lines;
}

} // namespace

WatchPage watch_page(WatchData const* data, WatchControls const& controls, WatchPageOptions const& options)
{
    auto const rows = static_cast<std::size_t>(std::max(1, options.rows));
    Lines lines;
    if (data == nullptr) {
        lines.push_back(fmt::format("asking {} node{}, for {} now", options.nodes, options.nodes == 1 ? "" : "s",
                                    age_text(options.now - options.began)));
    } else {
        append(lines, watch_headline(*data, options));
    }
    bool const footer = rows > lines.size();
    std::size_t const room = rows - std::min(rows, lines.size() + (footer ? 1 : 0));
    WatchPage page;
    if (controls.help) {
        append(lines, help(options));
    } else if (data != nullptr) {
        auto const body = controls.view == WatchView::overview ? overview(*data, controls, options, room)
                                                               : single(*data, controls, options, room);
        append(lines, body.lines);
        page.scroll = body.scroll;
        page.list_rows = body.list_rows;
    }
    lines.resize(rows - (footer ? 1 : 0));
    if (footer) {
        lines.push_back(watch_footer(controls, options));
    }
    for (std::string& line : lines) {
        line = output::cut_styled(line, options.columns);
    }
    page.lines = std::move(lines);
    return page;
}

} // namespace rmqha::cmd
