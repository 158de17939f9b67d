#include "output/table.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <utility>

namespace rmqha::output {

namespace {

constexpr int k_gap = 2;
constexpr int k_narrowest = 8; ///< a name cut below this tells nothing

int total(std::vector<int> const& widths)
{
    return std::accumulate(widths.begin(), widths.end(), k_gap * (static_cast<int>(widths.size()) - 1));
}

char const* code_of(Style style)
{
    switch (style) {
    case Style::good:
        return "\033[32m";
    case Style::warning:
        return "\033[33m";
    case Style::bad:
        return "\033[1;31m";
    case Style::faint:
        return "\033[2m";
    case Style::plain:
        break;
    }
    return "";
}

// One cell, cut and padded to its column's width. The padding stays outside the colour.
std::string fitted(Cell const& cell, Align align, int width, bool color)
{
    auto const text = cut(escaped(cell.text), width);
    std::string const padding(static_cast<std::size_t>(std::max(0, width - display_width(text))), ' ');
    auto const shown = styled(text, cell.style, color);
    return align == Align::right ? padding + shown : shown + padding;
}

} // namespace

Table::Table(std::vector<Column> columns) : m_columns(std::move(columns)) {}

void Table::add(std::vector<Cell> row)
{
    if (row.size() > m_columns.size()) {
        throw std::logic_error("table: a row with more cells than columns");
    }
    row.resize(m_columns.size());
    m_rows.push_back(std::move(row));
}

std::string Table::render(int width, bool color) const
{
    std::vector<int> widths;
    for (std::size_t i = 0; i < m_columns.size(); ++i) {
        int widest = display_width(m_columns[i].heading);
        for (auto const& row : m_rows) {
            widest = std::max(widest, display_width(escaped(row[i].text)));
        }
        widths.push_back(widest);
    }
    while (total(widths) > width) {
        int* widest = nullptr;
        for (std::size_t i = 0; i < m_columns.size(); ++i) {
            int const floor = std::max(k_narrowest, display_width(m_columns[i].heading));
            if (m_columns[i].shrinkable && widths[i] > floor && (widest == nullptr || widths[i] > *widest)) {
                widest = &widths[i];
            }
        }
        if (widest == nullptr) {
            break;
        }
        --*widest;
    }

    std::string result;
    auto const add_line = [&](std::vector<Cell> const& cells) {
        std::string line;
        for (std::size_t i = 0; i < cells.size(); ++i) {
            line += std::string(i == 0 ? 0 : k_gap, ' ') + fitted(cells[i], m_columns[i].align, widths[i], color);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        result += line + '\n';
    };
    std::vector<Cell> headings;
    for (auto const& column : m_columns) {
        headings.emplace_back(column.heading, Style::faint);
    }
    add_line(headings);
    for (auto const& row : m_rows) {
        add_line(row);
    }
    return result;
}

std::string styled(std::string const& text, Style style, bool color)
{
    if (!color || style == Style::plain || text.empty()) {
        return text;
    }
    return code_of(style) + text + "\033[0m";
}

} // namespace rmqha::output
