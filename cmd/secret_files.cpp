#include "cmd/secret_files.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "output/console.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rmqha::cmd {

std::string read_option_file(std::string const& option, std::string const& path)
{
    auto content = base::read_file(path);
    if (!content) {
        throw base::Error(base::ExitCode::config, fmt::format("{}: \"{}\" does not exist", option, path),
                          "Name a file that does, and that this user may read.");
    }
    return std::move(*content);
}

void warn_if_readable(output::Console& console, std::string const& option, std::string const& path)
{
    if (base::readable_by_others(path)) {
        console.warn(fmt::format("{}: others than the owner may read {}", option, path));
    }
}

std::string read_token(std::string const& option, std::string const& path)
{
    auto token = read_option_file(option, path);
    token.erase(token.find_last_not_of(" \t\r\n") + 1);
    bool const fit = std::all_of(token.begin(), token.end(), [](unsigned char c) { return c > ' ' && c < 0x7f; });
    if (token.empty() || !fit) {
        throw base::Error(base::ExitCode::config,
                          fmt::format("{}: \"{}\" {}", option, path, token.empty() ? "is empty" : "is not a token"),
                          "The file holds one line without blanks, such as \"openssl rand -hex 32\" prints.");
    }
    return token;
}

} // namespace rmqha::cmd
