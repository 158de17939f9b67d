#include "cmd/monitor_exec.hpp"

#include "cmd/command.hpp"
#include "cmd/monitor_notice_json.hpp"

#include "base/process.hpp"

#include <fmt/format.h>

namespace rmqha::cmd {
namespace {

constexpr std::size_t k_at_once = 8;

/// Empty when it did what it should.
std::string trouble_in(base::RunResult const& result)
{
    if (auto const* error = std::get_if<base::Error>(&result)) {
        return error->what();
    }
    auto const& finished = std::get<base::Finished>(result);
    if (finished.status == 0) {
        return {};
    }
    auto const line = finished.errors.substr(0, finished.errors.find('\n'));
    return fmt::format("exit status {}{}{}", finished.status, line.empty() ? "" : ": ", line);
}

} // namespace

std::vector<health::Finding> run_hooks(Context& context, std::vector<std::string> const& commands,
                                       health::Report const& report, base::TimePoint deadline)
{
    auto const notices = notices_of(report);
    std::vector<base::Command> runs;
    for (auto const& command : commands) {
        for (auto const& notice : notices) {
            runs.push_back({.argv = {"sh", "-c", command}, .environment = {}, .input = notice, .folder = {}});
        }
    }
    auto const results = base::run_all(runs, {.deadline = deadline, .at_once = k_at_once}, context.stop);
    std::vector<health::Finding> problems;
    for (std::size_t i = 0; i < commands.size(); ++i) {
        std::size_t failed = 0;
        std::string first;
        for (std::size_t j = 0; j < notices.size(); ++j) {
            auto const trouble = trouble_in(results[i * notices.size() + j]);
            if (!trouble.empty() && failed++ == 0) {
                first = trouble;
            }
        }
        if (failed > 0) {
            problems.push_back(
                {"EXEC", health::Severity::unknown, health::k_check_itself,
                 fmt::format("\"{}\" failed for {} of {} findings: {}", commands[i], failed, notices.size(), first),
                 "give it a finding by hand and see what it says", "check"});
        }
    }
    return problems;
}

} // namespace rmqha::cmd
