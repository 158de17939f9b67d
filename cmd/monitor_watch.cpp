#include "cmd/monitor_commands.hpp"
#include "cmd/monitor_rules.hpp"
#include "cmd/monitor_snapshot.hpp"
#include "cmd/monitor_unreached.hpp"
#include "cmd/monitor_watch_page.hpp"
#include "cmd/options.hpp"

#include "base/fd.hpp"
#include "base/stop.hpp"
#include "base/units.hpp"
#include "output/screen.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <exception>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>

namespace rmqha::cmd {
namespace {

using base::Error;
using base::ExitCode;

struct WatchOptions {
    base::milliseconds interval = std::chrono::seconds(2);
    bool no_queues = false;
    RuleOptions rules;
};

constexpr base::milliseconds k_shortest_interval = std::chrono::seconds(1);
/// Shorter than a check's: half of it is how long a node that hangs keeps the page waiting for the others.
constexpr base::milliseconds k_default_deadline = std::chrono::seconds(6);

/// What the collector hands to the page. Thread-safe.
class Handover {
public:
    Handover() : m_event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))
    {
        if (!m_event) {
            throw std::system_error(errno, std::generic_category(), "eventfd");
        }
    }

    void put(std::shared_ptr<WatchData const> data)
    {
        std::lock_guard const lock(m_mutex);
        m_data = std::move(data);
        ::eventfd_write(m_event.get(), 1);
    }
    void fail(std::exception_ptr failure)
    {
        std::lock_guard const lock(m_mutex);
        m_failure = std::move(failure);
        ::eventfd_write(m_event.get(), 1);
    }
    /// What was put last; null before. Throws what the collector failed with.
    std::shared_ptr<WatchData const> get()
    {
        std::lock_guard const lock(m_mutex);
        eventfd_t count = 0;
        ::eventfd_read(m_event.get(), &count);
        if (m_failure) {
            std::rethrow_exception(m_failure);
        }
        return m_data;
    }
    /// For poll(2): readable when there is something new.
    int fd() const noexcept { return m_event.get(); }

private:
    std::mutex m_mutex;
    base::Fd m_event;
    std::shared_ptr<WatchData const> m_data;
    std::exception_ptr m_failure;
};

/// Asks the cluster every interval, in a thread of its own; ends it when it goes away.
class Collector {
public:
    /// Reads settings and credentials, for which it may ask on the terminal.
    Collector(Context& context, WatchOptions const& options, Handover& handover)
        : m_context(context),
          m_interval(options.interval),
          m_time(context.settings().deadline.value_or(k_default_deadline)),
          m_handover(handover),
          m_snapshots(context, {.queues = !options.no_queues,
                                .replica_lag = options.rules.defaults.replica_lag_max.has_value(),
                                .end_to_end = options.rules.end_to_end}),
          m_history(context.settings().context, rules_of(context.settings(), options.rules),
                    checks_of({}, options.rules))
    {
    }
    Collector(Collector const&) = delete;
    Collector& operator=(Collector const&) = delete;
    ~Collector()
    {
        m_context.stop.request();
        if (m_thread.joinable()) {
            m_thread.join();
        }
    }

    void start()
    {
        m_thread = std::thread([this] {
            try {
                run();
            } catch (base::Interrupted const&) { // who waits for the page sees that too
            } catch (...) {
                m_handover.fail(std::current_exception());
            }
        });
    }

    /// What one collection may take.
    base::milliseconds collection_time() const noexcept { return m_time; }

private:
    [[noreturn]] void run()
    {
        while (true) {
            auto const asked = m_context.clock.now();
            WatchCollection collection{.snapshot = m_snapshots.take(asked + m_time)};
            collection.why_not_reached = why_not_reached(collection.snapshot);
            collection.asked = asked;
            collection.ended = m_context.clock.now();
            m_handover.put(std::make_shared<WatchData const>(m_history.add(std::move(collection))));
            m_context.clock.sleep_until(std::max(asked + m_interval, m_context.clock.now()), m_context.stop);
        }
    }

    Context& m_context;
    base::milliseconds m_interval;
    base::milliseconds m_time;
    Handover& m_handover;
    Snapshots m_snapshots;
    WatchHistory m_history;
    std::thread m_thread;
};

/// When the page is due to say that it is a second older.
base::TimePoint next_second(base::TimePoint now, WatchData const* data, base::TimePoint began)
{
    auto const since = data != nullptr && data->told_at ? *data->told_at : began;
    return since + std::chrono::floor<std::chrono::seconds>(now - since) + std::chrono::seconds(1);
}

void run_page(Context& context, output::Screen& screen, Handover& handover, WatchPageOptions options)
{
    WatchControls controls;
    options.began = context.clock.now();
    options.color = context.console.color();
    while (!controls.leave) {
        auto const data = handover.get();
        auto const size = screen.size();
        options.rows = size.rows;
        options.columns = size.columns;
        options.now = context.clock.now();
        auto const page = watch_page(data.get(), controls, options);
        controls.scroll = page.scroll;
        if (std::exchange(controls.redraw, false)) {
            screen.forget();
        }
        screen.show(page.lines);
        auto const input = screen.wait(handover.fd(), next_second(options.now, data.get(), options.began));
        for (auto const& key : input.keys) {
            controls = pressed(std::move(controls), key, {page.list_rows});
        }
    }
}

ExitCode watch(Context& context, WatchOptions const& options)
{
    if (options.interval < k_shortest_interval) {
        throw Error(ExitCode::usage,
                    fmt::format("--interval: {} is too short", base::format_duration(options.interval)),
                    "The shortest is 1s: a collection asks every node everything.");
    }
    if (auto const why = output::Screen::why_none({})) {
        throw Error(ExitCode::usage, "monitor watch: " + *why,
                    "The page is for people; for programs and files, see monitor status --format ndjson, and monitor "
                    "record.");
    }
    Handover handover;
    Collector collector(context, options, handover);
    // Goes first, so that the terminal is given back before anybody waits for the collector.
    output::Screen screen(context.stop);
    collector.start();
    run_page(
        context, screen, handover,
        {.patience = 2 * options.interval + collector.collection_time(), .nodes = context.settings().nodes.size()});
    return ExitCode::ok;
}

} // namespace

void add_monitor_watch(CLI::App& monitor, Action& chosen)
{
    auto options = std::make_shared<WatchOptions>();
    auto* const command = monitor.add_subcommand("watch", "The same page, live, with rates and recent events");
    add_duration(*command, "--interval", options->interval, "how often the cluster is asked (default 2s, at least 1s)");
    command->add_flag("--no-queues", options->no_queues, "do not ask for queues");
    add_rule_options(*command, options->rules);
    set_examples(*command, {{"rmqha monitor watch", "q leaves, ? tells the other keys"},
                            {"rmqha monitor watch --interval 10s --no-queues", "for a cluster that has enough to do"}});
    command->callback(
        [options, &chosen] { chosen = [options](Context& context) { return watch(context, *options); }; });
}

} // namespace rmqha::cmd
