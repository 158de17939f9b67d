#pragma once

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

/// Rows under headings, columns as wide as their widest cell; two blanks between. When the table is wider than `width`,
/// the column marked shrinkable loses letters (cut with "…"), never a number.
class Table {
public:
    struct Column {
        std::string heading;
        Align align = Align::left;
        bool shrinkable = false;
    };

    explicit Table(std::vector<Column> columns);

    void add(std::vector<Cell> row);
    bool empty() const noexcept { return m_rows.empty(); }
    std::string render(int width, bool color) const;

private:
    std::vector<Column> m_columns;
    std::vector<std::vector<Cell>> m_rows;
};

/// `text` in the style's colour when `color`, else as it is.
std::string styled(std::string const& text, Style style, bool color);

/// Columns a UTF-8 string takes on a terminal.
int display_width(std::string const& text);

} // namespace rmqha::output
