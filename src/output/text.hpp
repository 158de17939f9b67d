#pragma once

#include <string>
#include <string_view>

namespace rmqha::output {

/// `text` as it may be shown on a terminal: control characters, invisible direction marks and bytes that are not UTF-8
/// are written as escapes (\n, \t, \x1b, \u202e), so that a queue's name can neither break a line nor drive the
/// terminal.
std::string escaped(std::string_view text);

/// The same, but line ends stay: for messages of several lines.
std::string escaped_lines(std::string_view text);

/// Columns a UTF-8 string takes on a terminal: 2 for wide characters (East Asian, emoji), 0 for combining ones; each
/// byte that is not UTF-8 counts 1.
int display_width(std::string_view text);

/// The start of `text` that fits into `width` columns; ends with "…" when something was cut away. Never cuts a
/// character in two.
std::string cut(std::string_view text, int width);

/// The same of a line with colours as styled() makes them: they take no column, are never cut in two, and end with it.
/// Columns of such a line: see styled_width().
std::string cut_styled(std::string_view line, int width);
int styled_width(std::string_view line);

} // namespace rmqha::output
