#include "cmd/monitor_commands.hpp"
#include "cmd/monitor_moment.hpp"
#include "cmd/options.hpp"
#include "moments/recording.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace rmqha::cmd {
namespace {

using base::ExitCode;

constexpr base::milliseconds k_default_deadline = std::chrono::seconds(10); ///< of one moment

struct RecordOptions {
    base::milliseconds interval = std::chrono::seconds(10);
    std::optional<std::int64_t> count;
    std::optional<base::milliseconds> duration;
    std::string output;
    bool no_queues = false;
};

/// Takes one moment after the other and hands each on before the next.
class Recorder {
public:
    Recorder(Context& context, RecordOptions const& options)
        : m_context(context), m_options(options), m_moments(context, {.queues = !options.no_queues})
    {
    }

    void run()
    {
        auto& clock = m_context.clock;
        auto const start = clock.now();
        auto const end = m_options.duration ? start + *m_options.duration : base::k_never;
        for (auto due = start; m_written < m_options.count.value_or(std::numeric_limits<std::int64_t>::max());) {
            take_one();
            // What took longer than the interval is not made up for.
            due = std::max(due + m_options.interval, clock.now());
            if (due >= end) {
                clock.sleep_until(m_options.count ? end : std::min(end, clock.now()), m_context.stop);
                break;
            }
            if (m_written != m_options.count) {
                clock.sleep_until(due, m_context.stop);
            }
        }
    }

private:
    void take_one()
    {
        auto const patience = m_context.settings().deadline.value_or(k_default_deadline);
        auto const moment = m_moments.take(m_context.clock.now() + patience);
        auto const& why = m_moments.not_reached();
        if (why && m_written == 0 && why->code() == ExitCode::denied) {
            throw base::Error(*why); // that will not become better
        }
        auto const reason = why ? std::string(why->what()) : std::string();
        if (reason != m_reason) {
            reason.empty() ? m_context.console.note("the cluster answers again")
                           : m_context.console.warn("recorded as it is: " + reason);
            m_reason = reason;
        }
        auto const line = moments::to_line(moment);
        if (m_options.output.empty()) {
            m_context.console.answer(line);
            m_context.console.flush();
        } else {
            moments::append_line(m_options.output, line);
        }
        ++m_written;
    }

    Context& m_context;
    RecordOptions const& m_options;
    Moments m_moments;
    std::int64_t m_written = 0;
    std::string m_reason; ///< why nobody answered the last time
};

ExitCode record(Context& context, RecordOptions const& options)
{
    Recorder(context, options).run();
    return ExitCode::ok;
}

} // namespace

void add_monitor_record(CLI::App& monitor, Action& chosen)
{
    auto const options = std::make_shared<RecordOptions>();
    auto* const command =
        monitor.add_subcommand("record", "Keep what the cluster looks like, a line of JSON each time");
    add_duration(*command, "--interval", options->interval, "Time from one moment to the next (default 10s)");
    add_number(*command, "--count", options->count, {1, 1'000'000'000}, "End after so many moments");
    add_duration(*command, "--duration", options->duration, "End after this time");
    command->add_option("--output", options->output, "Add the lines to the end of this file (default standard output)")
        ->type_name("FILE");
    command->add_flag("--no-queues", options->no_queues, "Do not ask for queues");
    set_examples(*command,
                 {{"rmqha monitor record --output prod.ndjson", "a moment every ten seconds, until interrupted"},
                  {"rmqha monitor record --count 1 --output prod.ndjson", "one moment, from cron"},
                  {"rmqha monitor record --interval 1s --duration 10m --output drill.ndjson",
                   "what happens in ten minutes; see rmqha monitor diff"}});
    command->callback(
        [options, &chosen] { chosen = [options](Context& context) { return record(context, *options); }; });
}

} // namespace rmqha::cmd
