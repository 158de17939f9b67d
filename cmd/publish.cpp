#include "cmd/command.hpp"
#include "cmd/connection.hpp"
#include "cmd/options.hpp"
#include "cmd/publish_input.hpp"
#include "cmd/publish_progress.hpp"
#include "cmd/publish_report.hpp"

#include "base/units.hpp"
#include "messaging/checkpoint.hpp"
#include "messaging/failed_file.hpp"
#include "messaging/publisher.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <utility>

namespace rmqha::cmd {

namespace {

struct Options {
    PublishInput input;
    bool no_mandatory = false;
    bool no_ids = false;
    bool no_confirm = false;
    std::optional<std::string> failed;
    std::optional<std::string> checkpoint;
    messaging::PublishOptions publish;
};

void show(Context& context, messaging::Ledger const& ledger)
{
    context.console.clear_progress();
    if (context.format() == output::Format::table) {
        context.console.answer(summary(ledger));
    } else {
        context.console.answer(ledger_json(ledger, context.format() == output::Format::json));
    }
}

/// Sees what failed safe on disk; tells, and returns false, when it is not, or nobody wanted it.
bool keep(output::Console& console, std::optional<messaging::FailedFile>& failed)
{
    try {
        if (!failed) {
            return false;
        }
        failed->sync();
        if (failed->added() > 0) {
            console.note(fmt::format("{} appended to \"{}\"", base::format_count(failed->added()), failed->path()));
        }
        return true;
    } catch (base::Error const& error) {
        console.error(error.what(), error.hint());
        return false;
    }
}

std::optional<messaging::Checkpoint> open_checkpoint(Options const& options, std::string const& vhost,
                                                     std::optional<messaging::FailedFile>& failed)
{
    if (!options.checkpoint) {
        return std::nullopt;
    }
    messaging::CheckpointOptions opening{
        .path = *options.checkpoint, .target = target_of(options.input, vhost), .window = options.publish.window};
    if (failed) {
        std::error_code ignored;
        if (std::filesystem::equivalent(failed->path(), opening.path, ignored)) {
            throw base::Error(base::ExitCode::usage, "--checkpoint and --failed name the same file",
                              "Give each a file of its own.");
        }
        opening.keep_failed = [&failed] { failed->sync(); };
    }
    return std::optional<messaging::Checkpoint>(std::in_place, std::move(opening));
}

/// What to do about the messages that did not make it.
std::string hint_for(Options const& options, bool kept)
{
    if (kept) {
        return fmt::format("Send them again with: rmqha publish --ndjson --file \"{}\"", *options.failed);
    }
    return options.checkpoint && !options.failed ? "The same command goes on with the first of them; to go on after "
                                                   "them, add --failed FILE."
                                                 : "";
}

base::ExitCode publish(Context& context, Options const& options)
{
    auto const& settings = context.settings();
    auto publishing = options.publish;
    publishing.confirms = !options.no_confirm;
    publishing.mandatory = !options.no_mandatory && !options.no_confirm;
    publishing.identify = !options.no_ids;
    publishing.blocked_timeout = settings.blocked_timeout;
    publishing.connection_attempts = settings.connection_attempts;
    publishing.retry_delay = settings.retry_delay;
    publishing.deadline = settings.deadline ? context.deadline(*settings.deadline) : base::k_never;

    std::optional<messaging::FailedFile> failed;
    if (options.failed) {
        failed.emplace(*options.failed);
    }
    auto source = make_source(options.input, publishing.deadline, context.stop);
    if (failed) {
        failed->refuse_as_input(source->fd());
        source = messaging::make_guarded_source(std::move(source), [&] { return failed->good(); });
    }
    auto& console = context.console;
    auto checkpoint = open_checkpoint(options, settings.vhost, failed);
    if (checkpoint) {
        checkpoint->resume(*source, context.stop, publishing.deadline);
        publishing.run = checkpoint->record().run;
        publishing.before = checkpoint->record().position.messages;
        if (publishing.before > 0 && source->at_end()) {
            checkpoint->save(true);
            console.note(fmt::format("nothing is left to publish: \"{}\" says that all of the input is done",
                                     *options.checkpoint));
            show(context, {.before = publishing.before});
            return base::ExitCode::ok;
        }
    }
    auto connector = make_connector(context, "publish");
    PublishProgress progress(publishing.window);
    messaging::PublishObserver observer;
    observer.progress = [&](messaging::Ledger const& ledger, std::size_t in_flight, std::string const& node) {
        console.progress(progress.line({.ledger = ledger,
                                        .in_flight = in_flight,
                                        .node = node,
                                        .total = source->total(),
                                        .extent = source->extent()}));
    };
    observer.note = [&](std::string const& text) { console.note(text); };
    if (failed) {
        observer.failed = [&](messaging::Message const& message, messaging::Fate fate, std::string const& reason) {
            failed->add(message, fate, reason);
        };
    }
    messaging::Publisher publisher(connector, publishing, std::move(observer), context.stop);
    try {
        publisher.run(*source, checkpoint ? &*checkpoint : nullptr);
    } catch (...) {
        show(context, publisher.ledger());
        keep(console, failed);
        if (checkpoint) {
            console.note(fmt::format("{} messages of the input are done; the same command goes on from there",
                                     base::format_count(checkpoint->record().position.messages)));
        }
        throw;
    }
    auto const& ledger = publisher.ledger();
    show(context, ledger);
    if (ledger.failed() == 0) {
        return base::ExitCode::ok;
    }
    bool const kept = keep(console, failed);
    console.error(fmt::format("{} of {} messages did not make it; the first: {}", base::format_count(ledger.failed()),
                              base::format_count(ledger.read), ledger.first_failure),
                  hint_for(options, kept));
    if (failed && !kept) {
        return base::ExitCode::unavailable; // not "partial": who sends the file again would miss some
    }
    return ledger.denied == ledger.read ? base::ExitCode::denied : base::ExitCode::partial;
}

} // namespace

void add_publish(CLI::App& app, Action& chosen)
{
    auto const options = std::make_shared<Options>();
    auto* const sub = app.add_subcommand("publish", "Send messages and wait until the broker has confirmed each");
    add_publish_input(*sub, options->input);
    auto* const window = add_number(*sub, "--window", options->publish.window, {.low = 1, .high = 1'000'000},
                                    "Messages under way without a confirm (default 1000)");
    add_number(
        *sub, "--rate", [options](std::int64_t n) { options->publish.rate = static_cast<double>(n); },
        {.low = 1, .high = 100'000'000}, "Messages per second (default: as fast as it goes)");
    sub->add_flag("--no-mandatory", options->no_mandatory,
                  "Let the broker drop what no queue takes, instead of returning it");
    auto* const no_confirm =
        sub->add_flag("--no-confirm", options->no_confirm, "Do not ask for confirms: nobody will know what was lost")
            ->excludes(window);
    add_duration(*sub, "--confirm-timeout", options->publish.confirm_timeout,
                 "Without a confirm for so long, try another node (default 20s)");
    add_duration(*sub, "--nack-timeout", options->publish.nack_timeout,
                 "How long to repeat a message that the broker refuses (default 10s)")
        ->excludes(no_confirm);
    sub->add_flag("--no-ids", options->no_ids, "No message-id and x-rmqha-seq header of our own")
        ->group("Message properties");
    sub->add_option("--failed", options->failed, "Append what did not make it to this file, as --ndjson takes it again")
        ->type_name("FILE")
        ->excludes(no_confirm);
    sub->add_option("--checkpoint", options->checkpoint,
                    "Keep in this file how far the input is done; the same command goes on there")
        ->type_name("FILE")
        ->excludes(no_confirm);
    set_examples(*sub, {{"rmqha publish -r jobs \"hello\"", "one message into the queue jobs"},
                        {"rmqha publish -r jobs --lines < jobs.txt", "a message for each line"},
                        {"rmqha publish -e events -r user.new -H tries:int=1 -f user.json",
                         "a file, with a header, to an exchange"},
                        {"rmqha publish --ndjson -f out.ndjson --failed failed.ndjson",
                         "messages as consume --format ndjson wrote them; keep what fails"},
                        {"rmqha publish -r jobs --lines -f jobs.txt --checkpoint jobs.checkpoint",
                         "a large file, to be continued after whatever happens"},
                        {"rmqha publish -e events -r 'user.{country}' --lines < users.ndjson",
                         "a routing key from each line's JSON"}});
    sub->callback([&chosen, options] { chosen = [options](Context& context) { return publish(context, *options); }; });
}

} // namespace rmqha::cmd
