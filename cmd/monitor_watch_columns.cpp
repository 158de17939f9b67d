#include "cmd/monitor_watch_columns.hpp"

#include "output/text.hpp"

#include <algorithm>

namespace rmqha::cmd {
namespace {

using output::Cell;

constexpr int k_gap = 2; // as Table has it

std::vector<std::string> lines_of(std::string const& text)
{
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
        auto const end = std::min(text.find('\n', at), text.size());
        lines.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return lines;
}

} // namespace

std::vector<std::string> table_lines(std::vector<WatchColumn> columns, std::vector<std::vector<Cell>> rows,
                                     WatchPageOptions const& options)
{
    auto const width_of = [&](std::size_t i) {
        auto const& layout = columns[i].layout;
        int width = output::display_width(layout.heading);
        for (auto const& row : rows) {
            int const cell = output::display_width(output::escaped(row[i].text));
            width = std::max(width, layout.shrinkable ? std::min(cell, columns[i].enough) : cell);
        }
        return width;
    };
    while (true) {
        int total = -k_gap;
        std::size_t first = 0;
        for (std::size_t i = 0; i < columns.size(); ++i) {
            total += width_of(i) + k_gap;
            first = columns[i].gives_way > columns[first].gives_way ? i : first;
        }
        if (total <= options.columns || columns[first].gives_way == 0) {
            break;
        }
        columns.erase(columns.begin() + static_cast<std::ptrdiff_t>(first));
        for (auto& row : rows) {
            row.erase(row.begin() + static_cast<std::ptrdiff_t>(first));
        }
    }
    std::vector<output::Table::Column> layouts;
    for (auto const& column : columns) {
        layouts.push_back(column.layout);
    }
    output::Table table(layouts);
    for (auto& row : rows) {
        table.add(std::move(row));
    }
    return lines_of(table.render(options.columns, options.color));
}

} // namespace rmqha::cmd
