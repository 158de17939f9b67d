#include "cmd/monitor_page.hpp"

#include "cmd/monitor_parts.hpp"

#include "base/units.hpp"
#include "health/node_scores.hpp"
#include "output/table.hpp"
#include "output/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace rmqha::cmd {
namespace {

using health::Finding;
using health::NodeState;
using health::Severity;
using output::Align;
using output::Cell;
using output::Style;

std::string counted(std::size_t count, char const* what)
{
    return fmt::format("{} {}{}", base::format_count(count), what, count == 1 ? "" : "s");
}

template <typename Value, typename Format>
std::string shown(std::optional<Value> const& value, Format format)
{
    return value ? format(*value) : std::string("-");
}

std::string outcome_of(health::Asked const& asked)
{
    using Outcome = health::Asked::Outcome;
    switch (asked.outcome) {
    case Outcome::answered:
        return base::format_duration(asked.took);
    case Outcome::denied:
        return "denied";
    case Outcome::refused:
        return "refused";
    case Outcome::silent:
        return "silent";
    case Outcome::timed_out:
        return "timeout";
    case Outcome::failed:
        return "failed";
    case Outcome::not_asked:
        break;
    }
    return "-";
}

std::string nodes_table(Status const& status, PageOptions const& options)
{
    auto const& nodes = status.snapshot.nodes;
    // A message that came through says more than a login, and there is room for one of them.
    bool const probed = std::any_of(nodes.begin(), nodes.end(), [](auto const& node) { return node.end_to_end; });
    output::Table table({{"NODE", Align::left, true},
                         {"STATE"},
                         {probed ? "PROBE" : "AMQP", Align::right},
                         {"MEMORY", Align::right},
                         {"DISK FREE", Align::right},
                         {"ALARMS"},
                         {"VERSION"},
                         {"UPTIME", Align::right}});
    for (health::Node const& node : nodes) {
        table.add({node.label(), state_cell(node), outcome_of(node.end_to_end ? node.end_to_end->asked : node.amqp),
                   memory_text(node), shown(node.disk_free, base::format_size), alarms_cell(node),
                   node.version.empty() ? "-" : node.version,
                   shown(node.uptime, [](base::milliseconds uptime) { return base::format_duration(uptime); })});
    }
    return table.render(options.width, options.color);
}

std::string headline(Status const& status, PageOptions const& options)
{
    auto const& score = status.score;
    std::string name = status.snapshot.cluster_name.empty() ? status.context : status.snapshot.cluster_name;
    if (name.empty()) {
        name = "cluster";
    }
    std::string text =
        fmt::format("{}: {}  score {} of 100{}\n", output::escaped(name),
                    output::styled(std::string(to_string(score.state)), style_of(score.state), options.color),
                    score.value, score.partial ? ", partial: not everything could be asked" : "");
    std::string why;
    if (score.state == Severity::ok) {
        auto const& queues = status.snapshot.queues;
        why = fmt::format("{} up, {}", counted(status.snapshot.nodes.size(), "node"),
                          queues ? counted(queues->size(), "queue") + " without a finding" : "queues not asked");
    } else {
        std::vector<std::string> parts;
        std::set<std::string> seen;
        for (Finding const& finding : status.findings) {
            constexpr std::size_t k_most = 3;
            if (finding.severity == score.state && parts.size() < k_most &&
                seen.insert(finding.code + finding.cause).second) {
                parts.push_back(fmt::format("{} {}", finding.code, finding.object));
            }
        }
        why = fmt::format("because of {}", fmt::join(parts, "; "));
    }
    return text + wrapped("  " + output::escaped(why), options.width, 2) + "\n";
}

std::string explanation(Status const& status, PageOptions const& options)
{
    auto const& score = status.score;
    std::string text = fmt::format("\nHow the score came about\n  {:>6.1f}  availability: weight {} of {} is up\n",
                                   score.availability, score.weight_up, score.weight_all);
    for (auto const& deduction : score.deductions) {
        std::string line = output::escaped(deduction.cause);
        if (deduction.code != deduction.cause) {
            line += ": " + deduction.code;
        }
        if (deduction.findings > 1) {
            line += fmt::format(" and {} more of this cause", deduction.findings - 1);
        }
        text += fmt::format("  {:>6}  {}\n", -deduction.points, wrapped(line, options.width, 10));
    }
    if (score.capped) {
        text += fmt::format("  {:>6}  at most, with a critical finding\n", health::k_most_with_critical);
    }
    text += fmt::format("  {:>6}  score, rounded down; healthy is {} and more\n", score.value, status.score_min);
    text += "\nWho told\n";
    auto const scores = health::node_scores_of(status.snapshot);
    for (std::size_t i = 0; i < scores.size(); ++i) {
        health::Node const& node = status.snapshot.nodes[i];
        std::string const figures = node.figures_source.empty() ? "nobody" : node.figures_source;
        text += fmt::format("  {}: score {}; figures: {}, peers: {}\n", output::escaped(node.label()), scores[i].score,
                            figures, node.view ? node.view->source : "nobody");
    }
    text += wrapped("  queues: " + output::escaped(status.snapshot.queues_source), options.width, 4) + "\n";
    if (!status.snapshot.depths_source.empty()) {
        text += fmt::format("  messages and consumers: {}\n", output::escaped(status.snapshot.depths_source));
    }
    return text;
}

} // namespace

Cell state_cell(health::Node const& node)
{
    switch (node.state) {
    case NodeState::running:
        return {"running", Style::good};
    case NodeState::draining:
        return {"draining", Style::warning};
    case NodeState::unreachable:
        return {"no login", Style::warning};
    case NodeState::silent:
        return {"silent", Style::bad};
    case NodeState::down:
        break;
    }
    return {"down", Style::bad};
}

std::string memory_text(health::Node const& node)
{
    if (!node.memory_used || node.memory_limit.value_or(0) == 0) {
        return node.memory_used ? base::format_size(*node.memory_used) : "-";
    }
    double const percent = 100.0 * static_cast<double>(*node.memory_used) / static_cast<double>(*node.memory_limit);
    // An alarm forced with a tiny limit would take a column of its own.
    return percent < 1000 ? fmt::format("{:.0f} %", percent) : std::string(">999 %");
}

Cell alarms_cell(health::Node const& node)
{
    if (!node.up() || (!node.memory_alarm && !node.disk_alarm)) {
        return node.up() ? Cell("unknown", Style::warning) : Cell("-", Style::faint);
    }
    bool const memory = node.memory_alarm.value_or(false);
    bool const disk = node.disk_alarm.value_or(false);
    if (!memory && !disk) {
        return "none";
    }
    return {memory && disk ? "mem+disk" : memory ? "memory" : "disk", Style::bad};
}

std::string status_page(Status const& status, PageOptions const& options)
{
    std::string page = headline(status, options) + "\n" + nodes_table(status, options) + queues_table(status, options) +
                       findings_list(status, options);
    if (options.explain) {
        page += explanation(status, options);
    }
    return page;
}

} // namespace rmqha::cmd
