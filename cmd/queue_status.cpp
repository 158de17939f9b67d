#include "cmd/management.hpp"
#include "cmd/monitor_parts.hpp"
#include "cmd/monitor_parts_json.hpp"
#include "cmd/monitor_rules.hpp"
#include "cmd/monitor_snapshot.hpp"
#include "cmd/options.hpp"
#include "cmd/queue_commands.hpp"
#include "queues/members.hpp"

#include "base/units.hpp"
#include "output/json.hpp"
#include "output/table.hpp"
#include "output/text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>

namespace rmqha::cmd {

namespace {

using output::Align;
using output::Cell;
using queues::Listed;

constexpr base::milliseconds k_wait_time = std::chrono::minutes(1); ///< of --wait, when no --deadline says otherwise
constexpr auto k_pause = std::chrono::milliseconds(500);            ///< between two looks

struct Options {
    QueueChoice choice;
    std::string wait;
};

struct Shown {
    Listed listed;
    std::vector<queues::Copy> copies;
};

/// What the members say of themselves; empty where the broker does not have that, or cannot tell now.
std::vector<management::RaftMember> raft_of(Management& api, management::Queue const& queue)
{
    if (queue.type != "quorum") {
        return {};
    }
    constexpr base::milliseconds k_patience{2'000};
    auto const path = fmt::format("/api/queues/quorum/{}/{}/status", management::percent_encoded(queue.vhost),
                                  management::percent_encoded(queue.name));
    auto const answer = management::read_raft(api.get(path, k_patience));
    auto const* const members = management::value_of(answer);
    return members != nullptr ? *members : std::vector<management::RaftMember>{};
}

/// A listing of RabbitMQ up to 3.10 does not tell where the members of a stream are.
void add_stream_members(Management& api, health::Queue& queue)
{
    constexpr base::milliseconds k_patience{2'000};
    if (queue.type != "stream" || !queue.members.empty()) {
        return;
    }
    auto const answer = management::read_queue(api.get(path_of(queue), k_patience));
    if (auto const* const told = management::value_of(answer)) {
        queue.members = told->members;
        queue.online = told->online;
    }
}

output::Style style_of_copy(queues::Copy const& copy)
{
    return copy.good()                      ? output::Style::good
           : copy.state == "unsynchronised" ? output::Style::warning
                                            : output::Style::bad;
}

std::string page(Shown const& shown, PageOptions const& options)
{
    auto const& queue = shown.listed.queue;
    auto const& findings = shown.listed.findings;
    auto const count = [](std::optional<std::uint64_t> const& n) { return n ? base::format_count(*n) : "unknown"; };
    std::string text = fmt::format("queue \"{}\" in vhost \"{}\": {}, ", output::escaped(queue.name),
                                   output::escaped(queue.vhost), queue.type);
    auto const state = findings.empty() ? health::Severity::ok : findings.front().severity;
    text += output::styled(std::string(to_string(state)), style_of(state), options.color) + "\n";
    text += fmt::format("  messages: {} ({} ready), consumers: {}, policy: {}\n\n", count(queue.messages),
                        count(queue.messages_ready), count(queue.consumers),
                        queue.policy.empty() ? "none" : output::escaped(queue.policy));
    bool raft = false;
    for (auto const& copy : shown.copies) {
        raft = raft || !copy.raft.empty();
    }
    std::vector<output::Table::Column> columns{{"NODE", Align::left, true}, {"ROLE"}, {"STATE"}};
    if (raft) {
        columns.insert(columns.end(), {{"RAFT"}, {"LAG", Align::right}});
    }
    output::Table table(columns);
    for (auto const& copy : shown.copies) {
        std::vector<Cell> row{copy.node, copy.role, Cell(copy.state, style_of_copy(copy))};
        if (raft) {
            row.emplace_back(copy.raft.empty() ? "-" : copy.raft);
            row.emplace_back(copy.lag ? base::format_count(*copy.lag) : "-");
        }
        table.add(std::move(row));
    }
    text += table.render(options.width, options.color);
    for (auto const& finding : findings) {
        text += "\n" + wrapped(fmt::format("{} {}: {}", to_string(finding.severity), finding.code,
                                           output::escaped(finding.evidence)),
                               options.width, 2);
        if (!finding.remedy.empty()) {
            text += "\n" + wrapped("  " + output::escaped(finding.remedy), options.width, 4);
        }
    }
    return text + (findings.empty() ? "" : "\n");
}

nlohmann::ordered_json json_of(Shown const& shown)
{
    auto json = queue_json(shown.listed.queue);
    json["at_risk"] = shown.listed.at_risk();
    json["copies"] = nlohmann::ordered_json::array();
    for (auto const& copy : shown.copies) {
        json["copies"].push_back({{"node", copy.node},
                                  {"role", copy.role},
                                  {"state", copy.state},
                                  {"raft", copy.raft},
                                  {"lag_entries", copy.lag ? nlohmann::ordered_json(*copy.lag) : nullptr}});
    }
    json["findings"] = nlohmann::ordered_json::array();
    for (auto const& finding : shown.listed.findings) {
        json["findings"].push_back(finding_json(finding));
    }
    return json;
}

void answer(Context& context, std::vector<Shown> const& all)
{
    auto& console = context.console;
    if (context.format() == output::Format::table) {
        for (std::size_t i = 0; i < all.size(); ++i) {
            console.answer((i > 0 ? "\n" : "") + page(all[i], {.width = console.width(), .color = console.color()}));
        }
        return;
    }
    if (context.format() == output::Format::ndjson) {
        for (auto const& one : all) {
            console.answer(output::to_text(json_of(one), false));
        }
        return;
    }
    nlohmann::ordered_json json{{"schema_version", 1}, {"queues", nlohmann::ordered_json::array()}};
    for (auto const& one : all) {
        json["queues"].push_back(json_of(one));
    }
    console.answer(output::to_text(json));
}

bool all_well(std::vector<Listed> const& queues)
{
    return std::none_of(queues.begin(), queues.end(), [](Listed const& one) { return one.at_risk(); });
}

/// Looks until all queues are well, or the deadline. What is there at the end, whatever it is.
std::vector<Listed> await_well(Context& context, Options const& options, QueueView& view)
{
    auto const deadline = context.deadline(k_wait_time);
    auto const rules = rules_of(context.settings(), {});
    Snapshots snapshots(context, {});
    std::vector<Listed> last; // seen
    for (;;) {
        std::string why;
        try { // nodes that start, or a leader that is elected, are what is waited for
            view = view_of(snapshots.take(std::min(deadline, context.clock.now() + std::chrono::seconds(10))), rules);
            last = chosen_queues(context, view.queues, options.choice);
            if (all_well(last)) {
                return last;
            }
            auto const& worst = std::ranges::find_if(last, &Listed::at_risk)->findings.front();
            why = fmt::format("{}: {}", worst.code, worst.evidence);
        } catch (base::Error const& error) {
            bool const final = context.clock.now() + k_pause >= deadline && last.empty();
            if (error.code() == base::ExitCode::usage || final) {
                throw;
            }
            why = error.what();
        }
        if (context.clock.now() + k_pause >= deadline) {
            return last;
        }
        context.console.progress("waiting: " + why);
        context.clock.sleep_until(context.clock.now() + k_pause, context.stop);
    }
}

base::ExitCode status(Context& context, Options const& options)
{
    check_queue_choice(options.choice);
    QueueView view;
    std::vector<Listed> chosen;
    if (options.wait.empty()) {
        view = read_queues(context);
        chosen = chosen_queues(context, view.queues, options.choice);
    } else {
        chosen = await_well(context, options, view);
        context.console.clear_progress();
    }
    Management api(context, options.wait.empty() ? std::chrono::seconds(10) : k_wait_time);
    std::vector<Shown> all;
    for (auto& one : chosen) {
        add_stream_members(api, one.queue);
        auto copies = queues::copies(one.queue, view.running, raft_of(api, one.queue));
        all.push_back({.listed = std::move(one), .copies = std::move(copies)});
    }
    answer(context, all);
    bool const risk = std::ranges::any_of(all, [](Shown const& one) { return one.listed.at_risk(); });
    if (risk && !options.wait.empty()) {
        throw base::Error(base::ExitCode::timeout, "the deadline passed before all was healthy",
                          "What is missing stands above; wait longer with --deadline.");
    }
    return risk ? base::ExitCode::no : base::ExitCode::ok;
}

} // namespace

void add_queue_status(CLI::App& queue, Action& chosen)
{
    auto const options = std::make_shared<Options>();
    auto* const sub = queue.add_subcommand("status", "Where the copies of a queue are, and whether they are of use");
    add_queue_choice(*sub, options->choice, "");
    add_choice(*sub, "--wait", options->wait, {"healthy"},
               "Wait until every copy is of use and there are as many as asked for, up to --deadline (default 1m)");
    set_examples(*sub, {{"rmqha queue status orders", "exits 0 when it is healthy, 1 when it is at risk"},
                        {"rmqha queue status --pattern . --wait healthy --deadline 5m",
                         "after the restart of a node: until all queues of the vhost are whole again"}});
    sub->callback([&chosen, options] { chosen = [options](Context& context) { return status(context, *options); }; });
}

} // namespace rmqha::cmd
