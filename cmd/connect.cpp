#include "cmd/command.hpp"
#include "cmd/connect_pool.hpp"
#include "cmd/connection.hpp"
#include "cmd/options.hpp"

#include "base/units.hpp"
#include "management/request.hpp"
#include "output/json.hpp"
#include "output/table.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>

namespace rmqha::cmd {

namespace {

using cluster::Attempt;
using nlohmann::ordered_json;
using output::Align;
using output::Style;

struct Options {
    bool all = false;
    std::optional<std::uint64_t> count;
    std::string print;
    std::optional<std::uint64_t> pool;
    std::optional<base::milliseconds> hold;
};

constexpr auto k_default_deadline = std::chrono::seconds(10);

ordered_json milliseconds(std::optional<base::Duration> duration)
{
    return duration ? ordered_json(std::chrono::duration<double, std::milli>(*duration).count())
                    : ordered_json(nullptr);
}

std::string step(std::optional<base::Duration> duration)
{
    return duration ? base::format_duration(*duration) : "-";
}

ordered_json to_json(Attempt const& attempt)
{
    ordered_json result = {
        {"node", config::label(attempt.node)}, {"name", attempt.node.name}, {"connected", attempt.server.has_value()}};
    result["timings"] = {{"dns_ms", milliseconds(attempt.timings.dns)},
                         {"tcp_ms", milliseconds(attempt.timings.tcp)},
                         {"tls_ms", milliseconds(attempt.timings.tls)},
                         {"login_ms", milliseconds(attempt.timings.login)}};
    result["score"] = attempt.score.score;
    result["deductions"] = ordered_json::array();
    for (auto const& deduction : attempt.score.deductions) {
        result["deductions"].push_back({{"reason", deduction.reason}, {"points", deduction.points}});
    }
    if (attempt.server) {
        auto const& server = *attempt.server;
        result["server"] = {
            {"product", server.product},
            {"version", server.version},
            {"cluster_name", server.cluster_name},
            {"address", server.address},
            {"encryption", server.encryption.empty() ? ordered_json(nullptr) : ordered_json(server.encryption)},
            {"certificate_days_left",
             server.certificate_days_left ? ordered_json(*server.certificate_days_left) : ordered_json(nullptr)},
            {"heartbeat_ms", server.heartbeat.count()},
            {"frame_max_bytes", server.frame_max}};
    }
    if (attempt.failure) {
        result["error"] = attempt.failure->what();
        result["exit_code"] = static_cast<int>(attempt.failure->code());
    }
    return result;
}

std::string score_text(cluster::NodeScore const& score)
{
    std::string text = std::to_string(score.score);
    for (auto const& deduction : score.deductions) {
        text += fmt::format(", {} (-{})", deduction.reason, deduction.points);
    }
    return text;
}

std::string describe(Attempt const& attempt, std::string const& why)
{
    auto const& server = attempt.server.value();
    auto const line = [](std::string_view name, std::string const& value) {
        return value.empty() ? std::string() : fmt::format("{:<13}{}\n", name, value);
    };
    auto const& timings = attempt.timings;
    auto text = line("node", fmt::format("{}{}", config::label(attempt.node),
                                         attempt.node.name.empty() ? "" : " (" + attempt.node.name + ")"));
    text += line("why", why);
    text += line("address", server.address);
    text += line("server", server.product + " " + server.version);
    text += line("cluster", server.cluster_name);
    text += line("encryption", server.encryption);
    text += line("certificate",
                 server.certificate_days_left ? fmt::format("{} days left", *server.certificate_days_left) : "");
    text += line("heartbeat", server.heartbeat.count() == 0 ? "off" : base::format_duration(server.heartbeat));
    text += line("DNS", step(timings.dns));
    text += line("TCP", step(timings.tcp));
    text += timings.tls ? line("TLS", step(timings.tls)) : "";
    text += line("login", step(timings.login));
    return text;
}

/// A URI for scripts that want the chosen node. Without the password: it would end up in logs and process lists.
std::string uri_of(config::Settings const& settings, Attempt const& attempt)
{
    return fmt::format("{}://{}/{}", settings.tls.enabled ? "amqps" : "amqp", config::label(attempt.node),
                       management::percent_encoded(settings.vhost));
}

void close(Attempt& attempt)
{
    if (attempt.channel) {
        attempt.channel->close(std::chrono::steady_clock::now() + std::chrono::seconds(1));
    }
}

base::ExitCode connect_once(Context& context, Options const& options)
{
    std::string why;
    auto connector = make_connector(context, "connect", [&](cluster::ConnectionEvent const& event) {
        if (event.kind == cluster::ConnectionEvent::Kind::connected) {
            why = event.text;
        }
    });
    auto attempt = connector.connect(context.deadline(k_default_deadline));
    close(attempt);
    auto& console = context.console;
    if (options.print == "uri") {
        console.answer(uri_of(context.settings(), attempt) + "\n");
    } else if (options.print == "node") {
        console.answer(config::label(attempt.node) + "\n");
    } else if (context.format() != output::Format::table) {
        auto result = to_json(attempt);
        result["why"] = why;
        result["schema_version"] = 1;
        console.answer(output::to_text(result, context.format() == output::Format::json));
    } else {
        console.answer(describe(attempt, why));
    }
    return base::ExitCode::ok;
}

base::ExitCode probe_all(Context& context)
{
    auto connector = make_connector(context, "connect");
    auto attempts = connector.connect_all(context.deadline(k_default_deadline));
    auto const quarantine = connector.candidates();
    output::Table table({{.heading = "NODE"},
                         {.heading = "SCORE", .align = Align::right},
                         {.heading = "DNS", .align = Align::right},
                         {.heading = "TCP", .align = Align::right},
                         {.heading = "TLS", .align = Align::right},
                         {.heading = "LOGIN", .align = Align::right},
                         {.heading = "ANSWER", .shrinkable = true}});
    ordered_json nodes = ordered_json::array();
    std::size_t up = 0;
    for (std::size_t i = 0; i < attempts.size(); ++i) {
        auto& attempt = attempts[i];
        close(attempt);
        up += attempt.server ? 1U : 0U;
        auto const& t = attempt.timings;
        output::Cell answer = attempt.server
                                  ? output::Cell(attempt.server->product + " " + attempt.server->version, Style::good)
                                  : output::Cell(attempt.failure ? attempt.failure->what() : "no answer", Style::bad);
        if (attempt.server && !attempt.server->encryption.empty()) {
            answer.text += ", " + attempt.server->encryption;
        }
        if (!quarantine[i].available) {
            answer.text += " (quarantined)";
        }
        table.add({config::label(attempt.node), std::to_string(attempt.score.score), step(t.dns), step(t.tcp),
                   step(t.tls), step(t.login), answer});
        auto node = to_json(attempt);
        node["quarantined"] = !quarantine[i].available;
        nodes.push_back(node);
    }
    auto& console = context.console;
    if (context.format() == output::Format::table) {
        console.answer(table.render(console.width(), console.color()));
        for (auto const& attempt : attempts) {
            if (attempt.server && !attempt.score.deductions.empty()) {
                console.answer(
                    fmt::format("score of {}: {}\n", config::label(attempt.node), score_text(attempt.score)));
            }
        }
    } else {
        console.answer(output::to_text({{"schema_version", 1}, {"nodes", nodes}, {"reachable", up}},
                                       context.format() == output::Format::json));
    }
    if (up == attempts.size()) {
        return base::ExitCode::ok;
    }
    if (up > 0) {
        return base::ExitCode::partial;
    }
    throw cluster::error_of_failures(attempts);
}

base::ExitCode spread(Context& context, std::uint64_t count)
{
    auto connector = make_connector(context, "connect");
    auto const deadline = context.deadline(std::chrono::minutes(5));
    std::map<std::string, std::uint64_t> chosen;
    for (std::uint64_t i = 0; i < count; ++i) {
        context.console.progress(fmt::format("{} of {} connections", i, count));
        auto attempt = connector.connect(deadline);
        ++chosen[config::label(attempt.node)];
        close(attempt);
    }
    context.console.clear_progress();
    auto const& settings = context.settings();
    output::Table table({{.heading = "NODE"},
                         {.heading = "WEIGHT", .align = Align::right},
                         {.heading = "CONNECTIONS", .align = Align::right},
                         {.heading = "SHARE", .align = Align::right}});
    ordered_json nodes = ordered_json::array();
    for (auto const& node : settings.nodes) {
        auto const got = chosen[config::label(node)];
        auto const share = 100.0 * static_cast<double>(got) / static_cast<double>(count);
        table.add(
            {config::label(node), std::to_string(node.weight), base::format_count(got), fmt::format("{:.1f}%", share)});
        nodes.push_back(
            {{"node", config::label(node)}, {"weight", node.weight}, {"connections", got}, {"share_percent", share}});
    }
    auto& console = context.console;
    if (context.format() == output::Format::table) {
        console.answer(table.render(console.width(), console.color()));
    } else {
        console.answer(output::to_text({{"schema_version", 1},
                                        {"strategy", config::to_string(settings.strategy)},
                                        {"count", count},
                                        {"nodes", nodes}},
                                       context.format() == output::Format::json));
    }
    return base::ExitCode::ok;
}

} // namespace

void add_connect(CLI::App& app, Action& chosen)
{
    auto const options = std::make_shared<Options>();
    auto* const sub =
        app.add_subcommand("connect", "Connect to the cluster: which node, why, and how long each step takes");
    auto* const all = sub->add_flag("--all", options->all, "Try every node, all at once, and show each one's answer");
    auto* const count =
        add_number(*sub, "--count", options->count, {.low = 1, .high = 100'000},
                   "Connect so many times, one after the other, and show how the strategy spreads them");
    auto* const print = add_choice(*sub, "--print", options->print, {"uri", "node"},
                                   "Print this alone, for scripts (a URI carries no password)");
    auto* const pool = add_number(*sub, "--pool", options->pool, {.low = 1, .high = 1000},
                                  "Keep so many connections open, 1 to 1000, replace those that are lost, and tell "
                                  "every event");
    add_duration(*sub, "--hold", options->hold, "How long to keep them once opened (default: until interrupted)")
        ->needs(pool);
    all->excludes(count)->excludes(print)->excludes(pool);
    count->excludes(print)->excludes(pool);
    print->excludes(pool);
    set_examples(
        *sub, {{"rmqha connect", "the node the strategy chooses"},
               {"rmqha connect --all", "what each node answers"},
               {"rmqha connect --strategy weighted_round_robin --count 160", "how a strategy spreads connections"},
               {"rmqha connect --pool 30 --hold 10m", "watch connections through a maintenance"},
               {"amqp-get --url=\"$(rmqha connect --print uri)\" -q jobs", "a node that answers, for another tool"}});
    sub->callback([&chosen, options] {
        chosen = [options](Context& context) {
            if (options->all) {
                return probe_all(context);
            }
            if (options->pool) {
                return keep_pool(context, {.size = *options->pool, .hold = options->hold});
            }
            return options->count ? spread(context, *options->count) : connect_once(context, *options);
        };
    });
}

} // namespace rmqha::cmd
