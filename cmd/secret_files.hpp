#pragma once

#include <string>

namespace rmqha::output {
class Console;
}

namespace rmqha::cmd {

// Files that options name, with what others should not read. All throw Error(config) naming the option.

std::string read_option_file(std::string const& option, std::string const& path);

/// Warns when others than the owner may read it.
void warn_if_readable(output::Console& console, std::string const& option, std::string const& path);

/// A bearer token: the file's only line, without blanks.
std::string read_token(std::string const& option, std::string const& path);

} // namespace rmqha::cmd
