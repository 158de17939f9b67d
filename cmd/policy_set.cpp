#include "cmd/options.hpp"
#include "cmd/policy_commands.hpp"
#include "cmd/policy_page.hpp"

#include "output/json.hpp"
#include "policy/pattern.hpp"

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
using policy::PolicyKind;

struct Options {
    std::string name;
    std::string pattern;
    std::vector<std::string> keys;
    std::string definition;
    std::string apply_to = "all";
    std::int64_t priority = 0;
    bool operators = false;
    bool allow_unknown = false;
};

void read_definition(std::string const& text, policy::PolicyDefinition& definition)
{
    auto const json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_object()) {
        throw Error(ExitCode::usage, fmt::format("--definition: \"{}\" is not a JSON object", text),
                    R"(Write it like this: --definition '{"max-length": 1000, "overflow": "reject-publish"}')");
    }
    for (auto const& [key, value] : json.items()) {
        definition[key] = value.dump();
    }
}

/// The policy asked for; throws Error(usage) when no broker would take it.
Policy wanted_policy(Context& context, Options const& options)
{
    Policy wanted;
    wanted.vhost = context.settings().vhost;
    wanted.name = options.name;
    wanted.kind = options.operators ? PolicyKind::operator_policy : PolicyKind::policy;
    wanted.pattern = options.pattern;
    wanted.apply_to = options.apply_to;
    wanted.priority = static_cast<double>(options.priority);
    if (!options.definition.empty()) {
        read_definition(options.definition, wanted.definition);
    }
    for (auto const& word : options.keys) {
        auto const equals = word.find('=');
        if (equals == 0 || equals == std::string::npos) {
            throw Error(ExitCode::usage, fmt::format("\"{}\": a key is written KEY=VALUE", word),
                        "An example: max-length=1000.");
        }
        auto const key = word.substr(0, equals);
        wanted.definition[key] = policy::value_of(key, word.substr(equals + 1));
    }
    auto const problems =
        policy::problems_of(wanted.definition, {.kind = wanted.kind, .allow_unknown = options.allow_unknown});
    if (!problems.empty()) {
        bool const unknown = std::ranges::any_of(
            wanted.definition, [](auto const& entry) { return policy::find_key(entry.first) == nullptr; });
        throw Error(ExitCode::usage, fmt::format("{}: {}", title_of(wanted), fmt::join(problems, "; ")),
                    wanted.definition.empty()           ? "Give keys: max-length=1000."
                    : unknown && !options.allow_unknown ? "Keys of plugins are taken with --allow-unknown."
                                                        : "");
    }
    policy::Pattern const readable(wanted.pattern);
    return wanted;
}

/// Tells what was done, or would be.
void tell(Context& context, policy::Change const& change, char const* outcome)
{
    auto const& one = policy::subject(change);
    if (context.format() == output::Format::table) {
        context.console.answer(fmt::format("{}: {}\n", title_of(one), outcome));
        return;
    }
    nlohmann::ordered_json json{{"schema_version", 1}, {"outcome", outcome}};
    json.update(policy_json(one));
    context.console.answer(output::to_text(json, context.format() == output::Format::json));
}

ExitCode show_preview(Context& context, Management& api, policy::Change const& change)
{
    auto const plan = preview(api, change);
    if (context.format() == output::Format::table) {
        context.console.answer(plan_page(plan, {.width = context.console.width(), .color = context.console.color()}));
    } else {
        nlohmann::ordered_json json{{"schema_version", 1}};
        json.update(plan_json(plan));
        context.console.answer(output::to_text(json, context.format() == output::Format::json));
    }
    return ExitCode::ok;
}

ExitCode set(Context& context, Options const& options)
{
    auto const wanted = wanted_policy(context, options);
    Management api(context, k_policy_time);
    return put_policy(context, api, wanted);
}

ExitCode remove(Context& context, Options const& options)
{
    Policy wanted;
    wanted.vhost = context.settings().vhost;
    wanted.name = options.name;
    wanted.kind = options.operators ? PolicyKind::operator_policy : PolicyKind::policy;
    std::optional<Management> api(std::in_place, context, k_policy_time);
    auto const there = get_policy(*api, wanted);
    if (!there) {
        throw Error(ExitCode::no, title_of(wanted) + ": there is none of that name", "See `rmqha policy list`.");
    }
    policy::Change const change{.kind = ChangeKind::remove, .before = *there, .after = {}};
    if (context.dry_run()) {
        return show_preview(context, *api, change);
    }
    if (!context.confirmed(fmt::format("delete {}", title_of(*there)))) {
        context.console.note("nothing was deleted");
        return ExitCode::no;
    }
    api.emplace(context, k_policy_time); // the time the answer took does not count
    carry_out(*api, change);
    tell(context, change, "deleted");
    return ExitCode::ok;
}

void add_delete(CLI::App& policy, Action& chosen)
{
    auto const options = std::make_shared<Options>();
    auto* const sub = policy.add_subcommand("delete", "Remove a policy; asks first");
    sub->add_option("name", options->name, "Name of the policy")->required()->type_name("NAME");
    sub->add_flag("--operator", options->operators, "An operator policy");
    set_examples(*sub, {{"rmqha policy delete old --dry-run", "what would become of which queues"},
                        {"rmqha policy delete old --yes", "without asking, for scripts"}});
    sub->callback([&chosen, options] { chosen = [options](Context& context) { return remove(context, *options); }; });
}

} // namespace

ExitCode put_policy(Context& context, Management& api, Policy const& wanted)
{
    auto const there = get_policy(api, wanted);
    policy::Change const change{
        .kind = there ? ChangeKind::change : ChangeKind::make, .before = there.value_or(Policy{}), .after = wanted};
    if (there && policy::same_content(*there, wanted)) {
        tell(context, change, "unchanged");
        return ExitCode::ok;
    }
    if (context.dry_run()) {
        return show_preview(context, api, change);
    }
    carry_out(api, change);
    tell(context, change, there ? "changed" : "made");
    return ExitCode::ok;
}

void add_policy_set(CLI::App& policy, Action& chosen)
{
    auto const options = std::make_shared<Options>();
    auto* const sub = policy.add_subcommand("set", "Make a policy, or change one");
    sub->add_option("name", options->name, "Name of the policy")->required()->type_name("NAME");
    sub->add_option("pattern", options->pattern, "Regular expression; it need only match a part of a queue's name")
        ->required()
        ->type_name("PATTERN");
    sub->add_option("key", options->keys, "Keys of the definition, KEY=VALUE: max-length=1000")->type_name("KEY=VALUE");
    sub->add_option("--definition", options->definition, "The definition as a JSON object; keys are added to it")
        ->type_name("JSON");
    add_choice(*sub, "--apply-to", options->apply_to,
               {"all", "queues", "classic_queues", "quorum_queues", "streams", "exchanges"},
               "What it is for (default all); single types of queues from RabbitMQ 3.12 on");
    constexpr std::int64_t k_far = 1'000'000'000;
    add_number(*sub, "--priority", options->priority, {.low = -k_far, .high = k_far},
               "Of all that match, the highest wins (default 0)");
    sub->add_flag("--operator", options->operators, "An operator policy: limits that no policy can exceed");
    sub->add_flag("--allow-unknown", options->allow_unknown,
                  "Take keys that rmqha does not know, as plugins have them");
    set_examples(*sub, {{"rmqha policy set limit '^orders\\.' max-length=100000 overflow=reject-publish --dry-run",
                         "which queues would change, and how"},
                        {"rmqha policy set cap '' max-length-bytes=1000000000 --operator",
                         "no queue of the vhost above 1 GB, whatever its policy says"}});
    sub->callback([&chosen, options] { chosen = [options](Context& context) { return set(context, *options); }; });
    add_delete(policy, chosen);
}

} // namespace rmqha::cmd
