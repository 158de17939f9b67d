#pragma once

#include "config/option.hpp"

#include <string>

namespace rmqha::config {

// A configuration file's text with one change; everything else, comments included, stays as it was written. The result
// is read back before it is returned: Error(config) when the file is written in a way this cannot change (a context in
// one line, dotted keys), and whenever parse_file() refuses it.

/// Makes `name` the current context.
std::string with_current(std::string const& text, std::string const& name);

/// Gives a context these values, by names as in ContextEntry::source; the context is added at the end when it is not
/// there. An option with no value is taken out. "node" takes the place of all nodes the context had. `path` is the
/// file's, for messages; file names among the values are absolute.
std::string with_context(std::string const& text, std::string const& path, std::string const& name,
                         Values const& changes);

} // namespace rmqha::config
