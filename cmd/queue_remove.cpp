#include "cmd/management.hpp"
#include "cmd/options.hpp"
#include "cmd/queue_commands.hpp"

#include "base/stop.hpp"
#include "base/units.hpp"
#include "output/json.hpp"
#include "output/table.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>

namespace rmqha::cmd {

namespace {

using queues::Listed;

constexpr base::milliseconds k_time = std::chrono::seconds(30); ///< for all of it, when no --deadline says otherwise

struct Options {
    QueueChoice choice;
    bool purge = false;
    bool if_empty = false;
    bool if_unused = false;

    char const* verb() const { return purge ? "purge" : "delete"; }
    char const* done() const { return purge ? "purged" : "deleted"; }
};

struct Outcome {
    management::Queue queue;
    std::string problem; ///< empty: done
};

std::string plan_text(std::vector<Listed> const& chosen, int width, bool color)
{
    output::Table table({{"QUEUE", output::Align::left, true},
                         {"TYPE"},
                         {"MESSAGES", output::Align::right},
                         {"CONSUMERS", output::Align::right}});
    auto const count = [](std::optional<std::uint64_t> const& n) { return n ? base::format_count(*n) : "-"; };
    for (auto const& one : chosen) {
        table.add({short_label(one.queue), one.queue.type, count(one.queue.messages), count(one.queue.consumers)});
    }
    return table.render(width, color);
}

std::string question(std::vector<Listed> const& chosen, Options const& options)
{
    if (chosen.size() == 1) {
        auto const& queue = chosen.front().queue;
        return fmt::format("{} {}{}", options.verb(), health::queue_label(queue),
                           queue.messages.value_or(0) > 0
                               ? fmt::format(" with {} messages", base::format_count(*queue.messages))
                               : "");
    }
    return fmt::format("{} these {} queues", options.verb(), base::format_count(chosen.size()));
}

std::string remove_one(Management& api, management::Queue const& queue, Options const& options)
{
    auto path = path_of(queue);
    if (options.purge) {
        path += "/contents";
    } else if (options.if_empty || options.if_unused) {
        path +=
            fmt::format("?{}{}{}", options.if_empty ? "if-empty=true" : "",
                        options.if_empty && options.if_unused ? "&" : "", options.if_unused ? "if-unused=true" : "");
    }
    auto const answer = management::read_written(api.write({.method = "DELETE", .path = path}));
    auto const* const problem = management::problem_of(answer);
    if (problem == nullptr) {
        return "";
    }
    using Kind = management::Problem::Kind;
    if (problem->kind == Kind::not_supported) { // 404
        return options.purge ? "it is gone" : "";
    }
    if (problem->kind == Kind::credentials || problem->kind == Kind::unreachable || problem->kind == Kind::silent) {
        api.fail(*problem, health::queue_label(queue));
    }
    return problem->reason;
}

/// What the broker would only find out halfway.
void check(std::vector<Listed> const& chosen, Options const& options)
{
    for (auto const& one : chosen) {
        if (options.purge && one.queue.type == "stream") {
            throw base::Error(base::ExitCode::usage,
                              fmt::format("{} is a stream, which cannot be purged", health::queue_label(one.queue)),
                              "Bound it with max-age or max-length-bytes, or delete it and declare it anew.");
        }
        if ((options.if_empty || options.if_unused) && one.queue.type != "classic") {
            throw base::Error(base::ExitCode::usage,
                              fmt::format("{}: --if-{} is for classic queues, this is a {}",
                                          health::queue_label(one.queue), options.if_empty ? "empty" : "unused",
                                          one.queue.type == "stream" ? "stream" : one.queue.type + " queue"),
                              "RabbitMQ cannot tell it of others at the moment it deletes: see `rmqha queue status`.");
        }
    }
}

base::ExitCode tell(Context& context, std::vector<Outcome> const& outcomes, Options const& options)
{
    auto& console = context.console;
    std::size_t failed = 0;
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (auto const& one : outcomes) {
        failed += one.problem.empty() ? 0U : 1U;
        if (context.format() == output::Format::table) {
            if (one.problem.empty()) {
                console.answer(fmt::format("{}: {}\n", health::queue_label(one.queue), options.done()));
            } else {
                console.error(
                    fmt::format("{}: not {}: {}", health::queue_label(one.queue), options.done(), one.problem), "");
            }
            continue;
        }
        nlohmann::ordered_json const json{{"vhost", one.queue.vhost},
                                          {"name", one.queue.name},
                                          {"outcome", one.problem.empty() ? options.done() : "failed"},
                                          {"reason", one.problem}};
        if (context.format() == output::Format::ndjson) {
            console.answer(output::to_text(json, false));
        } else {
            list.push_back(json);
        }
    }
    if (context.format() == output::Format::json) {
        console.answer(output::to_text({{"schema_version", 1}, {"queues", list}}));
    }
    return failed == 0                 ? base::ExitCode::ok
           : failed == outcomes.size() ? base::ExitCode::data
                                       : base::ExitCode::partial;
}

base::ExitCode remove(Context& context, Options const& options)
{
    check_queue_choice(options.choice);
    auto const chosen = chosen_queues(context, read_queues(context, k_time).queues, options.choice);
    auto& console = context.console;
    if (chosen.empty()) {
        console.note("no queue matches: nothing to do");
        return base::ExitCode::ok;
    }
    check(chosen, options);
    if (context.dry_run()) {
        console.answer(
            fmt::format("would {}:\n{}", options.verb(), plan_text(chosen, console.width(), console.color())));
        return base::ExitCode::ok;
    }
    if (chosen.size() > 1) {
        console.note(fmt::format("to {}:\n{}", options.verb(), plan_text(chosen, console.width(), false)));
    }
    if (!context.confirmed(question(chosen, options))) {
        console.note(fmt::format("nothing was {}", options.done()));
        return base::ExitCode::no;
    }
    Management api(context, k_time);
    std::vector<Outcome> outcomes;
    try {
        for (auto const& one : chosen) {
            context.stop.throw_if_requested();
            outcomes.push_back({.queue = one.queue, .problem = remove_one(api, one.queue, options)});
        }
    } catch (...) { // what is done is told, whatever ends it
        tell(context, outcomes, options);
        console.note(fmt::format("{} of {} queues were not come to", chosen.size() - outcomes.size(), chosen.size()));
        throw;
    }
    return tell(context, outcomes, options);
}

} // namespace

void add_queue_remove(CLI::App& queue, Action& chosen)
{
    auto const deleting = std::make_shared<Options>();
    auto* const sub = queue.add_subcommand("delete", "Remove queues with all their messages; asks first");
    add_queue_choice(*sub, deleting->choice, "");
    sub->add_flag("--if-empty", deleting->if_empty, "Only when it holds no message ready to be delivered");
    sub->add_flag("--if-unused", deleting->if_unused, "Only when it has no consumer");
    set_examples(*sub, {{"rmqha queue delete old --if-empty --if-unused", "when nobody can miss it"},
                        {"rmqha queue delete --pattern '^test\\.' --dry-run", "which queues that would be"}});
    sub->callback(
        [&chosen, deleting] { chosen = [deleting](Context& context) { return remove(context, *deleting); }; });

    auto const purging = std::make_shared<Options>();
    purging->purge = true;
    auto* const purge = queue.add_subcommand("purge", "Drop all messages of queues that are ready; asks first");
    add_queue_choice(*purge, purging->choice, "");
    set_examples(*purge, {{"rmqha queue purge jobs", "after a question; those being worked on stay"},
                          {"rmqha queue purge --pattern '^test\\.' --yes", "without asking, for scripts"}});
    purge->callback([&chosen, purging] { chosen = [purging](Context& context) { return remove(context, *purging); }; });
}

} // namespace rmqha::cmd
