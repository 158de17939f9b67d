#include "cmd/options.hpp"
#include "cmd/policy_commands.hpp"
#include "cmd/policy_page.hpp"

#include "base/file.hpp"
#include "base/units.hpp"
#include "output/json.hpp"
#include "policy/desired.hpp"
#include "policy/export.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace rmqha::cmd {

namespace {

using base::Error;
using base::ExitCode;
using policy::ChangeKind;
using policy::Policy;

constexpr base::milliseconds k_wait_time = std::chrono::minutes(2);
constexpr base::milliseconds k_poll_pause = std::chrono::milliseconds(500);

struct Options {
    std::string file;
    bool prune = false;
    bool allow_unknown = false;
    bool wait = false;
    std::string rollback;
};

/// A file against what is there.
struct Comparison {
    policy::Desired desired;
    std::vector<Policy> actual; ///< of the vhosts that the file speaks for
    policy::Plan plan;
    std::vector<Policy> not_in_file;
};

std::string read_file(std::string const& path)
{
    auto const text = base::read_file(path);
    if (!text) {
        throw Error(ExitCode::data, fmt::format("{}: no such file", path), "See `rmqha policy export` for one.");
    }
    return *text;
}

Comparison compare(Context& context, Management& api, Options const& options, policy::DesiredState const& state)
{
    std::vector<std::string> vhosts;
    for (auto const& vhost : api.get(management::path::k_vhosts, management::read_vhosts, "vhosts")) {
        vhosts.push_back(vhost.name);
    }
    Comparison made{.desired = policy::expanded(state, vhosts), .actual = {}, .plan = {}, .not_in_file = {}};
    auto const out_of_scope = [&](auto const& one) {
        return !std::ranges::binary_search(made.desired.vhosts, one.vhost);
    };
    made.actual = get_policies(api, std::nullopt);
    std::erase_if(made.actual, out_of_scope);
    if (!options.prune) {
        made.not_in_file = policy::not_in_file(made.desired, made.actual);
    }
    auto changes = policy::changes_to(made.desired, made.actual, options.prune);
    if (!changes.empty()) {
        auto queues = get_queues(api, std::nullopt);
        std::erase_if(queues, out_of_scope);
        made.plan = policy::plan_of(made.actual, std::move(changes), queues, get_rules(api));
    }
    if (made.desired.vhosts.empty()) {
        context.console.warn(fmt::format("{}: speaks for no vhost of this cluster", options.file));
    }
    return made;
}

void show(Context& context, Comparison const& compared)
{
    auto& console = context.console;
    if (context.format() != output::Format::table) {
        nlohmann::ordered_json json{{"schema_version", 1}};
        json.update(plan_json(compared.plan));
        json["not_in_file"] = nlohmann::ordered_json::array();
        for (auto const& one : compared.not_in_file) {
            json["not_in_file"].push_back(policy_json(one));
        }
        console.answer(output::to_text(json, context.format() == output::Format::json));
        return;
    }
    console.answer(plan_page(compared.plan, {.width = console.width(), .color = console.color()}));
    if (!compared.not_in_file.empty()) {
        console.note(fmt::format("{} polic{} not in the file; --prune deletes them", compared.not_in_file.size(),
                                 compared.not_in_file.size() == 1 ? "y is" : "ies are"));
    }
}

policy::DesiredState read_state(Context& context, Options const& options)
{
    return policy::parse_desired(
        read_file(options.file),
        {.path = options.file, .default_vhost = context.settings().vhost, .allow_unknown = options.allow_unknown});
}

ExitCode plan(Context& context, Options const& options)
{
    auto const state = read_state(context, options);
    Management api(context, k_policy_time);
    auto const compared = compare(context, api, options, state);
    show(context, compared);
    return compared.plan.empty() ? ExitCode::ok : ExitCode::no;
}

/// What was there before, so that it can be brought back.
std::string write_rollback(Context& context, Options const& options, Comparison const& compared)
{
    auto path = options.rollback;
    if (path.empty()) {
        auto name = base::format_time(context.clock.wall());
        std::erase_if(name, [](char letter) { return letter == ':' || letter == '-'; });
        path = (base::state_home() / "policies" / fmt::format("before-{}.toml", name)).string();
    }
    base::write_file(path, policy::to_toml({.policies = compared.actual, .vhosts = compared.desired.vhosts}));
    return path;
}

std::string undo_hint(std::string const& rollback)
{
    return fmt::format("To bring back what was there: rmqha policy apply {} --prune", rollback);
}

/// All changes in their order. Throws Error(partial) when some were made and then one failed.
void carry_out_all(Management& api, policy::Plan const& plan, std::string const& rollback)
{
    std::size_t done = 0;
    for (auto const& change : plan.changes) {
        try {
            carry_out(api, change);
        } catch (Error const& error) {
            if (done == 0) {
                throw;
            }
            throw Error(ExitCode::partial,
                        fmt::format("{}; {} of {} changes were made", error.what(), done, plan.changes.size()),
                        undo_hint(rollback) + ".");
        }
        ++done;
    }
}

/// Whether the broker tells of the queue what the plan said. Of tied policies it may be any.
bool carries(policy::PolicyQueue const& told, policy::Effective const& wanted)
{
    auto const is = [](std::optional<std::string> const& name, std::string const& one,
                       std::vector<std::string> const& tied) {
        return name && (tied.empty() ? *name == one : std::ranges::find(tied, *name) != tied.end());
    };
    bool const tied = !wanted.tied.empty() || !wanted.operator_tied.empty();
    return is(told.policy, wanted.policy, wanted.tied) &&
           is(told.operator_policy, wanted.operator_policy, wanted.operator_tied) &&
           (tied || told.effective == wanted.definition);
}

void wait_for_queues(Context& context, Management& api, policy::Plan const& plan)
{
    auto left = plan.queues;
    while (!left.empty()) {
        auto const told =
            api.get(management::path::k_policy_queues, management::read_policy_queues, "queues of the new policies");
        std::erase_if(left, [&](policy::QueueChange const& change) {
            auto const found = std::ranges::find_if(told, [&](auto const& one) {
                return one.vhost == change.queue.vhost && one.name == change.queue.name;
            });
            return found == told.end() || carries(*found, change.after); // one that is gone carries nothing
        });
        context.console.progress(
            fmt::format("{} of {} queues carry it", plan.queues.size() - left.size(), plan.queues.size()));
        if (!left.empty() && context.clock.now() + k_poll_pause >= api.deadline()) {
            throw Error(ExitCode::timeout,
                        fmt::format("{} of {} queues do not tell the new policies yet, as \"{}\"", left.size(),
                                    plan.queues.size(), left.front().queue.name),
                        "The policies are set; see `rmqha policy explain QUEUE`, or give more time with --deadline.");
        }
        if (!left.empty()) {
            context.clock.sleep_until(context.clock.now() + k_poll_pause, context.stop);
        }
    }
    context.console.clear_progress();
}

void tell(Context& context, Comparison const& compared, std::string const& rollback)
{
    auto& console = context.console;
    if (context.format() != output::Format::table) {
        nlohmann::ordered_json json{{"schema_version", 1}, {"rollback", rollback}};
        json.update(plan_json(compared.plan));
        console.answer(output::to_text(json, context.format() == output::Format::json));
        return;
    }
    for (auto const& change : compared.plan.changes) {
        auto const* const done = change.kind == ChangeKind::make     ? "made"
                                 : change.kind == ChangeKind::change ? "changed"
                                                                     : "deleted";
        console.answer(fmt::format("{}: {}\n", title_of(policy::subject(change)), done));
    }
}

bool may_delete(Context& context, policy::Plan const& plan)
{
    std::vector<std::string> names;
    for (auto const& change : plan.changes) {
        if (change.kind == ChangeKind::remove) {
            names.push_back(title_of(change.before));
        }
    }
    return names.empty() || context.confirmed(fmt::format("delete {}", fmt::join(names, ", ")));
}

ExitCode apply(Context& context, Options const& options)
{
    auto const state = read_state(context, options);
    auto const time = options.wait ? k_wait_time : k_policy_time;
    std::optional<Management> api(std::in_place, context, time);
    auto const compared = compare(context, *api, options, state);
    if (context.dry_run() || compared.plan.empty()) {
        show(context, compared);
        return ExitCode::ok;
    }
    if (!may_delete(context, compared.plan)) {
        context.console.note("nothing was changed");
        return ExitCode::no;
    }
    api.emplace(context, time); // the time the answer took does not count
    auto const rollback = write_rollback(context, options, compared);
    carry_out_all(*api, compared.plan, rollback);
    tell(context, compared, rollback);
    context.console.note(undo_hint(rollback));
    if (options.wait) {
        wait_for_queues(context, *api, compared.plan);
    }
    return ExitCode::ok;
}

void add_file_options(CLI::App& sub, Options& options)
{
    sub.add_option("file", options.file, "TOML (*.toml) or JSON, also definitions as RabbitMQ exports them")
        ->required()
        ->type_name("FILE");
    sub.add_flag("--prune", options.prune, "Delete what is not in the file, in the vhosts that it speaks for");
    sub.add_flag("--allow-unknown", options.allow_unknown, "Take keys that rmqha does not know, as plugins have them");
}

} // namespace

void add_policy_apply(CLI::App& policy, Action& chosen)
{
    auto const options = std::make_shared<Options>();
    auto* const planning = policy.add_subcommand("plan", "What a file would change, and at which queues");
    add_file_options(*planning, *options);
    set_examples(*planning, {{"rmqha policy plan policies.toml", "exits 1 when there is something to change"}});
    planning->callback(
        [&chosen, options] { chosen = [options](Context& context) { return plan(context, *options); }; });

    auto* const applying = policy.add_subcommand("apply", "Make the policies as a file says");
    add_file_options(*applying, *options);
    applying->add_flag("--wait", options->wait, "Until the broker tells the new policies of all queues they change");
    applying
        ->add_option("--rollback", options->rollback,
                     "Where to keep what was there before (default: the state folder, told afterwards)")
        ->type_name("FILE");
    set_examples(*applying, {{"rmqha policy apply policies.toml --wait", "what differs, and no more than that"},
                             {"rmqha policy apply policies.toml --prune --yes", "the vhosts exactly as in the file"}});
    applying->callback(
        [&chosen, options] { chosen = [options](Context& context) { return apply(context, *options); }; });
}

} // namespace rmqha::cmd
