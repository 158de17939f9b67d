#include "audit/collect.hpp"
#include "cmd/monitor_audit_page.hpp"
#include "cmd/monitor_commands.hpp"
#include "cmd/monitor_snapshot.hpp"
#include "cmd/monitor_unreached.hpp"
#include "cmd/options.hpp"

#include "base/file.hpp"
#include "base/wait.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <set>

namespace rmqha::cmd {
namespace {

using base::ExitCode;
using health::Severity;

/// Listing ten thousand queues, connections and consumers takes longer than a question of health.
constexpr base::milliseconds k_default_deadline = std::chrono::seconds(20);

struct AuditOptions {
    std::vector<std::string> skipped;
    std::vector<std::string> environments;
};

/// Standard input to its end; the command's deadline is the latest.
std::string read_standard_input(Context& context)
{
    std::string text;
    std::array<char, 65536> part{};
    while (base::wait_readable(STDIN_FILENO, context.deadline(k_default_deadline), context.stop)) {
        auto const length = ::read(STDIN_FILENO, part.data(), part.size());
        if (length <= 0) {
            return text;
        }
        text.append(part.data(), static_cast<std::size_t>(length));
    }
    throw base::Error(ExitCode::timeout, "--environment -: standard input has not ended in time",
                      "Give it more time with --deadline.");
}

audit::Environment read_environment(Context& context, std::string const& path)
{
    if (path == "-") {
        return audit::parse_environment(read_standard_input(context), "standard input");
    }
    auto const text = base::read_file(path);
    if (!text) {
        throw base::Error(
            ExitCode::data, fmt::format("--environment: no such file \"{}\"", path),
            fmt::format("Make it with: rabbitmqctl environment --formatter json > {}", health::shell_word(path)));
    }
    return audit::parse_environment(*text, path);
}

ExitCode code_of(std::vector<audit::Finding> const& findings)
{
    auto const any = [&findings](auto const& wanted) {
        return std::any_of(findings.begin(), findings.end(),
                           [&wanted](audit::Finding const& finding) { return wanted(finding.severity); });
    };
    if (any([](Severity severity) { return severity >= Severity::warning; })) {
        return ExitCode::no;
    }
    // Nothing is known to be wrong, but not everything is known: neither yes nor no.
    return any([](Severity severity) { return severity == Severity::unknown; }) ? ExitCode::partial : ExitCode::ok;
}

ExitCode run(Context& context, AuditOptions const& options)
{
    auto const start = context.clock.now();
    Audit audit;
    audit.rules = audit::rules_without(options.skipped);
    std::set<std::string> const left_out(options.skipped.begin(), options.skipped.end());
    audit.left_out.assign(left_out.begin(), left_out.end());
    auto const& settings = context.settings();
    auto collecting = collect_options(context, {}); // a password comes first on standard input
    std::vector<audit::Environment> environments;
    for (auto const& path : options.environments) {
        environments.push_back(read_environment(context, path));
    }
    collecting.deadline = context.deadline(k_default_deadline) - k_last_words;
    auto const transport = http::make_curl_transport();
    auto facts = audit::collect(collecting, *transport, context.stop);
    fail_unless_reached(facts.snapshot);
    facts.now = audit.time = context.clock.wall();
    facts.environments = std::move(environments);
    facts.deep = static_cast<std::uint64_t>(settings.thresholds.queue_backlog_max.warning);

    audit.context = settings.context;
    audit.cluster = facts.snapshot.cluster_name;
    audit.findings = audit::findings_of(facts, audit.rules);
    audit.took = context.clock.now() - start;
    auto& console = context.console;
    switch (context.format()) {
    case output::Format::table:
        console.answer(audit_page(audit, {.width = console.width(), .color = console.color()}));
        break;
    case output::Format::json:
        console.answer(audit_json(audit));
        break;
    case output::Format::ndjson:
        console.answer(audit_ndjson(audit));
        break;
    }
    return code_of(audit.findings);
}

} // namespace

void add_monitor_audit(CLI::App& monitor, Action& chosen)
{
    auto const options = std::make_shared<AuditOptions>();
    auto* const command =
        monitor.add_subcommand("audit", "The configuration against what keeps clusters available, with remedies");
    command->add_option("--skip", options->skipped, "Leave out the rule of this code; repeat for more")
        ->type_name("CODE");
    command
        ->add_option("--environment", options->environments,
                     "What \"rabbitmqctl environment --formatter json\" printed on a node, - for standard input; "
                     "repeat for more")
        ->type_name("FILE");
    set_examples(*command,
                 {{"rmqha monitor audit", "exits 0 when all rules are kept, 1 when not, 3 when not all could be asked"},
                  {"rmqha monitor audit --skip AUDIT-NODES-EVEN --skip AUDIT-LENGTH-LIMIT", "but two rules"},
                  {"rabbitmqctl environment --formatter json | rmqha monitor audit --environment -",
                   "with what only a node's own tools tell, such as how it deals with partitions"}});
    command->callback([options, &chosen] { chosen = [options](Context& context) { return run(context, *options); }; });
}

} // namespace rmqha::cmd
