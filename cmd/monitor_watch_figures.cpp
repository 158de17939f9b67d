#include "cmd/monitor_parts.hpp"
#include "cmd/monitor_watch_parts.hpp"

#include "base/units.hpp"
#include "output/sparkline.hpp"
#include "output/table.hpp"
#include "output/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace rmqha::cmd {
namespace {

using health::Finding;
using health::Severity;
using output::Style;

std::string because(Status const& status)
{
    std::vector<std::string> parts;
    std::set<std::string> seen;
    for (Finding const& finding : status.findings) {
        if (finding.severity == status.score.state && seen.insert(finding.code + finding.cause).second) {
            parts.push_back(fmt::format("{} {}", finding.code, finding.object));
        }
    }
    return fmt::format("because of {}", fmt::join(parts, "; "));
}

std::string why(WatchData const& data)
{
    if (!data.problem.empty()) {
        return data.problem;
    }
    auto const& nodes = data.status.snapshot.nodes;
    auto const up = std::count_if(nodes.begin(), nodes.end(), [](auto const& node) { return node.up(); });
    return data.status.score.state == Severity::ok
               ? fmt::format("{} of {} nodes up, nothing is known to be wrong", up, nodes.size())
               : because(data.status);
}

struct Rate {
    char const* name;
    std::string figure;
    std::vector<std::optional<double>> before;
};

std::string figure_of(std::optional<double> const& rate, bool some_nodes_only)
{
    return rate ? fmt::format("{}{}/s", some_nodes_only ? "≥" : "",
                              base::format_count(static_cast<std::uint64_t>(std::llround(std::max(0.0, *rate)))))
                : "-";
}

std::string signed_figure(double growth)
{
    double const size = std::abs(growth);
    return size < 0.5 ? "±0/s"
                      : fmt::format("{}{}/s", growth < 0 ? "-" : "+",
                                    base::format_count(static_cast<std::uint64_t>(std::llround(size))));
}

std::vector<Rate> rates_of(WatchData const& data)
{
    health::Moment const last = data.moments.empty() ? health::Moment{} : data.moments.back();
    Rate messages{"messages", last.messages ? base::format_count(*last.messages) : "-", {}};
    if (data.growth && last.messages) {
        messages.figure += " " + signed_figure(*data.growth);
    }
    std::vector<Rate> rates{{"publish", figure_of(last.published, last.some_nodes_only), {}},
                            {"deliver", figure_of(last.delivered, last.some_nodes_only), {}},
                            {"ack", figure_of(last.acknowledged, last.some_nodes_only), {}},
                            std::move(messages)};
    for (auto const& moment : data.moments) {
        rates[0].before.push_back(moment.published);
        rates[1].before.push_back(moment.delivered);
        rates[2].before.push_back(moment.acknowledged);
        rates[3].before.push_back(moment.messages ? std::optional(static_cast<double>(*moment.messages))
                                                  : std::nullopt);
    }
    return rates;
}

std::string rate_line(Rate const& rate, int width)
{
    auto const padded = [](std::string const& text, int columns) {
        return text + std::string(static_cast<std::size_t>(std::max(0, columns - output::display_width(text))), ' ');
    };
    std::string const figures = padded(padded(rate.name, 10) + rate.figure, 24);
    int const left = width - output::display_width(figures) - 1;
    constexpr int k_longest = 60;
    return left < 4 ? output::cut(figures, width)
                    : figures + " " + output::sparkline(rate.before, std::min(left, k_longest));
}

} // namespace

std::vector<std::string> watch_headline(WatchData const& data, WatchPageOptions const& options)
{
    auto const& status = data.status;
    std::string name = status.snapshot.cluster_name.empty() ? status.context : status.snapshot.cluster_name;
    name = output::escaped(name.empty() ? "cluster" : name);
    auto const state =
        output::styled(std::string(to_string(status.score.state)), style_of(status.score.state), options.color);
    auto const verdict = fmt::format("score {} of 100{}", status.score.value, status.score.partial ? ", partial" : "");
    std::vector<std::string> ages{"no figures yet"};
    Style style = Style::bad;
    if (data.told_at) {
        auto const old = options.now - *data.told_at;
        ages = {fmt::format("{}, {} old", clock_text(*data.told), age_text(old)), age_text(old) + " old",
                age_text(old)};
        style = !data.problem.empty() || old > options.patience ? Style::bad : Style::plain;
    }
    // What is wrong and how old that is are never left out; the name gives way first.
    constexpr int k_least_name = 6;
    constexpr int k_gap = 2;
    int const columns = options.columns;
    std::string headline;
    for (auto const& age : ages) {
        for (auto const& [named, what] :
             {std::pair(true, state + "  " + verdict), std::pair(true, fmt::format("{} {}", state, status.score.value)),
              std::pair(false, fmt::format("{} {}", state, status.score.value))}) {
            int const room = columns - output::styled_width(what) - k_gap - output::display_width(age);
            int const name_room = std::min(output::display_width(name), room - 2);
            bool const fits = named ? name_room >= std::min(k_least_name, output::display_width(name)) : room >= 0;
            if (headline.empty() && fits) {
                auto const left = named ? output::cut(name, name_room) + ": " + what : what;
                auto const gap = columns - output::styled_width(left) - output::display_width(age);
                headline =
                    left + std::string(static_cast<std::size_t>(gap), ' ') + output::styled(age, style, options.color);
            }
        }
    }
    if (headline.empty()) {
        headline = state;
    }
    auto const reason = output::cut("  " + output::escaped(why(data)), columns);
    return {headline, data.problem.empty() ? reason : output::styled(reason, Style::bad, options.color)};
}

std::vector<std::string> watch_rates(WatchData const& data, WatchPageOptions const& options)
{
    constexpr int k_gap = 2;
    constexpr int k_narrowest = 36; // of a figure and a line worth looking at
    auto const rates = rates_of(data);
    int const fit = (options.columns + k_gap) / (k_narrowest + k_gap);
    std::size_t const beside = fit >= 4 ? 4 : fit >= 2 ? 2 : 1;
    int const width = (options.columns + k_gap) / static_cast<int>(beside) - k_gap;
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < rates.size(); i += beside) {
        std::string line;
        for (std::size_t j = 0; j < beside; ++j) {
            auto const one = rate_line(rates[i + j], width);
            line += one;
            if (j + 1 < beside) {
                line +=
                    std::string(static_cast<std::size_t>(std::max(0, width - output::display_width(one)) + k_gap), ' ');
            }
        }
        lines.push_back(std::move(line));
    }
    return lines;
}

} // namespace rmqha::cmd
