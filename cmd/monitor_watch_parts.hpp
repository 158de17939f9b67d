#pragma once

#include "cmd/monitor_watch_page.hpp"

#include <functional>
#include <string>
#include <vector>

namespace rmqha::cmd {

// The parts a live page is put together from. All pure. Lines may be wider than the page: who puts them together cuts
// them.

/// A list of which as much is shown as there is room for.
struct WatchList {
    std::string title;       ///< what it is, when there is room to say so
    std::size_t heading = 0; ///< lines that render() puts before the rows
    std::size_t size = 0;    ///< rows there are
    std::function<std::vector<std::string>(std::size_t first, std::size_t count)> render;
};

/// How the cluster is, why, and how old that is: two lines.
std::vector<std::string> watch_headline(WatchData const& data, WatchPageOptions const& options);
/// Messages per second with what they were lately: one line, two or four, by the width.
std::vector<std::string> watch_rates(WatchData const& data, WatchPageOptions const& options);
/// What keys do, or the filter being typed: one line.
std::string watch_footer(WatchControls const& controls, WatchPageOptions const& options);

// The lists. They refer to `data`, and stand for what is left of it by the controls' filter.
WatchList watch_nodes(WatchData const& data, WatchControls const& controls, WatchPageOptions const& options);
WatchList watch_queues(WatchData const& data, WatchControls const& controls, WatchPageOptions const& options);
/// `whole`: with what to do next, on as many lines as it takes; else one line each.
WatchList watch_findings(WatchData const& data, WatchControls const& controls, WatchPageOptions const& options,
                         bool whole);
WatchList watch_events(WatchData const& data, WatchControls const& controls, WatchPageOptions const& options);

/// "12:00:05Z"
std::string clock_text(std::chrono::system_clock::time_point time);

/// "3s", "1m5s": whole seconds.
std::string age_text(base::Duration age);

/// Whether `text` contains `part`, whatever the case of ASCII letters.
bool contains_part(std::string const& text, std::string const& part);

} // namespace rmqha::cmd
