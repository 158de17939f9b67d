#include "support/prometheus_text.hpp"

#include "base/utf8.hpp"

#include <fmt/format.h>

#include <regex>
#include <set>
#include <sstream>

namespace rmqha::test {

PrometheusText read_prometheus(std::string const& text)
{
    static std::regex const comment(R"(# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+))");
    static std::regex const sample(
        R"(([a-zA-Z_:][a-zA-Z0-9_:]*)(\{([a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\["\\n])*",?)*\})? ([^ ]+))");
    PrometheusText result;
    std::set<std::string> helped;
    std::set<std::string> typed;
    std::string family;
    auto const complain = [&](std::string const& why, std::string const& line) {
        result.complaints.push_back(fmt::format("{}: {}", why, line));
    };
    if (text != base::valid_utf8(text)) {
        complain("not UTF-8", "");
    }
    if (text.empty() || text.back() != '\n') {
        complain("no final line end", "");
    }
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::smatch parts;
        if (std::regex_match(line, parts, comment)) {
            auto const name = parts[2].str();
            if (!(parts[1] == "HELP" ? helped : typed).insert(name).second) {
                complain("twice", line);
            }
            if (parts[1] == "TYPE" && (parts[3] != "gauge" && parts[3] != "counter")) {
                complain("unknown type", line);
            }
            family = name;
        } else if (std::regex_match(line, parts, sample)) {
            if (parts[1] != family || !helped.contains(family) || !typed.contains(family)) {
                complain("not in its family", line);
            }
            auto const series = parts[1].str() + parts[2].str();
            std::size_t used = 0;
            double const value = std::stod(parts[5].str(), &used);
            if (used != parts[5].str().size()) {
                complain("not a number", line);
            }
            if (!result.samples.emplace(series, value).second) {
                complain("series twice", line);
            }
        } else {
            complain("cannot be read", line);
        }
    }
    return result;
}

} // namespace rmqha::test
