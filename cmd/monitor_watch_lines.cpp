#include "cmd/monitor_parts.hpp"
#include "cmd/monitor_watch_parts.hpp"

#include "base/units.hpp"
#include "output/table.hpp"
#include "output/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rmqha::cmd {
namespace {

using health::Event;
using health::Finding;
using health::Severity;
using output::Style;

char const* sign_of(Event::Kind kind)
{
    return kind == Event::Kind::appeared ? "+" : kind == Event::Kind::gone ? "-" : "~";
}

std::string event_line(Event const& event, bool color)
{
    std::string const others =
        event.others > 0 ? fmt::format(" (and {} more)", base::format_count(event.others)) : std::string();
    std::string const head = fmt::format("{} {:<8}", sign_of(event.kind),
                                         event.kind == Event::Kind::gone ? "gone" : to_string(event.severity));
    std::string const what = output::escaped(fmt::format("{} {}{}{}{}", event.code, event.object, others,
                                                         event.evidence.empty() ? "" : ": ", event.evidence));
    return fmt::format(
        "{} {} {}", clock_text(event.time),
        output::styled(head, event.kind == Event::Kind::gone ? Style::good : style_of(event.severity), color), what);
}

bool is_meant(Finding const& finding, std::string const& filter)
{
    return contains_part(finding.code, filter) || contains_part(finding.object, filter);
}

/// A list of lines that are there already.
WatchList list_of(std::string title, std::vector<std::string> lines)
{
    auto const size = lines.size();
    return {.title = std::move(title),
            .heading = 0,
            .size = size,
            .render = [lines = std::move(lines)](std::size_t first, std::size_t count) {
                first = std::min(first, lines.size());
                auto const from = lines.begin() + static_cast<std::ptrdiff_t>(first);
                return std::vector<std::string>(
                    from, from + static_cast<std::ptrdiff_t>(std::min(count, lines.size() - first)));
            }};
}

void add_lines(std::vector<std::string>& lines, std::string const& text)
{
    for (std::size_t at = 0; at <= text.size();) {
        auto const end = std::min(text.find('\n', at), text.size());
        lines.push_back(text.substr(at, end - at));
        at = end + 1;
    }
}

} // namespace

std::string clock_text(std::chrono::system_clock::time_point time)
{
    auto const text = base::format_time(time);
    auto const t = text.find('T');
    return t == std::string::npos ? text : text.substr(t + 1, 8) + "Z";
}

std::string age_text(base::Duration age)
{
    auto const seconds = std::chrono::floor<std::chrono::seconds>(std::max(age, base::Duration{}));
    return seconds < std::chrono::minutes(1) ? fmt::format("{}s", seconds.count()) : base::format_duration(seconds);
}

bool contains_part(std::string const& text, std::string const& part)
{
    auto const small = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::search(text.begin(), text.end(), part.begin(), part.end(),
                       [&](char a, char b) { return small(a) == small(b); }) != text.end() ||
           part.empty();
}

std::string watch_footer(WatchControls const& controls, WatchPageOptions const& options)
{
    if (controls.typing) {
        // The end of what is typed is what its writer looks at.
        std::string typed = output::escaped(controls.filter);
        while (output::display_width(typed) > std::max(1, options.columns - 12)) {
            std::size_t letter = 1;
            while (letter < typed.size() && (static_cast<unsigned char>(typed[letter]) & 0xc0U) == 0x80U) {
                ++letter;
            }
            typed.erase(0, letter);
        }
        return fmt::format("filter: {}_  Enter keeps it, Escape undoes it", typed);
    }
    std::string text = fmt::format("q leave  ? help  Tab {}", name_of(controls.view));
    if (is_sorted(controls.view)) {
        text +=
            fmt::format("  s sort: {}  r reverse", controls.view == WatchView::nodes ? name_of(controls.node_order)
                                                                                     : name_of(controls.queue_order));
    }
    text += controls.filter.empty() ? "  / filter" : fmt::format("  / filter: {}", output::escaped(controls.filter));
    if (controls.view == WatchView::overview || controls.view == WatchView::queues) {
        text += controls.at_risk_only ? "  a all queues" : "  a at risk";
    }
    return output::styled(output::cut(text, options.columns), Style::faint, options.color);
}

WatchList watch_findings(WatchData const& data, WatchControls const& controls, WatchPageOptions const& options,
                         bool whole)
{
    constexpr std::size_t k_indent = 10;
    std::vector<Finding> meant;
    std::copy_if(data.status.findings.begin(), data.status.findings.end(), std::back_inserter(meant),
                 [&](Finding const& finding) { return is_meant(finding, controls.filter); });
    std::size_t critical = 0;
    std::size_t warning = 0;
    std::size_t unknown = 0;
    for (Finding const& finding : meant) {
        critical += finding.severity == Severity::critical ? 1 : 0;
        warning += finding.severity == Severity::warning ? 1 : 0;
        unknown += finding.severity == Severity::unknown ? 1 : 0;
    }
    std::vector<std::string> lines;
    for (auto const& like : like_findings(meant, false)) {
        std::string const severity(to_string(like.finding->severity));
        std::string const head = output::styled(severity, style_of(like.finding->severity), options.color) +
                                 std::string(k_indent - severity.size(), ' ');
        std::string const text = output::escaped(finding_text(like));
        if (!whole) {
            lines.push_back(head + text);
            continue;
        }
        add_lines(lines, head + wrapped(text, options.columns, k_indent));
        if (!like.finding->remedy.empty()) {
            add_lines(lines, std::string(k_indent, ' ') + wrapped("→ next: " + output::escaped(like.finding->remedy),
                                                                  options.columns, k_indent + 2));
        }
    }
    std::string title = fmt::format("findings: {} critical, {} warning, {} unknown", base::format_count(critical),
                                    base::format_count(warning), base::format_count(unknown));
    if (!controls.filter.empty()) {
        title += fmt::format(", filter \"{}\"", controls.filter);
    }
    return list_of(std::move(title), std::move(lines));
}

WatchList watch_events(WatchData const& data, WatchControls const& controls, WatchPageOptions const& options)
{
    std::vector<std::string> lines;
    for (Event const& event : data.events) {
        if (contains_part(event.code, controls.filter) || contains_part(event.object, controls.filter)) {
            lines.push_back(event_line(event, options.color));
        }
    }
    std::string title = fmt::format("events: {}, the latest first", lines.size());
    if (!controls.filter.empty()) {
        title += fmt::format(", filter \"{}\"", controls.filter);
    }
    return list_of(std::move(title), std::move(lines));
}

} // namespace rmqha::cmd
