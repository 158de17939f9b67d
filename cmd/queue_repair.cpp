#include "cmd/management.hpp"
#include "cmd/options.hpp"
#include "cmd/queue_commands.hpp"
#include "queues/repair.hpp"

#include "base/process.hpp"
#include "base/stop.hpp"
#include "base/units.hpp"
#include "config/configuration.hpp"
#include "output/json.hpp"
#include "provision/local.hpp"
#include "provision/manifest.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>

namespace rmqha::cmd {

namespace {

using queues::RepairStep;

constexpr base::milliseconds k_time = std::chrono::minutes(10); ///< when no --deadline says otherwise
constexpr auto k_pause = std::chrono::milliseconds(500);        ///< between two looks

struct Options {
    QueueChoice choice;
    std::size_t target = 3;
};

struct Job {
    queues::Listed listed;
    queues::Repair repair;
};

std::string command_of(management::Queue const& queue, RepairStep const& step)
{
    return fmt::format("rabbitmq-queues {} --vhost {} {} {}",
                       step.kind == RepairStep::Kind::add ? "add_member" : "delete_member",
                       health::shell_word(queue.vhost), health::shell_word(queue.name), health::shell_word(step.node));
}

std::string step_text(RepairStep const& step)
{
    return step.kind == RepairStep::Kind::add ? "add a member on " + step.node : "remove the member on " + step.node;
}

/// Changes members: over HTTP from RabbitMQ 3.13 on; before, with the node's own tools, where they are at hand.
class Changer {
public:
    Changer(Context& context, Management& api) : m_context(context), m_api(api)
    {
        auto const* const entry = context.configuration().context();
        if (entry != nullptr && entry->local) {
            m_local = provision::load_manifest(entry->name);
        }
    }

    /// False when neither way is there: the command has to be run by hand.
    bool take(management::Queue const& queue, RepairStep const& step)
    {
        bool const adding = step.kind == RepairStep::Kind::add;
        auto const written = m_api.write(
            {.method = adding ? "POST" : "DELETE",
             .path = fmt::format("/api/queues/quorum/{}/{}/replicas/{}", management::percent_encoded(queue.vhost),
                                 management::percent_encoded(queue.name), adding ? "add" : "delete"),
             .body = nlohmann::json{{"node", step.node}}.dump()});
        auto const answer = management::read_written(written);
        auto const* const problem = management::problem_of(answer);
        if (problem == nullptr) {
            return true;
        }
        auto const* const response = std::get_if<http::Response>(&written);
        constexpr int k_not_found = 404;
        constexpr int k_not_allowed = 405;
        bool const absent =
            response != nullptr && (response->status == k_not_found || response->status == k_not_allowed);
        if (!absent) {
            m_api.fail(*problem, health::queue_label(queue));
        }
        return m_local && run_tool(queue, step);
    }

private:
    bool run_tool(management::Queue const& queue, RepairStep const& step)
    {
        std::vector<std::string> const argv{
            "rabbitmq-queues", step.kind == RepairStep::Kind::add ? "add_member" : "delete_member",
            "--vhost",         queue.vhost,
            queue.name,        step.node};
        auto const& node = provision::find_node(*m_local, queue.leader);
        auto const finished = provision::run_tool(*m_local, node, argv, m_api.deadline(), m_context.stop);
        if (finished.status != 0) {
            auto const& said = finished.errors.empty() ? finished.output : finished.errors;
            throw base::Error(base::ExitCode::unavailable, fmt::format("{}: {} failed: {}", health::queue_label(queue),
                                                                       argv[1], said.substr(0, said.find('\n'))));
        }
        return true;
    }

    Context& m_context;
    Management& m_api;
    std::optional<provision::LocalCluster> m_local;
};

/// Waits until the queue's members are as the step wants them; one added is online.
void await_step(Context& context, Management& api, management::Queue const& queue, RepairStep const& step)
{
    bool const adding = step.kind == RepairStep::Kind::add;
    auto const contains = [&](std::vector<std::string> const& list) {
        return std::ranges::find(list, step.node) != list.end();
    };
    for (;;) {
        auto const now = api.get(path_of(queue), management::read_queue, health::queue_label(queue));
        if (adding ? contains(now.members) && contains(now.online) : !contains(now.members)) {
            return;
        }
        if (context.clock.now() >= api.deadline()) {
            throw base::Error(
                base::ExitCode::timeout,
                fmt::format("{}: the deadline passed while it had to {}", health::queue_label(queue), step_text(step)),
                "The same command goes on where it was; allow more time with --deadline.");
        }
        context.clock.sleep_until(context.clock.now() + k_pause, context.stop);
    }
}

void tell(Context& context, management::Queue const& queue, std::string const& outcome,
          std::vector<RepairStep> const& steps)
{
    if (context.format() == output::Format::table) {
        context.console.answer(fmt::format("{}: {}\n", health::queue_label(queue), outcome));
        return;
    }
    nlohmann::ordered_json json{{"schema_version", 1},
                                {"vhost", queue.vhost},
                                {"name", queue.name},
                                {"outcome", outcome},
                                {"steps", nlohmann::ordered_json::array()}};
    for (auto const& step : steps) {
        json["steps"].push_back({{"kind", step.kind == RepairStep::Kind::add ? "add" : "remove"}, {"node", step.node}});
    }
    context.console.answer(output::to_text(json, false));
}

std::string steps_text(std::vector<RepairStep> const& steps)
{
    std::vector<std::string> words;
    std::ranges::transform(steps, std::back_inserter(words), step_text);
    return fmt::format("{}", fmt::join(words, ", then "));
}

/// Returns false when it has to be done by hand.
bool carry_out(Context& context, Management& api, Changer& changer, Job const& job)
{
    auto const& queue = job.listed.queue;
    for (auto const& step : job.repair.steps) {
        context.stop.throw_if_requested();
        context.console.progress(fmt::format("{}: {}", health::queue_label(queue), step_text(step)));
        if (!changer.take(queue, step)) {
            context.console.clear_progress();
            std::string commands;
            for (auto const& each : job.repair.steps) {
                commands += (commands.empty() ? "" : "\n") + command_of(queue, each);
            }
            context.console.error(fmt::format("{}: RabbitMQ before 3.13 changes members with its own tools only",
                                              health::queue_label(queue)),
                                  "Run this on one of its nodes, and wait after each:\n" + commands);
            return false;
        }
        await_step(context, api, queue, step);
    }
    context.console.clear_progress();
    tell(context, queue, "repaired", job.repair.steps);
    return true;
}

std::vector<Job> jobs_of(Context& context, Options const& options)
{
    auto const view = read_queues(context, k_time);
    std::vector<Job> jobs;
    for (auto const& one : chosen_queues(context, view.queues, options.choice)) {
        auto repair =
            queues::repair_of(one.queue, {.running = view.running, .members = view.members, .target = options.target});
        if (options.choice.names.empty() && one.queue.type != "quorum") {
            continue; // all, or by pattern: those it is about
        }
        jobs.push_back({.listed = one, .repair = std::move(repair)});
    }
    return jobs;
}

base::ExitCode repair(Context& context, Options const& options)
{
    check_queue_choice(options.choice);
    auto const jobs = jobs_of(context, options);
    auto& console = context.console;
    std::size_t to_do = 0;
    std::size_t not_done = 0;
    for (auto const& job : jobs) {
        auto const label = health::queue_label(job.listed.queue);
        if (!job.repair.refusal.empty()) {
            ++not_done;
            console.error(fmt::format("{}: {}", label, job.repair.refusal), job.repair.remedy);
        } else if (job.repair.steps.empty() && job.repair.short_of == 0) {
            tell(context, job.listed.queue, "whole", {});
        } else if (!job.repair.steps.empty()) {
            ++to_do;
        }
        if (job.repair.short_of > 0) {
            ++not_done;
            console.error(fmt::format("{}: {} more {} wanted, but no running node is left for {}", label,
                                      job.repair.short_of, job.repair.short_of == 1 ? "member is" : "members are",
                                      job.repair.short_of == 1 ? "it" : "them"),
                          "Bring back or add nodes, or want fewer with --target.");
        }
    }
    for (auto const& job : jobs) {
        if (!job.repair.steps.empty() && context.dry_run()) {
            tell(context, job.listed.queue, "would " + steps_text(job.repair.steps), job.repair.steps);
        } else if (!job.repair.steps.empty()) {
            console.note(fmt::format("{}: to {}", health::queue_label(job.listed.queue), steps_text(job.repair.steps)));
        }
    }
    if (to_do > 0 && !context.dry_run()) {
        if (!context.confirmed(
                fmt::format("repair {} {}", base::format_count(to_do), to_do == 1 ? "queue" : "queues"))) {
            console.note("nothing was changed");
            return base::ExitCode::no;
        }
        Management api(context, k_time);
        Changer changer(context, api);
        std::size_t done = 0;
        try {
            for (auto const& job : jobs) {
                if (!job.repair.steps.empty()) {
                    not_done += carry_out(context, api, changer, job) ? 0U : 1U;
                    ++done;
                }
            }
        } catch (...) {
            console.clear_progress();
            console.note(fmt::format("{} of {} queues are done; the same command goes on with the rest", done, to_do));
            throw;
        }
    }
    return not_done == 0 ? base::ExitCode::ok : not_done == jobs.size() ? base::ExitCode::no : base::ExitCode::partial;
}

} // namespace

void add_queue_repair(CLI::App& queue, Action& chosen)
{
    auto const options = std::make_shared<Options>();
    auto* const sub = queue.add_subcommand(
        "repair", "Give quorum queues the members they lack, and take away those of nodes that left; asks first");
    add_queue_choice(*sub, options->choice, "All quorum queues of the vhost");
    add_number(*sub, "--target", options->target, {.low = 1, .high = 99}, "Members wanted (default 3)");
    set_examples(*sub, {{"rmqha queue repair orders --dry-run", "what it lacks"},
                        {"rmqha queue repair --all --target 3 --yes", "after a node was replaced by another"}});
    sub->callback([&chosen, options] { chosen = [options](Context& context) { return repair(context, *options); }; });
}

} // namespace rmqha::cmd
