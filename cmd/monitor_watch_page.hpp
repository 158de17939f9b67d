#pragma once

#include "cmd/monitor_watch_controls.hpp"
#include "cmd/monitor_watch_data.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace rmqha::cmd {

struct WatchPageOptions {
    int rows = 24;
    int columns = 80;
    bool color = false;
    base::TimePoint now{};
    base::Duration patience = std::chrono::seconds(10); ///< figures older than that are marked as old
    std::size_t nodes = 0;                              ///< to be asked, before anything is known of them
    base::TimePoint began{};                            ///< when asking began
};

struct WatchPage {
    std::vector<std::string> lines; ///< exactly as many as rows, none wider than columns
    std::size_t scroll = 0;         ///< what is left of the controls' scroll: lists end
    std::size_t list_rows = 1;      ///< rows of the list that scrolls
};

/// The live page; null data: nothing has come yet. Pure.
WatchPage watch_page(WatchData const* data, WatchControls const& controls, WatchPageOptions const& options);

} // namespace rmqha::cmd
