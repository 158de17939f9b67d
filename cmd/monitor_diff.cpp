#include "cmd/monitor_commands.hpp"
#include "cmd/monitor_diff_page.hpp"
#include "cmd/monitor_moment.hpp"
#include "cmd/options.hpp"
#include "moments/recording.hpp"

#include "base/units.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>

namespace rmqha::cmd {
namespace {

using base::ExitCode;
using moments::Recording;
using moments::When;

constexpr base::milliseconds k_default_deadline = std::chrono::seconds(10);

struct DiffOptions {
    std::string before;
    std::string after;
    std::string from;
    std::string to;
};

/// The moment meant by `text`, or by `otherwise` when that is empty.
When when_of(std::string const& option, std::string const& text, char const* otherwise, Context& context)
{
    auto const when = moments::parse_when(text.empty() ? otherwise : text, context.clock.wall());
    if (!when) {
        throw base::Error(ExitCode::usage, fmt::format("{}: \"{}\" names no moment", option, text),
                          "It is first, last, a place (2, -2), a time (2026-01-31T12:00:00Z) or a time ago (90s, 2h).");
    }
    return *when;
}

void tell_damage(Context& context, std::string const& path, Recording const& recording)
{
    if (recording.damaged() > 0) {
        context.console.warn(fmt::format("{}: passed over {} damaged {}", path, recording.damaged(),
                                         recording.damaged() == 1 ? "line" : "lines"));
    }
}

moments::Moment now(Context& context)
{
    Moments moments(context, {});
    auto moment = moments.take(context.deadline(k_default_deadline) - k_last_words);
    if (auto const& why = moments.not_reached()) {
        throw base::Error(*why);
    }
    return moment;
}

ExitCode diff(Context& context, DiffOptions const& options)
{
    bool const one_file = options.after.empty() && !options.to.empty();
    auto const from = when_of("--from", options.from, one_file ? "first" : "last", context);
    auto const to = when_of("--to", options.to, "last", context);
    Recording const first(options.before);
    tell_damage(context, options.before, first);
    Comparison comparison;
    comparison.before = first.moment(from);
    comparison.before_from = options.before;
    if (one_file) {
        comparison.after = first.moment(to);
        comparison.after_from = options.before;
    } else if (options.after.empty()) {
        comparison.after = now(context);
        comparison.after_from = "now";
    } else {
        Recording const second(options.after);
        tell_damage(context, options.after, second);
        comparison.after = second.moment(to);
        comparison.after_from = options.after;
    }
    comparison.difference = moments::difference_of(comparison.before, comparison.after);
    auto& console = context.console;
    switch (context.format()) {
    case output::Format::table:
        console.answer(diff_page(comparison, {.width = console.width(), .color = console.color()}));
        break;
    case output::Format::json:
        console.answer(diff_json(comparison));
        break;
    case output::Format::ndjson:
        console.answer(diff_ndjson(comparison));
        break;
    }
    if (!comparison.difference.empty()) {
        return ExitCode::no;
    }
    return comparison.difference.not_compared.empty() ? ExitCode::ok : ExitCode::partial;
}

} // namespace

void add_monitor_diff(CLI::App& monitor, Action& chosen)
{
    auto const options = std::make_shared<DiffOptions>();
    auto* const command = monitor.add_subcommand("diff", "What changed between two moments, or since one");
    command->add_option("before", options->before, "Written by rmqha monitor record, or monitor status --format json")
        ->required()
        ->type_name("FILE");
    command->add_option("after", options->after, "The same; without it and --to, the cluster as it is now")
        ->type_name("FILE");
    command
        ->add_option("--from", options->from,
                     "Which moment of the first file: first, last, a place (2, -2), a time or a time ago (2h); "
                     "default last, with --to and one file first")
        ->type_name("WHEN");
    command
        ->add_option("--to", options->to,
                     "Which moment of the second file, or of the first when there is no second (default last)")
        ->type_name("WHEN");
    set_examples(*command,
                 {{"rmqha monitor diff prod.ndjson", "what changed since the last moment kept; exits 0 when nothing, 1 "
                                                     "when something, 3 when not all could be compared"},
                  {"rmqha monitor diff prod.ndjson --from 2h", "what changed within two hours"},
                  {"rmqha monitor diff drill.ndjson --from first --to last", "what a drill left behind"},
                  {"rmqha monitor diff before.json after.json --format json", "two pages of monitor status"}});
    command->callback([options, &chosen] { chosen = [options](Context& context) { return diff(context, *options); }; });
}

} // namespace rmqha::cmd
