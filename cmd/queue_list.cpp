#include "cmd/monitor_parts.hpp"
#include "cmd/monitor_parts_json.hpp"
#include "cmd/options.hpp"
#include "cmd/queue_commands.hpp"

#include "base/spelling.hpp"
#include "base/units.hpp"
#include "output/json.hpp"
#include "output/table.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <functional>
#include <memory>

namespace rmqha::cmd {

namespace {

using output::Align;
using output::Cell;
using queues::Listed;
using queues::SortBy;

struct Options {
    queues::Filter filter;
    std::string pattern;
    bool all_vhosts = false;
    SortBy sort = SortBy::name;
    bool reverse = false;
    std::vector<std::string> columns;
};

struct Column {
    std::string name;
    output::Table::Column layout;
    std::function<Cell(Listed const&, QueueView const&)> cell;
};

std::string count_text(std::optional<std::uint64_t> const& count)
{
    return count ? base::format_count(*count) : "-";
}

Cell findings_cell(Listed const& one)
{
    std::vector<std::string> words;
    for (auto const& finding : one.findings) {
        words.push_back(in_short(finding));
    }
    return words.empty() ? Cell("-", output::Style::faint)
                         : Cell(fmt::format("{}", fmt::join(words, ", ")), style_of(one.findings.front().severity));
}

std::vector<Column> const& columns()
{
    static std::vector<Column> const k_columns{
        {"vhost", {"VHOST", Align::left, true}, [](auto const& one, auto const&) { return one.queue.vhost; }},
        {"name", {"NAME", Align::left, true}, [](auto const& one, auto const&) { return one.queue.name; }},
        {"type", {"TYPE"}, [](auto const& one, auto const&) { return one.queue.type; }},
        {"state", {"STATE"}, [](auto const& one, auto const&) { return one.queue.state; }},
        {"leader",
         {"LEADER", Align::left, true},
         [](auto const& one, auto const& view) {
             bool const dead = !one.queue.leader.empty() && !view.running.contains(one.queue.leader);
             return Cell(one.queue.leader.empty() ? "-" : one.queue.leader,
                         dead ? output::Style::bad : output::Style::plain);
         }},
        {"copies",
         {"COPIES", Align::right},
         [](auto const& one, auto const& view) { return copies_text(one.queue, view.running); }},
        {"messages",
         {"MESSAGES", Align::right},
         [](auto const& one, auto const&) { return count_text(one.queue.messages); }},
        {"ready",
         {"READY", Align::right},
         [](auto const& one, auto const&) { return count_text(one.queue.messages_ready); }},
        {"consumers",
         {"CONSUMERS", Align::right},
         [](auto const& one, auto const&) { return count_text(one.queue.consumers); }},
        {"policy",
         {"POLICY", Align::left, true},
         [](auto const& one, auto const&) { return one.queue.policy.empty() ? "-" : one.queue.policy; }},
        {"findings", {"FINDINGS", Align::left, true}, [](auto const& one, auto const&) { return findings_cell(one); }},
    };
    return k_columns;
}

Column const& column(std::string const& name)
{
    std::vector<std::string> known;
    for (auto const& one : columns()) {
        if (one.name == name) {
            return one;
        }
        known.push_back(one.name);
    }
    throw base::Error(base::ExitCode::usage, fmt::format("--columns: there is no column \"{}\"", name),
                      fmt::format("There are: {}.", fmt::join(known, ", ")) + base::did_you_mean(name, known));
}

std::vector<Column> chosen_columns(Context& context, Options const& options)
{
    if (!options.columns.empty() && context.format() != output::Format::table) {
        throw base::Error(base::ExitCode::usage, "--columns: JSON always has all of them", "Leave it out.");
    }
    std::vector<std::string> names;
    for (auto const& words : options.columns) {
        for (auto& name : CLI::detail::split(words, ',')) {
            names.push_back(std::move(name));
        }
    }
    if (names.empty()) {
        names = {"name", "type", "leader", "copies", "messages", "consumers", "findings"};
        if (options.all_vhosts) {
            names.insert(names.begin(), "vhost");
        }
    }
    std::vector<Column> chosen;
    for (auto const& name : names) {
        chosen.push_back(column(name));
    }
    return chosen;
}

nlohmann::ordered_json listed_json(Listed const& one)
{
    auto json = queue_json(one.queue);
    json["at_risk"] = one.at_risk();
    json["findings"] = nlohmann::ordered_json::array();
    for (auto const& finding : one.findings) {
        json["findings"].push_back(finding_json(finding));
    }
    return json;
}

void answer_json(Context& context, std::vector<Listed> const& list)
{
    auto& console = context.console;
    if (context.format() == output::Format::ndjson) {
        for (auto const& one : list) {
            console.answer(output::to_text(listed_json(one), false));
        }
        return;
    }
    nlohmann::ordered_json json{{"schema_version", 1}, {"queues", nlohmann::ordered_json::array()}};
    for (auto const& one : list) {
        json["queues"].push_back(listed_json(one));
    }
    console.answer(output::to_text(json));
}

base::ExitCode list(Context& context, Options const& options)
{
    auto const columns = chosen_columns(context, options);
    auto filter = options.filter;
    if (!options.pattern.empty()) {
        filter.pattern = policy::Pattern(options.pattern);
    }
    if (!options.all_vhosts) {
        filter.vhost = context.settings().vhost;
    }
    auto view = read_queues(context);
    if (!filter.node.empty() && !view.members.contains(filter.node)) {
        throw base::Error(base::ExitCode::no, fmt::format("--on-node: \"{}\" is no node of this cluster", filter.node),
                          fmt::format("Its nodes are {}.", fmt::join(view.members, ", ")));
    }
    auto const all = view.queues.size();
    std::erase_if(view.queues, [&](Listed const& one) { return !queues::matches(one, filter); });
    queues::sort(view.queues, options.sort, options.reverse);
    auto& console = context.console;
    if (context.format() != output::Format::table) {
        answer_json(context, view.queues);
        return base::ExitCode::ok;
    }
    if (view.queues.empty()) {
        console.note(all == 0 ? "there are no queues, or none this user may see"
                              : fmt::format("none of the cluster's {} queues is such a one{}", base::format_count(all),
                                            options.all_vhosts ? "" : " in vhost \"" + *filter.vhost + "\""));
        return base::ExitCode::ok;
    }
    std::vector<output::Table::Column> layout;
    std::ranges::transform(columns, std::back_inserter(layout), &Column::layout);
    output::Table table(layout);
    for (auto const& one : view.queues) {
        std::vector<Cell> row;
        for (auto const& each : columns) {
            row.push_back(each.cell(one, view));
        }
        table.add(std::move(row));
    }
    console.answer(table.render(console.width(), console.color()));
    return base::ExitCode::ok;
}

} // namespace

void add_queue_list(CLI::App& queue, Action& chosen)
{
    auto const options = std::make_shared<Options>();
    auto* const sub = queue.add_subcommand("list", "Queues of a vhost: where they live, their copies, what is wrong");
    auto& filter = options->filter;
    sub->add_option("pattern", options->pattern,
                    "Only those whose names match this regular expression; it need only match a part of a name")
        ->type_name("PATTERN");
    sub->add_flag("--all-vhosts", options->all_vhosts, "Of every vhost that the user may see");
    add_choice(*sub, "--type", filter.type, {"quorum", "classic", "stream"}, "Only queues of this kind");
    sub->add_option("--on-node", filter.node, "Only queues with a copy on this node")->type_name("NODE");
    sub->add_flag("--at-risk", filter.at_risk, "Only where messages are out of reach or one lost node away from it");
    sub->add_flag("--leaderless", filter.leaderless, "Only queues that nobody serves");
    sub->add_flag("--under-replicated", filter.under_replicated, "Only queues with fewer copies than asked for");
    sub->add_flag("--unsynchronised", filter.unsynchronised, "Only queues with a mirror that is not synchronised");
    add_number(*sub, "--backlog", filter.backlog, {.low = 0}, "Only queues with so many messages or more");
    add_choice<SortBy>(*sub, "--sort", options->sort,
                       {{"name", SortBy::name},
                        {"type", SortBy::type},
                        {"leader", SortBy::leader},
                        {"messages", SortBy::messages},
                        {"consumers", SortBy::consumers},
                        {"risk", SortBy::risk}},
                       "By name (default), type or leader, or with the most messages, consumers or risk first");
    sub->add_flag("--reverse", options->reverse, "The other way round");
    std::vector<std::string> names;
    for (auto const& one : columns()) {
        names.push_back(one.name);
    }
    sub->add_option("--columns", options->columns,
                    fmt::format("Of the table, in this order: {}", fmt::join(names, ", ")))
        ->type_name("A,B");
    set_examples(*sub, {{"rmqha queue list", "those of vhost / (another with --vhost)"},
                        {"rmqha queue list --at-risk --all-vhosts", "what to look after now"},
                        {"rmqha queue list '^orders\\.' --sort messages", "the longest first"},
                        {"rmqha queue list --on-node rabbit@b --format ndjson", "one JSON object per line"}});
    sub->callback([&chosen, options] { chosen = [options](Context& context) { return list(context, *options); }; });
}

} // namespace rmqha::cmd
