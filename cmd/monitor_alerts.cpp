#include "cmd/monitor_alerts.hpp"

#include "cmd/command.hpp"
#include "cmd/monitor_exec.hpp"
#include "cmd/options.hpp"
#include "cmd/secret_files.hpp"

#include "health/alerts.hpp"
#include "http/transport.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace rmqha::cmd {
namespace {

constexpr base::milliseconds k_alertmanager_time = std::chrono::seconds(1);

/// The URL for messages: without user and password.
std::string shown(std::string const& url)
{
    auto const start = url.find("://") + 3;
    auto const at = url.rfind('@', url.find('/', start));
    return at == std::string::npos || at < start ? url : url.substr(0, start) + url.substr(at + 1);
}

/// Empty when it was taken.
std::string trouble_in(http::Result const& result)
{
    if (auto const* fault = std::get_if<http::Fault>(&result)) {
        return fault->reason;
    }
    constexpr std::size_t k_most = 200;
    auto const& response = std::get<http::Response>(result);
    if (response.status / 100 == 2) {
        return {};
    }
    auto const line = response.body.substr(0, std::min(response.body.find('\n'), k_most));
    return fmt::format("it answers {}{}{}", response.status, line.empty() ? "" : ": ", line);
}

/// One that does not take it is found UNKNOWN.
std::vector<health::Finding> tell_alertmanagers(Context& context, AlertOptions const& options,
                                                health::Report const& report, base::TimePoint deadline)
{
    std::vector<health::Finding> problems;
    auto const not_told = [&](std::string const& url, std::string const& trouble, std::string const& remedy) {
        problems.push_back({"ALERTMANAGER", health::Severity::unknown, health::k_check_itself,
                            fmt::format("cannot tell the Alertmanager at {}: {}", shown(url), trouble), remedy,
                            "check"});
    };
    std::vector<http::Request> requests;
    for (auto const& url : options.alertmanagers) {
        auto const base = url.substr(0, url.find_last_not_of('/') + 1);
        requests.push_back({.method = "POST",
                            .url = base + "/api/v2/alerts",
                            .body = health::alerts_json(report, options.lifetime),
                            .tls = {.cacert = options.cacert},
                            .connect_timeout = k_alertmanager_time});
    }
    if (!options.token_file.empty()) {
        try {
            auto const token = read_token("--alertmanager-token-file", options.token_file);
            std::for_each(requests.begin(), requests.end(), [&](auto& request) { request.bearer_token = token; });
        } catch (base::Error const& error) { // read each time: tokens are renewed
            not_told(options.alertmanagers.front(), error.what(), error.hint());
            return problems;
        }
    }
    auto const results = http::make_curl_transport()->perform(requests, deadline, context.stop);
    for (std::size_t i = 0; i < results.size(); ++i) {
        if (auto const trouble = trouble_in(results[i]); !trouble.empty()) {
            not_told(options.alertmanagers[i], trouble, "check its address, and that it runs");
        }
    }
    return problems;
}

} // namespace

void add_alert_options(CLI::App& app, AlertOptions& options)
{
    constexpr auto* k_group = "Alerts";
    app.add_option("--alertmanager", options.alertmanagers,
                   "tell this Alertmanager what counts, and what has gone; repeat for each of a cluster")
        ->type_name("URL")
        ->group(k_group);
    app.add_option("--alertmanager-cacert", options.cacert, "authorities that vouch for its https, in PEM")
        ->type_name("FILE")
        ->group(k_group);
    app.add_option("--alertmanager-token-file", options.token_file,
                   "holds the token it wants to see (Authorization: Bearer); read each time")
        ->type_name("FILE")
        ->group(k_group);
    add_duration(app, "--alert-lifetime", options.lifetime,
                 "after which an alert that is not told again is over (default 5m)")
        ->group(k_group);
    app.add_option(
           "--exec", options.commands,
           "run this in a shell for each finding that begins and each that has gone, with it as JSON on standard "
           "input; repeat for more")
        ->type_name("COMMAND")
        ->group(k_group);
    add_duration(app, "--exec-timeout", options.commands_time,
                 "what the commands of one run may take together before they are killed (default 2s)")
        ->group(k_group);
}

void check(AlertOptions const& options, output::Console& console)
{
    warn_if_readable(console, "--alertmanager-token-file", options.token_file);
    for (auto const& url : options.alertmanagers) {
        bool const http = url.starts_with("http://") || url.starts_with("https://");
        if (!http || url.size() <= url.find("://") + 3) {
            throw base::Error(base::ExitCode::usage, fmt::format("--alertmanager: \"{}\" is no URL", url),
                              "Give one such as http://alertmanager:9093.");
        }
    }
    if (options.lifetime < std::chrono::seconds(1)) {
        throw base::Error(base::ExitCode::usage, "--alert-lifetime: too short", "It must outlast the next run.");
    }
    if (options.commands_time <= base::milliseconds(0)) {
        throw base::Error(base::ExitCode::usage, "--exec-timeout: too short", "No command would ever end in time.");
    }
}

base::milliseconds time_for(AlertOptions const& options)
{
    base::milliseconds time{0};
    if (!options.alertmanagers.empty()) {
        time += k_alertmanager_time;
    }
    if (!options.commands.empty()) {
        time += options.commands_time;
    }
    return time;
}

std::vector<health::Finding> tell(Context& context, AlertOptions const& options, health::Report const& report,
                                  base::TimePoint deadline)
{
    std::vector<health::Finding> problems;
    if (!options.alertmanagers.empty()) {
        problems =
            tell_alertmanagers(context, options, report, std::min(deadline, context.clock.now() + k_alertmanager_time));
    }
    auto const failed = run_hooks(context, options.commands, report, deadline);
    problems.insert(problems.end(), failed.begin(), failed.end());
    return problems;
}

} // namespace rmqha::cmd
