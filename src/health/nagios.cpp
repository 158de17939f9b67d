#include "health/nagios.hpp"

#include "base/units.hpp"
#include "base/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace rmqha::health {
namespace {

constexpr std::size_t k_line = 79; // and the blank before the performance data
constexpr std::size_t k_most_findings = 25;
constexpr std::size_t k_most_named = 4; ///< in the first line, if they fit

bool may_be_printed(base::Utf8Letter const& letter)
{
    auto const c = letter.code;
    bool const control = c < 0x20 || (c >= 0x7F && c < 0xA0);
    bool const turns_text =
        c == 0x61C || c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
    return letter.valid && !control && !turns_text;
}

/// One line, and nothing that begins performance data.
std::string plain(std::string_view text)
{
    std::string result;
    while (!text.empty()) {
        auto const letter = base::first_letter(text);
        if (letter.code == '|') {
            result += '/';
        } else if (may_be_printed(letter)) {
            result += text.substr(0, letter.length);
        } else {
            result += '?';
        }
        text.remove_prefix(letter.length);
    }
    return result;
}

std::size_t characters(std::string_view text)
{
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }));
}

std::string shortened(std::string_view text, std::size_t most)
{
    if (characters(text) <= most) {
        return std::string(text);
    }
    std::string result;
    for (std::size_t kept = 0; kept < most - 3; ++kept) {
        auto const letter = base::first_letter(text);
        result += text.substr(0, letter.length);
        text.remove_prefix(letter.length);
    }
    return result + "...";
}

std::string counted(std::size_t count, char const* what)
{
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

/// Why all is well: only what was looked at.
std::string good_news(Report const& report)
{
    std::vector<std::string> parts;
    if (report.score) {
        parts.push_back(fmt::format("score {}", report.score->value));
    }
    if (report.snapshot) {
        auto const& nodes = report.snapshot->nodes;
        parts.push_back(counted(static_cast<std::size_t>(std::count_if(nodes.begin(), nodes.end(),
                                                                       [](Node const& node) { return node.up(); })),
                                "node") +
                        " up");
        if (report.snapshot->queues) {
            parts.push_back(counted(report.snapshot->queues->size(), "queue"));
        }
    }
    if (!report.pending.empty()) {
        parts.push_back(counted(report.pending.size(), "problem") + " not counted yet");
    }
    return fmt::format("{}", fmt::join(parts, ", "));
}

/// The worst findings by code and object, as many as the line holds.
std::string bad_news(Report const& report, std::string const& start)
{
    auto const state = report.state();
    if (!report.snapshot) {
        return report.findings.front().evidence;
    }
    std::vector<Finding const*> worst;
    for (Finding const& finding : report.findings) {
        if (finding.severity == state) {
            worst.push_back(&finding);
        }
    }
    if (worst.front()->object == k_check_itself) {
        return worst.front()->evidence;
    }
    std::string line;
    std::size_t named = 0;
    for (Finding const* finding : worst) {
        auto const next = fmt::format("{}{} {}", named == 0 ? "" : ", ", finding->code, plain(finding->object));
        constexpr std::size_t k_room_for_rest = 12; // ", 9999 more"
        if (named == k_most_named || (named > 0 && characters(start + line + next) + k_room_for_rest > k_line)) {
            break;
        }
        line += next;
        ++named;
    }
    return line + (named < worst.size() ? fmt::format(", {} more", worst.size() - named) : std::string());
}

std::string first_line(Report const& report)
{
    auto start = fmt::format("RABBITMQ {}: ", to_string(report.state()));
    constexpr std::size_t k_label = 24; // so that there is room for what is wrong
    auto const label = shortened(plain(report.label()), k_label);
    if (!label.empty()) {
        start += label + ": ";
    }
    return shortened(start + plain(report.state() == Severity::ok ? good_news(report) : bad_news(report, start)),
                     k_line);
}

std::string since(std::chrono::system_clock::time_point time)
{
    return base::format_time(time);
}

std::string long_output(Report const& report)
{
    std::string text;
    std::size_t told = 0;
    std::map<std::string, std::size_t> untold;
    for (Finding const& finding : report.findings) {
        if (finding.severity == Severity::skipped) {
            continue;
        }
        if (told == k_most_findings) {
            ++untold[finding.code];
            continue;
        }
        ++told;
        text += plain(fmt::format("{} {} {}: {}", to_string(finding.severity), finding.code, finding.object,
                                  finding.evidence)) +
                "\n";
        if (!finding.remedy.empty()) {
            text += "  next: " + plain(finding.remedy) + "\n";
        }
    }
    for (auto const& [code, count] : untold) {
        text += fmt::format("and {} more {}\n", count, code);
    }
    std::size_t more = 0;
    for (PendingProblem const& pending : report.pending) {
        if (++more <= k_most_findings) {
            text += plain(fmt::format("not counted yet, seen in {} of {} runs: {} {} {}: {}", pending.runs,
                                      report.runs_wanted, to_string(pending.finding.severity), pending.finding.code,
                                      pending.finding.object, pending.finding.evidence)) +
                    "\n";
        }
    }
    more = 0;
    for (GoneProblem const& gone : report.gone) {
        if (++more <= k_most_findings) {
            text += plain(fmt::format("gone: {} {}, there since {}", gone.code, gone.object, since(gone.since))) + "\n";
        }
    }
    for (std::string const& note : report.notes) {
        text += "note: " + plain(note) + "\n";
    }
    return text;
}

std::string ranges(config::Levels const& levels, bool critical)
{
    return critical ? (levels.critical ? std::to_string(*levels.critical) : std::string())
                    : std::to_string(levels.warning);
}

void add_percentage(std::vector<Perfdatum>& data, std::string label, std::optional<std::uint64_t> part,
                    std::optional<std::uint64_t> whole, config::Levels const& levels)
{
    if (part && whole.value_or(0) > 0) {
        double const value = 100.0 * static_cast<double>(*part) / static_cast<double>(*whole);
        data.push_back({std::move(label), value, "%", ranges(levels, false), ranges(levels, true), 0, std::nullopt});
    }
}

void add_nodes(std::vector<Perfdatum>& data, Report const& report, std::set<std::string> const& codes)
{
    auto const& nodes = report.snapshot->nodes;
    auto const& thresholds = report.rules.thresholds;
    if (codes.contains("NODE-DOWN")) {
        auto const up = std::count_if(nodes.begin(), nodes.end(), [](Node const& node) { return node.up(); });
        data.push_back({"nodes_up", static_cast<double>(up), {}, {}, {}, 0, static_cast<double>(nodes.size())});
    }
    for (Node const& node : nodes) {
        if (codes.contains("MEMORY-HIGH")) {
            add_percentage(data, node.label() + " memory", node.memory_used, node.memory_limit,
                           thresholds.memory_usage_max);
        }
        if (codes.contains("DISK-LOW")) {
            add_percentage(data, node.label() + " disk", node.disk_limit, node.disk_free, thresholds.disk_usage_max);
        }
        if (codes.contains("FDS-HIGH")) {
            add_percentage(data, node.label() + " descriptors", node.fds_used, node.fds_total,
                           {report.rules.descriptors_max});
        }
    }
}

void add_queues(std::vector<Perfdatum>& data, Report const& report, std::set<std::string> const& codes)
{
    auto const& queues = *report.snapshot->queues;
    if (codes.contains("QUEUE-DOWN")) {
        auto const down = std::count_if(report.findings.begin(), report.findings.end(),
                                        [](Finding const& finding) { return finding.code == "QUEUE-DOWN"; });
        data.push_back({"queues", static_cast<double>(queues.size()), {}, {}, {}, 0, std::nullopt});
        data.push_back({"queues_down", static_cast<double>(down), {}, {}, "0", 0, std::nullopt});
    }
    if (codes.contains("QUEUE-BACKLOG")) {
        std::optional<double> total;
        std::optional<double> longest;
        for (Queue const& queue : queues) {
            if (queue.messages && queue.type != "stream") {
                auto const messages = static_cast<double>(*queue.messages);
                total = total.value_or(0) + messages;
                longest = std::max(longest.value_or(0), messages);
            }
        }
        if (queues.empty()) {
            total = longest = 0;
        }
        auto const& levels = report.rules.thresholds.queue_backlog_max;
        data.push_back({"messages", total, {}, {}, {}, 0, std::nullopt});
        data.push_back({"longest_queue", longest, {}, ranges(levels, false), ranges(levels, true), 0, std::nullopt});
    }
}

} // namespace

int nagios_code(Severity severity)
{
    switch (severity) {
    case Severity::ok:
    case Severity::skipped:
        return 0;
    case Severity::warning:
        return 1;
    case Severity::critical:
        return 2;
    case Severity::unknown:
        break;
    }
    return 3;
}

std::string to_text(Perfdatum const& datum)
{
    auto const number = [](std::optional<double> value) {
        if (!value) {
            return std::string();
        }
        auto text = fmt::format("{:.3f}", *value);
        text.erase(text.find_last_not_of('0') + 1);
        text.erase(text.find_last_not_of('.') + 1);
        return text == "-0" ? "0" : text;
    };
    // No label may hold "=", and one with a quote or a blank is quoted, quotes doubled.
    std::string label;
    for (char const c : plain(datum.label)) {
        label += c == '=' ? "_" : c == '\'' ? "''" : std::string(1, c);
    }
    if (label.find_first_of(" '\t;") != std::string::npos) {
        label = "'" + label + "'";
    }
    auto text =
        fmt::format("{}={}{};{};{};{};{}", label, datum.value ? number(datum.value) : "U",
                    datum.value ? datum.unit : "", datum.warning, datum.critical, number(datum.min), number(datum.max));
    text.erase(text.find_last_not_of(';') + 1);
    return text;
}

std::vector<Perfdatum> perfdata_of(Report const& report)
{
    auto const codes = codes_of(report.checks);
    std::vector<Perfdatum> data;
    if (report.score) {
        data.push_back({"score",
                        report.score->value,
                        {},
                        {},
                        fmt::format("{}:", report.rules.thresholds.cluster_health_min),
                        0,
                        100});
    }
    if (report.snapshot) {
        add_nodes(data, report, codes);
    }
    if (report.snapshot && report.snapshot->queues) {
        add_queues(data, report, codes);
    }
    if (report.took > base::Duration::zero()) {
        data.push_back({"time", std::chrono::duration<double>(report.took).count(), "s", {}, {}, 0, std::nullopt});
    }
    return data;
}

std::string nagios_text(Report const& report)
{
    std::vector<std::string> data;
    for (Perfdatum const& datum : perfdata_of(report)) {
        data.push_back(to_text(datum));
    }
    return fmt::format("{}{}{}\n{}", first_line(report), data.empty() ? "" : " | ", fmt::join(data, " "),
                       long_output(report));
}

} // namespace rmqha::health
