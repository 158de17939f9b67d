#include "cmd/management.hpp"
#include "cmd/monitor_rules.hpp"
#include "cmd/monitor_snapshot.hpp"
#include "cmd/options.hpp"
#include "cmd/queue_commands.hpp"
#include "queues/balance.hpp"

#include "base/units.hpp"
#include "output/json.hpp"
#include "output/table.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>

namespace rmqha::cmd {

namespace {

using queues::Leaders;

constexpr base::milliseconds k_time = std::chrono::minutes(2); ///< when no --deadline says otherwise
constexpr auto k_pause = std::chrono::milliseconds(500);       ///< between two looks
/// RabbitMQ 3.10 moves mirrored queues first, one after the other, and quorum queues in the end.
constexpr auto k_settled = std::chrono::seconds(10); ///< without a move for so long

/// The leaders as they are now, asked for over connections kept open.
class Observer {
public:
    explicit Observer(Context& context)
        : m_context(context), m_rules(rules_of(context.settings(), {})), m_snapshots(context, {})
    {
    }

    Leaders look(base::TimePoint deadline)
    {
        auto const by = std::min(deadline, m_context.clock.now() + std::chrono::seconds(10));
        auto const view = view_of(m_snapshots.take(by), m_rules);
        std::vector<health::Queue const*> queues;
        for (auto const& one : view.queues) {
            queues.push_back(&one.queue);
        }
        m_down.clear();
        std::ranges::set_difference(view.members, view.running, std::back_inserter(m_down));
        return queues::leaders_of(queues, view.running);
    }
    std::vector<std::string> const& down() const { return m_down; }

private:
    Context& m_context;
    health::Rules m_rules;
    Snapshots m_snapshots;
    std::vector<std::string> m_down; ///< members that do not run
};

std::string table_of(Context& context, Leaders const& before, std::map<std::string, std::size_t> const& after,
                     char const* heading)
{
    output::Table table(
        {{"NODE", output::Align::left, true}, {"LEADS", output::Align::right}, {heading, output::Align::right}});
    for (auto const& [node, count] : before.of_node) {
        auto const then = after.find(node);
        table.add({node, base::format_count(count), base::format_count(then == after.end() ? 0 : then->second)});
    }
    return table.render(context.console.width(), context.console.color());
}

nlohmann::ordered_json json_of(Leaders const& before, std::map<std::string, std::size_t> const& after,
                               std::string const& outcome)
{
    nlohmann::ordered_json json{
        {"schema_version", 1}, {"outcome", outcome}, {"nodes", nlohmann::ordered_json::array()}};
    for (auto const& [node, count] : before.of_node) {
        auto const then = after.find(node);
        json["nodes"].push_back(
            {{"name", node}, {"leads", count}, {"leads_after", then == after.end() ? 0 : then->second}});
    }
    return json;
}

void answer(Context& context, Leaders const& before, std::map<std::string, std::size_t> const& after,
            std::string const& outcome, char const* heading)
{
    if (context.format() == output::Format::table) {
        context.console.answer(table_of(context, before, after, heading) + outcome + "\n");
    } else {
        context.console.answer(
            output::to_text(json_of(before, after, outcome), context.format() == output::Format::json));
    }
}

/// Until no leader has moved for a while, and either all is even or nothing moves.
Leaders await_settled(Context& context, Observer& observer, Leaders last, base::TimePoint deadline)
{
    auto moved = context.clock.now();
    for (;;) {
        context.clock.sleep_until(std::min(context.clock.now() + k_pause, deadline), context.stop);
        auto const now = observer.look(deadline);
        if (now.of_node != last.of_node) {
            moved = context.clock.now();
            last = now;
        }
        context.console.progress(fmt::format("{} of {} leaders still to move", now.moves(), now.total));
        if (now.moves() == 0 || context.clock.now() - moved >= k_settled) {
            context.console.clear_progress();
            return now;
        }
        if (context.clock.now() >= deadline) {
            context.console.clear_progress();
            throw base::Error(base::ExitCode::timeout, "the deadline passed while leaders were moving",
                              "The broker goes on with it; look with `rmqha queue rebalance --dry-run`.");
        }
    }
}

base::ExitCode rebalance(Context& context)
{
    auto const deadline = context.deadline(k_time);
    Observer observer(context);
    auto const before = observer.look(deadline);
    auto& console = context.console;
    if (!observer.down().empty()) {
        console.warn(fmt::format("not running: {}; its leaders come back with the next rebalance after it",
                                 fmt::join(observer.down(), ", ")));
    }
    if (before.moves() == 0) {
        answer(context, before, before.of_node, "balanced already", "AFTER");
        return base::ExitCode::ok;
    }
    auto const plan = fmt::format("about {} of {} leaders would move", base::format_count(before.moves()),
                                  base::format_count(before.total));
    if (context.dry_run()) {
        answer(context, before, before.balanced(), plan, "AFTER ABOUT");
        return base::ExitCode::ok;
    }
    context.clock.sleep_until(context.clock.now() + k_pause, context.stop);
    auto const again = observer.look(deadline);
    if (again.of_node != before.of_node) { // a second one would be dropped by the broker without a word
        throw base::Error(base::ExitCode::unavailable, "leaders are moving already: another rebalance, or an election",
                          "Wait until that is over, and try again.");
    }
    console.note(table_of(context, before, before.balanced(), "AFTER ABOUT"));
    if (!context.confirmed(fmt::format("move about {} of {} leaders", base::format_count(before.moves()),
                                       base::format_count(before.total)))) {
        console.note("nothing was moved");
        return base::ExitCode::no;
    }
    Management api(context, k_time);
    api.value(management::read_written(api.write({.method = "POST", .path = "/api/rebalance/queues", .body = "{}"})),
              "rebalance");
    auto const after = await_settled(context, observer, before, api.deadline());
    if (after.even()) {
        answer(context, before, after.of_node, after.moves() == 0 ? "balanced" : "balanced, give or take one", "NOW");
        return base::ExitCode::ok;
    }
    answer(context, before, after.of_node,
           fmt::format("the broker moved what it could: {} more would have to move", after.moves()), "NOW");
    return base::ExitCode::partial;
}

} // namespace

void add_queue_rebalance(CLI::App& queue, Action& chosen)
{
    auto* const sub = queue.add_subcommand(
        "rebalance", "Spread the leaders of replicated queues, of all vhosts, evenly over the nodes; asks first");
    set_examples(*sub, {{"rmqha queue rebalance --dry-run", "how many leaders each node has, and how many would move"},
                        {"rmqha queue rebalance --yes", "after a node has come back"}});
    sub->callback([&chosen] { chosen = [](Context& context) { return rebalance(context); }; });
}

} // namespace rmqha::cmd
