#include "cmd/monitor_views_page.hpp"

#include "cmd/monitor_parts.hpp"

#include "base/units.hpp"
#include "output/json.hpp"
#include "output/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace rmqha::cmd {
namespace {

using health::Node;
using health::Severity;
using output::Align;
using output::Cell;
using output::Style;

/// Members anybody knows of by name, first those with a row, in its order.
std::vector<std::string> members_of(health::Snapshot const& snapshot)
{
    std::vector<std::string> members;
    auto const add = [&](std::string const& name) {
        if (!name.empty() && std::find(members.begin(), members.end(), name) == members.end()) {
            members.push_back(name);
        }
    };
    for (Node const& node : snapshot.nodes) {
        add(node.name);
    }
    for (Node const& node : snapshot.nodes) {
        if (node.view) {
            std::for_each(node.view->running.begin(), node.view->running.end(), add);
        }
    }
    return members;
}

/// Whether all who tell the same kind of view say the same of `member`.
bool agreed_on(health::Snapshot const& snapshot, std::string const& member, std::string const& source)
{
    std::set<bool> said;
    for (Node const& node : snapshot.nodes) {
        if (node.view && node.view->source == source) {
            said.insert(node.view->running.count(member) > 0);
        }
    }
    return said.size() < 2;
}

/// The sign tells a disagreement where there is no colour.
Cell belief_cell(health::Snapshot const& snapshot, Node const& teller, std::string const& member)
{
    bool const up = teller.view->running.count(member) > 0;
    std::string const text = up ? "up" : "down";
    if (!agreed_on(snapshot, member, teller.view->source)) {
        return {text + " !", Style::bad};
    }
    return {text, up ? Style::good : Style::bad};
}

std::string matrix(health::Snapshot const& snapshot, PageOptions const& options)
{
    auto const members = members_of(snapshot);
    std::vector<output::Table::Column> columns{{"", Align::right}, {"NODE", Align::left, true}};
    for (std::size_t i = 1; i <= members.size(); ++i) {
        columns.push_back({fmt::format("SEES {}", i)});
    }
    columns.push_back({"TOLD BY"});
    output::Table table(columns);
    for (Node const& node : snapshot.nodes) {
        auto const number = std::find(members.begin(), members.end(), node.name);
        std::vector<Cell> row{number == members.end() ? "-" : std::to_string(number - members.begin() + 1),
                              node.label()};
        for (std::string const& member : members) {
            row.push_back(node.view ? belief_cell(snapshot, node, member) : Cell("-", Style::faint));
        }
        row.push_back(node.view ? Cell(node.view->source) : Cell("nobody", Style::warning));
        table.add(row);
    }
    return table.render(options.width, options.color);
}

std::string headline(Status const& status, bool color)
{
    auto const name = status.snapshot.cluster_name.empty() ? "cluster" : status.snapshot.cluster_name;
    auto const told = std::count_if(status.snapshot.nodes.begin(), status.snapshot.nodes.end(),
                                    [](Node const& node) { return node.view.has_value(); });
    std::string verdict = output::styled("the nodes agree", Style::good, color);
    if (views_disagree(status)) {
        verdict = output::styled("the nodes do not agree", Style::bad, color);
    } else if (told < 2) {
        verdict = output::styled("too few tell to compare", Style::warning, color);
    }
    return fmt::format("{}: {}; {} of {} tell who runs\n\n", output::escaped(name), verdict, told,
                       status.snapshot.nodes.size());
}

} // namespace

bool is_about_views(health::Finding const& finding)
{
    return finding.code == "VIEWS-DISAGREE" || finding.code == "PARTITION";
}

bool views_disagree(Status const& status)
{
    return std::any_of(status.findings.begin(), status.findings.end(),
                       [](health::Finding const& finding) { return finding.severity == Severity::critical; });
}

bool views_complete(Status const& status)
{
    return std::all_of(status.snapshot.nodes.begin(), status.snapshot.nodes.end(),
                       [](Node const& node) { return node.view.has_value() || node.state == health::NodeState::down; });
}

std::string views_page(Status const& status, PageOptions const& options)
{
    std::string text = headline(status, options.color) + matrix(status.snapshot, options);
    for (Node const& node : status.snapshot.nodes) {
        if (!node.view && !node.why.empty()) {
            text += "\n" + wrapped(output::escaped(node.label() + ": " + node.why), options.width, 2) + "\n";
        }
    }
    return text + findings_list(status, options);
}

std::string views_json(Status const& status, bool indented)
{
    using Json = nlohmann::ordered_json;
    Json nodes = Json::array();
    auto const members = members_of(status.snapshot);
    for (Node const& node : status.snapshot.nodes) {
        Json one{{"name", node.name}, {"address", node.address}, {"running", nullptr}, {"not_running", nullptr}};
        one["source"] = nullptr;
        if (node.view) {
            one["running"] = node.view->running;
            one["not_running"] = Json::array();
            for (std::string const& member : members) {
                if (node.view->running.count(member) == 0) {
                    one["not_running"].push_back(member);
                }
            }
            one["source"] = node.view->source;
        }
        one["partitions"] = node.partitions ? Json(*node.partitions) : Json(nullptr);
        one["cluster_name"] = node.cluster_name;
        one["why"] = node.why;
        nodes.push_back(one);
    }
    Json findings = Json::array();
    for (health::Finding const& finding : status.findings) {
        findings.push_back({{"code", finding.code},
                            {"severity", to_string(finding.severity)},
                            {"object", finding.object},
                            {"evidence", finding.evidence},
                            {"remedy", finding.remedy}});
    }
    return output::to_text({{"schema_version", 1},
                            {"time", base::format_time(status.snapshot.taken)},
                            {"cluster", status.snapshot.cluster_name},
                            {"agree", !views_disagree(status)},
                            {"complete", views_complete(status)},
                            {"nodes", nodes},
                            {"findings", findings}},
                           indented);
}

} // namespace rmqha::cmd
