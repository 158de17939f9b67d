#include "cmd/management.hpp"
#include "cmd/options.hpp"
#include "cmd/queue_commands.hpp"

#include "base/stop.hpp"
#include "base/units.hpp"
#include "output/json.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>

namespace rmqha::cmd {

namespace {

constexpr auto k_pause = std::chrono::milliseconds(500); ///< between two looks
/// What the broker says of a synchronisation is up to 5 s old.
constexpr auto k_stale = std::chrono::seconds(15);

struct Options {
    QueueChoice choice;
    bool cancel = false;
};

void refuse_without_mirroring(Management& api)
{
    if (!api.get(management::path::k_deprecated_features, management::read_mirroring, "features")) {
        throw base::Error(base::ExitCode::data,
                          "queue sync: this broker has no mirrored queues; RabbitMQ 4 removed them",
                          "Members of quorum queues and streams catch up by themselves: see `rmqha queue status`.");
    }
}

bool mirrored(management::Queue const& queue)
{
    return queue.mirrors && !queue.mirrors->empty();
}

bool synchronised(management::Queue const& queue)
{
    auto const& good = queue.synchronised_mirrors;
    return std::ranges::all_of(queue.mirrors.value_or(std::vector<std::string>{}),
                               [&](auto const& node) { return std::ranges::find(good, node) != good.end(); });
}

void act(Management& api, management::Queue const& queue, char const* action)
{
    auto const written = api.write(
        {.method = "POST", .path = path_of(queue) + "/actions", .body = fmt::format(R"({{"action":"{}"}})", action)});
    api.value(management::read_written(written), health::queue_label(queue));
}

void tell(Context& context, management::Queue const& queue, char const* outcome)
{
    if (context.format() == output::Format::table) {
        context.console.answer(fmt::format("{}: {}\n", health::queue_label(queue), outcome));
    } else {
        context.console.answer(output::to_text(
            {{"schema_version", 1}, {"vhost", queue.vhost}, {"name", queue.name}, {"outcome", outcome}}, false));
    }
}

/// Starts it and waits for its end.
void synchronise(Context& context, Management& api, management::Queue const& queue)
{
    auto const started = context.clock.now();
    act(api, queue, "sync");
    for (auto seen = started;;) {
        auto const now = api.get(path_of(queue), management::read_queue, health::queue_label(queue));
        if (!mirrored(now)) {
            throw base::Error(base::ExitCode::unavailable,
                              fmt::format("{}: its mirrors are gone", health::queue_label(queue)),
                              "Bring back their nodes; see `rmqha monitor status`.");
        }
        if (synchronised(now)) {
            context.console.clear_progress();
            tell(context, queue, "synchronised");
            return;
        }
        if (now.state == "syncing") {
            seen = context.clock.now();
            context.console.progress(fmt::format("{}: {} of {} messages", health::queue_label(queue),
                                                 base::format_count(now.synchronised_messages.value_or(0)),
                                                 base::format_count(now.messages.value_or(0))));
        } else if (context.clock.now() - seen > k_stale) {
            throw base::Error(
                base::ExitCode::unavailable,
                fmt::format("{}: the synchronisation stopped before its end", health::queue_label(queue)),
                "The log of its leader says why: an alarm, a mirror that was lost, or somebody cancelled it.");
        }
        if (context.clock.now() >= api.deadline()) {
            throw base::Error(
                base::ExitCode::timeout,
                fmt::format("{}: the deadline passed; the broker goes on with it", health::queue_label(queue)),
                "Look again with `rmqha queue status`, or stop it with `rmqha queue sync --cancel`.");
        }
        context.clock.sleep_until(context.clock.now() + k_pause, context.stop);
    }
}

base::ExitCode sync(Context& context, Options const& options)
{
    check_queue_choice(options.choice);
    constexpr auto k_endless = base::milliseconds::max(); // as long as it takes
    Management api(context, k_endless);
    refuse_without_mirroring(api);
    auto chosen = chosen_queues(context, read_queues(context).queues, options.choice);
    if (options.choice.names.empty()) { // all, or by pattern: those it is about
        std::erase_if(chosen, [&](auto const& one) {
            return !mirrored(one.queue) || (!options.cancel && synchronised(one.queue));
        });
    }
    auto& console = context.console;
    if (chosen.empty()) {
        console.note("every mirror is synchronised: nothing to do");
    }
    for (auto const& one : chosen) {
        if (!mirrored(one.queue)) {
            throw base::Error(base::ExitCode::data, fmt::format("{} has no mirror", health::queue_label(one.queue)),
                              one.queue.type == "classic" ? "A policy gives it some: see `rmqha policy set-ha --help`."
                                                          : "Its members catch up by themselves.");
        }
    }
    std::size_t done = 0;
    try {
        for (; done < chosen.size(); ++done) {
            auto const& queue = chosen[done].queue;
            if (context.dry_run()) {
                tell(context, queue,
                     options.cancel        ? "would be cancelled"
                     : synchronised(queue) ? "synchronised already"
                                           : "would be synchronised");
            } else if (options.cancel) {
                act(api, queue, "cancel_sync");
                tell(context, queue, "cancelled, if it was under way");
            } else if (synchronised(queue)) {
                tell(context, queue, "synchronised already");
            } else {
                synchronise(context, api, queue);
            }
        }
    } catch (base::Interrupted const&) {
        console.clear_progress();
        console.note(fmt::format("{} of {} queues are done; the broker goes on with the one under way",
                                 base::format_count(done), base::format_count(chosen.size())));
        throw;
    }
    return base::ExitCode::ok;
}

} // namespace

void add_queue_sync(CLI::App& queue, Action& chosen)
{
    auto const options = std::make_shared<Options>();
    auto* const sub = queue.add_subcommand(
        "sync", "Synchronise mirrors by hand, up to RabbitMQ 3.13; a queue takes no messages meanwhile");
    add_queue_choice(*sub, options->choice, "All queues of the vhost that have a mirror behind");
    sub->add_flag("--cancel", options->cancel, "Stop synchronisations instead");
    set_examples(*sub, {{"rmqha queue sync orders", "shows how far it is, and ends when it is done"},
                        {"rmqha queue sync --all --dry-run", "which queues that would be"}});
    sub->callback([&chosen, options] { chosen = [options](Context& context) { return sync(context, *options); }; });
}

} // namespace rmqha::cmd
