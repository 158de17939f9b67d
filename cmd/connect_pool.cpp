#include "cmd/connect_pool.hpp"

#include "cmd/connection.hpp"

#include "base/process.hpp"
#include "base/units.hpp"
#include "cluster/pool.hpp"
#include "output/json.hpp"
#include "output/table.hpp"
#include "output/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rmqha::cmd {

namespace {

using cluster::PoolEvent;
using cluster::PoolSummary;
using nlohmann::ordered_json;
using output::Align;

constexpr std::size_t k_other_files = 256; ///< dialling, HTTP, files

double milliseconds(base::Duration duration)
{
    return std::chrono::duration<double, std::milli>(duration).count();
}

ordered_json json_of(PoolEvent const& event)
{
    ordered_json json = {{"event", cluster::to_string(event.kind)},
                         {"time", base::format_time(event.time)},
                         {"connection", event.number},
                         {"node", event.node.empty() ? ordered_json(nullptr) : ordered_json(event.node)},
                         {"text", event.text},
                         {"open", event.open}};
    if (event.after) {
        json["after_ms"] = milliseconds(*event.after);
    }
    return json;
}

ordered_json json_of(PoolSummary const& summary)
{
    auto nodes = ordered_json::array();
    for (auto const& [label, share] : summary.nodes) {
        nodes.push_back({{"node", label}, {"open", share.open}, {"opened", share.opened}, {"lost", share.lost}});
    }
    return {{"size", summary.size},
            {"open", summary.open},
            {"lost", summary.lost},
            {"replaced", summary.replaced},
            {"given_up", summary.given_up},
            {"longest_below_size_ms", milliseconds(summary.longest_below)},
            {"nodes", nodes}};
}

std::string line_of(PoolEvent const& event)
{
    auto text = event.text;
    if (event.after) {
        text += fmt::format("{}after {}", text.empty() ? "" : ", ", base::format_duration(*event.after));
    }
    auto const word = event.kind == PoolEvent::Kind::given_up ? "given up" : cluster::to_string(event.kind);
    return fmt::format("{} {:<9} {:>4}  {}{}{}\n", base::format_time(event.time), word, event.number, event.node,
                       event.node.empty() || text.empty() ? "" : ": ", output::escaped(text));
}

std::string text_of(PoolSummary const& summary, output::Console const& console)
{
    output::Table table({{.heading = "NODE"},
                         {.heading = "OPEN", .align = Align::right},
                         {.heading = "OPENED", .align = Align::right},
                         {.heading = "LOST", .align = Align::right}});
    for (auto const& [label, share] : summary.nodes) {
        table.add(
            {label, base::format_count(share.open), base::format_count(share.opened), base::format_count(share.lost)});
    }
    auto text = summary.nodes.empty() ? std::string() : table.render(console.width(), console.color());
    text += fmt::format("{} of {} open, {} lost, {} replaced", base::format_count(summary.open),
                        base::format_count(summary.size), base::format_count(summary.lost),
                        base::format_count(summary.replaced));
    if (summary.given_up > 0) {
        text += fmt::format(", {} given up", base::format_count(summary.given_up));
    }
    if (summary.longest_below > base::Duration::zero()) {
        text += fmt::format("; longest below {}: {}", base::format_count(summary.size),
                            base::format_duration(summary.longest_below));
    }
    return text + "\n";
}

/// Writes events and summary in the format in force.
class PoolPage {
public:
    explicit PoolPage(Context& context) : m_console(context.console), m_format(context.format()) {}

    void tell(PoolEvent const& event)
    {
        switch (m_format) {
        case output::Format::table:
            m_console.answer(line_of(event));
            break;
        case output::Format::ndjson:
            m_console.answer(output::to_text(json_of(event), false));
            break;
        case output::Format::json: // one document: at the end
            m_events.push_back(json_of(event));
            return;
        }
        m_unflushed = true;
    }

    /// Hands on what was told, once for all that came together; true when the reader is gone.
    bool flush()
    {
        if (m_unflushed) {
            m_console.flush();
            m_unflushed = false;
        }
        return m_console.closed();
    }

    void end(PoolSummary const& summary)
    {
        if (m_format == output::Format::table) {
            m_console.answer(text_of(summary, m_console));
            return;
        }
        ordered_json json{{"schema_version", 1}};
        if (m_format == output::Format::ndjson) {
            json["event"] = "summary";
        } else {
            json["events"] = m_events;
        }
        json.update(json_of(summary));
        m_console.answer(output::to_text(json, m_format == output::Format::json));
    }

private:
    output::Console& m_console;
    output::Format m_format;
    ordered_json m_events = ordered_json::array();
    bool m_unflushed = false;
};

std::string progress_of(PoolSummary const& summary, std::optional<base::Duration> left)
{
    auto text = fmt::format("{} of {} open", base::format_count(summary.open), base::format_count(summary.size));
    auto const add = [&](std::size_t count, std::string_view what) {
        if (count > 0) {
            text += fmt::format(", {} {}", base::format_count(count), what);
        }
    };
    add(summary.dialling, "being dialled");
    add(summary.lost, "lost");
    add(summary.replaced, "replaced");
    add(summary.given_up, "given up");
    if (left) {
        text += fmt::format(", {} left", base::format_duration(std::chrono::ceil<std::chrono::seconds>(*left)));
    }
    return text;
}

void run(cluster::Pool& pool, Context& context, PoolPage& page, PoolOptions const& options)
{
    constexpr auto k_turn = std::chrono::milliseconds(200); // between looks at what to show
    auto& clock = context.clock;
    auto const deadline = context.settings().deadline ? context.deadline(*context.settings().deadline) : base::k_never;
    auto end = base::k_never;
    for (;;) {
        auto const now = clock.now();
        if (pool.opening()) {
            pool.open(std::min(now + k_turn, deadline));
        } else {
            if (end == base::k_never && options.hold) {
                end = now + *options.hold;
            }
            pool.hold(std::min({now + k_turn, end, deadline}));
        }
        bool const unread = page.flush();
        auto const summary = pool.summary();
        context.console.progress(
            progress_of(summary, end == base::k_never ? std::optional<base::Duration>{} : end - clock.now()));
        bool const over = !pool.opening() && (clock.now() >= end || summary.open + summary.dialling == 0);
        if (over || unread) {
            break;
        }
        if (clock.now() >= deadline) {
            throw base::Error(base::ExitCode::timeout,
                              "the deadline passed before the pool was held for as long as asked",
                              "Allow more time with --deadline, or leave it out.");
        }
    }
}

} // namespace

base::ExitCode keep_pool(Context& context, PoolOptions const& options)
{
    base::allow_open_files(options.size + k_other_files);
    PoolPage page(context);
    cluster::Pool pool({.size = options.size}, {.make_connector =
                                                    [&](base::Stop& stop, cluster::Observer also) {
                                                        return make_quiet_connector(context, "connect", stop,
                                                                                    std::move(also));
                                                    },
                                                .clock = context.clock,
                                                .stop = context.stop,
                                                .observer = [&](PoolEvent const& event) { page.tell(event); }});
    try {
        run(pool, context, page, options);
    } catch (...) {
        auto const summary = pool.summary();
        pool.close();
        context.console.clear_progress();
        page.end(summary);
        throw;
    }
    auto const summary = pool.summary();
    pool.close();
    context.console.clear_progress();
    page.end(summary);
    if (summary.open == 0 && pool.error()) {
        throw base::Error(*pool.error());
    }
    return summary.open == summary.size || context.console.closed() ? base::ExitCode::ok : base::ExitCode::partial;
}

} // namespace rmqha::cmd
