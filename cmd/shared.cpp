#include "cmd/shared.hpp"

#include "cmd/options.hpp"
#include "cmd/tree.hpp"

#include "base/file.hpp"
#include "base/stop.hpp"
#include "config/credentials.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>

namespace rmqha::cmd {

namespace {

using base::Error;
using base::ExitCode;

/// For the password command, and for a person at the prompt, when no --deadline says otherwise.
constexpr auto k_login_time = std::chrono::seconds(60);

/// A line from standard input, without its end; nothing at the end of the input. Throws Interrupted on a stop.
std::optional<std::string> read_line(base::Stop const& stop)
{
    std::string line;
    while (true) {
        std::array<pollfd, 2> waits{{{STDIN_FILENO, POLLIN, 0}, {stop.fd(), POLLIN, 0}}};
        ::poll(waits.data(), waits.size(), -1);
        stop.throw_if_requested();
        if (waits[0].revents == 0) {
            continue;
        }
        char letter = 0;
        if (::read(STDIN_FILENO, &letter, 1) <= 0) {
            return std::nullopt;
        }
        if (letter == '\n') {
            return line;
        }
        line += letter;
    }
}

class CommandContext final : public Context {
public:
    CommandContext(World const& world, SharedOptions const& options, config::Configuration& configuration)
        : Context(world.console, world.stop, world.clock),
          m_options(options),
          m_configuration(configuration),
          m_start(world.clock.now())
    {
    }

    config::Settings const& settings() override { return m_configuration.settings(); }
    config::Configuration& configuration() override { return m_configuration; }
    output::Format format() const override { return m_options.format; }
    bool dry_run() const override { return m_options.dry_run; }

    base::Credentials const& credentials() override
    {
        if (!m_credentials) {
            auto const until = clock.now() + settings().deadline.value_or(k_login_time); // a person's
            config::CredentialSources sources;
            sources.variable = base::environment("RMQHA_PASSWORD").value_or("");
            sources.warn = [this](std::string const& text) { console.warn(text); };
            sources.ask = [this, until](std::string const& prompt) {
                return while_asking([&] { return config::ask_password(prompt, until, stop); });
            };
            m_credentials = config::find_credentials(settings(), sources, std::min(until, m_deadline), stop);
        }
        return *m_credentials;
    }

    bool confirmed(std::string const& question) override
    {
        if (m_options.yes) {
            return true;
        }
        if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDERR_FILENO) != 1) {
            throw Error(ExitCode::usage, question + ": nobody to ask, as there is no terminal",
                        "Give --yes if that is what you want, or --dry-run to see what would be done.");
        }
        console.ask(question + "? [y/N] ");
        auto const answer = while_asking([this] { return read_line(stop); });
        return answer == "y" || answer == "Y" || answer == "yes";
    }

    base::TimePoint deadline(base::milliseconds default_time) override
    {
        auto const time = m_configuration.deadline().value_or(default_time);
        auto const start = m_start + m_asked;
        auto const most = std::chrono::duration_cast<base::milliseconds>(base::k_never - start);
        m_deadline = time < most ? start + time : base::k_never;
        return m_deadline;
    }

private:
    template <typename Ask>
    std::optional<std::string> while_asking(Ask const& ask)
    {
        auto const before = clock.now();
        auto answer = ask();
        m_asked += clock.now() - before;
        return answer;
    }

    SharedOptions const& m_options;
    config::Configuration& m_configuration;
    base::TimePoint m_start;
    base::Duration m_asked{0}; ///< time the user took to answer
    base::TimePoint m_deadline = base::k_never;
    std::optional<base::Credentials> m_credentials;
};

} // namespace

void add_shared_options(CLI::App& root, SharedOptions& options)
{
    using output::Color;
    using output::Format;
    constexpr auto* k_context_group = "Context";
    root.add_option("--context", options.context, "named cluster of the configuration file")
        ->type_name("CONTEXT")
        ->group(k_context_group);
    root.add_option("--config", options.config, "configuration file to read instead of the usual ones")
        ->type_name("FILE")
        ->group(k_context_group);

    for (auto const& option : config::options()) {
        auto const flag = config::flag_name(option.name);
        auto* const added = option.metavar.empty()
                                ? root.add_flag(flag, option.help)
                                : root.add_option_function<std::vector<std::string>>(
                                      flag, [](std::vector<std::string> const& /*values*/) {}, option.help);
        if (!option.metavar.empty()) {
            added->type_name(option.metavar);
            if (!option.repeatable) {
                added->expected(1);
            }
        }
        added->group(option.group);
    }

    add_choice<Format>(root, "--format", options.format,
                       {{"table", Format::table}, {"json", Format::json}, {"ndjson", Format::ndjson}},
                       "how the answer is written (default table)")
        ->group(k_output_group);
    add_choice<Color>(root, "--color", options.console.color,
                      {{"auto", Color::automatic}, {"always", Color::always}, {"never", Color::never}},
                      "colour in the answer; auto (default) is on a terminal, unless NO_COLOR is set")
        ->group(k_output_group);
    root.add_flag("-q,--quiet", options.console.quiet, "no notes, only warnings and errors")->group(k_output_group);
    root.add_flag("-v,--verbose", options.console.verbose, "tell the details too")->group(k_output_group);

    root.add_flag("--dry-run", options.dry_run, "show what would be changed and change nothing")
        ->group(k_changes_group);
    root.add_flag("-y,--yes", options.yes, "do not ask before changing something")->group(k_changes_group);
}

void check_dry_run(CLI::App& root, SharedOptions const& options)
{
    // Those that change nothing anyway, and those that show what they would change.
    static std::set<std::string> const able{
        "connect",        "monitor.status", "monitor.audit", "monitor.diff", "completion",    "cluster.list",
        "cluster.status", "context.list",   "context.show",  "context.use",  "context.set",   "queue.declare",
        "queue.list",     "queue.status",   "queue.delete",  "queue.purge",  "queue.sync",    "queue.rebalance",
        "queue.repair",   "policy.list",    "policy.show",   "policy.set",   "policy.set-ha", "policy.delete",
        "policy.explain", "policy.lint",    "policy.plan",   "policy.apply", "policy.export"};
    auto const path = path_of(*chosen_commands(root).back());
    if (options.dry_run && !able.contains(path)) {
        auto name = path;
        std::replace(name.begin(), name.end(), '.', ' ');
        throw Error(ExitCode::usage, fmt::format("--dry-run: {} cannot show what it would do without doing it", name),
                    "Leave --dry-run (RMQHA_DRY_RUN) out to do it.");
    }
}

config::Configuration make_configuration(CLI::App& root, SharedOptions const& options)
{
    auto const environment = [](std::string const& name) { return base::environment(name.c_str()); };
    config::Inputs inputs;
    for (auto const& option : config::options()) {
        auto const* const flag = root.get_option(config::flag_name(option.name));
        if (flag->count() > 0) {
            inputs.flags[option.name] = flag->results();
        }
    }
    inputs.context = options.context;
    inputs.environment = environment;
    inputs.places = config::find_places(options.config, environment);
    inputs.commands = vocabulary_of(root);
    return config::Configuration(std::move(inputs));
}

std::unique_ptr<Context> make_context(World const& world, SharedOptions const& options,
                                      config::Configuration& configuration)
{
    return std::make_unique<CommandContext>(world, options, configuration);
}

} // namespace rmqha::cmd
