#pragma once

#include "output/text.hpp"

#include <string>
#include <vector>

namespace rmqha::output {

enum class Align { left, right };
enum class Style { plain, good, warning, bad, faint };

struct Cell {
    std::string text; ///< UTF-8; control characters are shown escaped
    Style style = Style::plain;

    Cell(std::string t = {}, Style s = Style::plain)
        : text(std::move(t)), style(s) {}                              // NOLINT(google-explicit-constructor)
    Cell(char const* t, Style s = Style::plain) : text(t), style(s) {} // NOLINT(google-explicit-constructor)
};

/// Rows under headings, columns as wide as their widest cell; two blanks between, none at a line's end. When the table
/// is wider than the width asked for, the columns marked shrinkable lose letters (cut with "…"), the widest first and
/// none below its heading or 8 columns; the others never do, so that no number is ever shortened.
class Table {
public:
    struct Column {
        std::string heading;
        Align align = Align::left;
        bool shrinkable = false;
    };

    explicit Table(std::vector<Column> columns);

    /// Cells missing at the end are empty; more cells than columns is a mistake of the caller (std::logic_error).
    void add(std::vector<Cell> row);
    bool empty() const noexcept { return m_rows.empty(); }
    /// The table as lines, each ending in a line feed; the headings too when there are no rows.
    std::string render(int width, bool color) const;

private:
    std::vector<Column> m_columns;
    std::vector<std::vector<Cell>> m_rows;
};

/// `text` in the style's colour when `color`, else as it is.
std::string styled(std::string const& text, Style style, bool color);

} // namespace rmqha::output
