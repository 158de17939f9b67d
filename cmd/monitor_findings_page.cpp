#include "cmd/monitor_parts.hpp"
#include "queues/listing.hpp"

#include "base/units.hpp"
#include "output/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace rmqha::cmd {
namespace {

using health::Finding;
using health::Severity;
using output::Align;
using output::Cell;
using output::Style;

constexpr std::size_t k_most_rows = 20;

std::map<std::string, std::vector<Finding const*>> by_object(std::vector<Finding> const& findings)
{
    std::map<std::string, std::vector<Finding const*>> objects;
    for (Finding const& finding : findings) {
        objects[finding.object].push_back(&finding);
    }
    return objects;
}

} // namespace

std::string in_short(Finding const& finding)
{
    static std::map<std::string, std::string> const k_words{
        {"QUEUE-DOWN", "down"},
        {"QUEUE-CRITICAL", "no spare copy"},
        {"QUEUE-UNDER-REPLICATED", "too few copies"},
        {"MIRROR-UNSYNCED", "unsynced"},
        {"QUEUE-BACKLOG", "backlog"},
        {"QUEUE-NO-CONSUMER", "no consumer"},
    };
    auto const found = k_words.find(finding.code);
    return found == k_words.end() ? finding.code : found->second;
}

std::string copies_text(health::Queue const& queue, std::set<std::string> const& running)
{
    auto const copies = queues::copies_of(queue, running);
    return copies.all == 0 ? "-" : fmt::format("{}/{}", copies.online, copies.all);
}

Style style_of(Severity severity)
{
    switch (severity) {
    case Severity::critical:
        return Style::bad;
    case Severity::warning:
    case Severity::unknown:
        return Style::warning;
    case Severity::skipped:
        return Style::faint;
    case Severity::ok:
        break;
    }
    return Style::good;
}

/// Breaks `text` at blanks into lines of at most `width` columns, all but the first indented.
std::string wrapped(std::string const& text, int width, std::size_t indent)
{
    std::string result;
    int column = static_cast<int>(indent);
    bool first = true;
    for (std::size_t at = 0; at <= text.size();) {
        std::size_t const end = std::min(text.find(' ', at), text.size());
        std::string const word = text.substr(at, end - at);
        int const length = output::display_width(word);
        if (!first && column + 1 + length > width) {
            result += "\n" + std::string(indent, ' ');
            column = static_cast<int>(indent);
        } else if (!first) {
            result += ' ';
            ++column;
        }
        result += word;
        column += length;
        first = false;
        at = end + 1;
    }
    return result;
}

std::string queues_table(Status const& status, PageOptions const& options)
{
    if (!status.snapshot.queues) {
        return {};
    }
    auto const findings = by_object(status.findings);
    std::vector<std::pair<health::Queue const*, std::vector<Finding const*> const*>> risky;
    for (health::Queue const& queue : *status.snapshot.queues) {
        if (auto const found = findings.find(health::queue_label(queue)); found != findings.end()) {
            risky.emplace_back(&queue, &found->second);
        }
    }
    if (risky.empty()) {
        return {};
    }
    std::stable_sort(risky.begin(), risky.end(), [](auto const& a, auto const& b) {
        return a.second->front()->severity > b.second->front()->severity;
    });
    output::Table table({{"QUEUE AT RISK", Align::left, true},
                         {"TYPE"},
                         {"LEADER", Align::left, true},
                         {"ONLINE", Align::right},
                         {"MESSAGES", Align::right},
                         {"FINDINGS", Align::left, true}});
    for (std::size_t i = 0; i < std::min(risky.size(), k_most_rows); ++i) {
        auto const& [queue, list] = risky[i];
        std::vector<std::string> codes;
        for (Finding const* finding : *list) {
            codes.push_back(in_short(*finding));
        }
        table.add({queue->vhost == "/" ? queue->name : queue->vhost + "/" + queue->name, queue->type, queue->leader,
                   copies_text(*queue, status.snapshot.running),
                   queue->messages ? base::format_count(*queue->messages) : "-",
                   Cell(fmt::format("{}", fmt::join(codes, ", ")), style_of(list->front()->severity))});
    }
    std::string text = "\n" + table.render(options.width, options.color);
    if (risky.size() > k_most_rows) {
        text +=
            fmt::format("… and {} more (--format json lists all)\n", base::format_count(risky.size() - k_most_rows));
    }
    return text;
}

std::vector<LikeFindings> like_findings(std::vector<Finding> const& findings, bool skipped_too)
{
    std::vector<LikeFindings> groups;
    std::map<std::tuple<std::string, std::string, Severity>, std::size_t> places;
    for (Finding const& finding : findings) {
        if (finding.severity == Severity::skipped && !skipped_too) {
            continue;
        }
        auto const [place, fresh] =
            places.emplace(std::tuple(finding.code, finding.cause, finding.severity), groups.size());
        if (fresh || finding.object == "cluster") {
            groups.push_back({&finding, 1});
        } else {
            ++groups[place->second].count;
        }
    }
    return groups;
}

std::string finding_text(LikeFindings const& like)
{
    std::string const more =
        like.count > 1 ? fmt::format(" (and {} more like it)", base::format_count(like.count - 1)) : "";
    return fmt::format("{} {}{}: {}", like.finding->code, like.finding->object, more, like.finding->evidence);
}

std::string findings_list(Status const& status, PageOptions const& options)
{
    constexpr std::size_t k_indent = 10;
    auto const groups = like_findings(status.findings, options.explain);
    std::string text;
    for (std::size_t i = 0; i < std::min(groups.size(), k_most_rows); ++i) {
        auto const* const finding = groups[i].finding;
        std::string const severity(to_string(finding->severity));
        std::string const what = finding_text(groups[i]);
        text += "\n" + output::styled(severity, style_of(finding->severity), options.color) +
                std::string(k_indent - severity.size(), ' ') + wrapped(output::escaped(what), options.width, k_indent) +
                "\n";
        if (!finding->remedy.empty()) {
            text += std::string(k_indent, ' ') +
                    wrapped("→ next: " + output::escaped(finding->remedy), options.width, k_indent + 2) + "\n";
        }
    }
    if (groups.size() > k_most_rows) {
        text += fmt::format("\n… and {} more (--format json lists all)\n", groups.size() - k_most_rows);
    }
    return text;
}

} // namespace rmqha::cmd
