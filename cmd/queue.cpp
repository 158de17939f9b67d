#include "cmd/management.hpp"
#include "cmd/monitor_rules.hpp"
#include "cmd/monitor_snapshot.hpp"
#include "cmd/monitor_unreached.hpp"
#include "cmd/queue_commands.hpp"

#include "base/spelling.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace rmqha::cmd {

QueueView view_of(health::Snapshot&& snapshot, health::Rules const& rules)
{
    fail_unless_reached(snapshot);
    if (!snapshot.queues) {
        throw base::Error(base::ExitCode::unavailable,
                          fmt::format("no node tells its queues: {}", snapshot.queues_source),
                          "It takes a user with the tag monitoring; a node that hangs takes more time (--deadline).");
    }
    QueueView view{.queues = {}, .running = snapshot.running, .members = {}, .version = {}};
    for (auto const& node : snapshot.nodes) {
        if (!node.name.empty()) {
            view.members.insert(node.name);
        }
        if (view.version.empty() && node.up()) {
            view.version = node.version;
        }
    }
    view.queues = queues::listed(std::move(snapshot), rules);
    return view;
}

QueueView read_queues(Context& context, base::milliseconds default_deadline)
{
    return view_of(take_snapshot(context, {.default_deadline = default_deadline}), rules_of(context.settings(), {}));
}

void add_queue_choice(CLI::App& sub, QueueChoice& choice, std::string const& all_help)
{
    auto* const names = sub.add_option("queue", choice.names, "The queue; several are possible")->type_name("QUEUE");
    auto* const pattern =
        sub.add_option("--pattern", choice.pattern,
                       "All whose names match this regular expression; it need only match a part of a name")
            ->type_name("PATTERN")
            ->excludes(names);
    if (!all_help.empty()) {
        sub.add_flag("--all", choice.all, all_help)->excludes(names)->excludes(pattern);
    }
}

void check_queue_choice(QueueChoice const& choice)
{
    if (choice.names.empty() && choice.pattern.empty() && !choice.all) {
        throw base::Error(base::ExitCode::usage, "no queue is named",
                          "Name one or more, or give --pattern; see `rmqha queue list`.");
    }
    policy::Pattern const readable(choice.pattern);
}

std::vector<queues::Listed> chosen_queues(Context& context, std::vector<queues::Listed> const& queues,
                                          QueueChoice const& choice)
{
    auto const& vhost = context.settings().vhost;
    queues::Filter filter{.vhost = vhost};
    if (!choice.pattern.empty()) {
        filter.pattern = policy::Pattern(choice.pattern);
    }
    std::vector<queues::Listed> chosen;
    std::vector<std::string> known;
    for (auto const& one : queues) {
        if (one.queue.vhost != vhost) {
            continue;
        }
        known.push_back(one.queue.name);
        bool const meant = choice.names.empty() ? queues::matches(one, filter)
                                                : std::ranges::find(choice.names, one.queue.name) != choice.names.end();
        if (meant) {
            chosen.push_back(one);
        }
    }
    for (auto const& name : choice.names) {
        if (std::ranges::find(known, name) == known.end()) {
            throw base::Error(base::ExitCode::no,
                              fmt::format("queue \"{}\" in vhost \"{}\": there is none of that name", name, vhost),
                              "See `rmqha queue list`, or name the vhost with --vhost." +
                                  base::did_you_mean(name, known));
        }
    }
    queues::sort(chosen, queues::SortBy::name, false);
    return chosen;
}

std::string short_label(management::Queue const& queue)
{
    return queue.vhost == "/" ? queue.name : queue.vhost + "/" + queue.name;
}

std::string path_of(management::Queue const& queue)
{
    return fmt::format("/api/queues/{}/{}", management::percent_encoded(queue.vhost),
                       management::percent_encoded(queue.name));
}

void add_queue(CLI::App& app, Action& chosen)
{
    auto* const queue = app.add_subcommand("queue", "Declare queues, see how they are replicated, and repair that");
    queue->require_subcommand(1);
    add_queue_declare(*queue, chosen);
    add_queue_list(*queue, chosen);
    add_queue_status(*queue, chosen);
    add_queue_remove(*queue, chosen);
    add_queue_sync(*queue, chosen);
    add_queue_rebalance(*queue, chosen);
    add_queue_repair(*queue, chosen);
}

} // namespace rmqha::cmd
