#pragma once

#include "cmd/monitor_watch_page.hpp"

#include "output/table.hpp"

#include <string>
#include <vector>

namespace rmqha::cmd {

/// A column, and how soon it gives way when the page is narrow: the greatest first, 0 never.
struct WatchColumn {
    output::Table::Column layout;
    int gives_way = 0;
    int enough = 17; ///< columns it wants, when it may shrink, before others stay: "rabbit1@localhost"
};

/// The table with as many of its columns as there is room for: its heading and each row a line. Pure.
std::vector<std::string> table_lines(std::vector<WatchColumn> columns, std::vector<std::vector<output::Cell>> rows,
                                     WatchPageOptions const& options);

} // namespace rmqha::cmd
