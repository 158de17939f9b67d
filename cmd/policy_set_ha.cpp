#include "cmd/options.hpp"
#include "cmd/policy_commands.hpp"

#include "policy/mirroring.hpp"
#include "policy/pattern.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace rmqha::cmd {

namespace {

using base::Error;
using base::ExitCode;

/// A node that hangs keeps /api/nodes waiting for a minute; the check of names can be done without.
constexpr base::milliseconds k_names_time = std::chrono::seconds(3);

struct Options {
    std::string name;
    std::string pattern;
    policy::Mirroring mirroring;
    std::string apply_to = "queues";
    std::int64_t priority = 0;
};

void refuse_without_mirroring(Management& api, Options const& options)
{
    if (!api.get(management::path::k_deprecated_features, management::read_mirroring, "features")) {
        throw Error(ExitCode::data, "set-ha: this broker has no mirrored queues; RabbitMQ 4 removed them",
                    policy::quorum_advice(options.mirroring, {.name = options.name, .pattern = options.pattern}));
    }
}

/// The broker takes any name, and then there is no mirror.
void warn_of_unknown_nodes(Context& context, Management& api, std::vector<std::string> const& names)
{
    auto const answer = management::read_nodes(api.get(management::path::k_nodes, k_names_time));
    auto const* const nodes = management::value_of(answer);
    if (nodes == nullptr) {
        return;
    }
    for (auto const& name : names) {
        if (std::ranges::find(*nodes, name, &management::Node::name) == nodes->end()) {
            context.console.warn(fmt::format("--ha-nodes: \"{}\" is no node of this cluster", name));
        }
    }
}

ExitCode set_ha(Context& context, Options const& options)
{
    policy::Policy wanted;
    wanted.vhost = context.settings().vhost;
    wanted.name = options.name;
    wanted.pattern = options.pattern;
    wanted.apply_to = options.apply_to;
    wanted.priority = static_cast<double>(options.priority);
    wanted.definition = policy::definition_of(options.mirroring);
    policy::Pattern const readable(wanted.pattern);

    Management api(context, k_policy_time);
    refuse_without_mirroring(api, options);
    if (!options.mirroring.nodes.empty()) {
        warn_of_unknown_nodes(context, api, options.mirroring.nodes);
    }
    return put_policy(context, api, wanted);
}

} // namespace

void add_policy_set_ha(CLI::App& policy, Action& chosen)
{
    auto const options = std::make_shared<Options>();
    auto& mirroring = options->mirroring;
    auto* const sub = policy.add_subcommand("set-ha", "Mirror classic queues, up to RabbitMQ 3.13");
    sub->add_option("name", options->name, "Name of the policy")->required()->type_name("NAME");
    sub->add_option("pattern", options->pattern, "Regular expression; it need only match a part of a queue's name")
        ->required()
        ->type_name("PATTERN");
    add_choice(*sub, "--mode", mirroring.mode, {"all", "exactly", "nodes"},
               "Mirrors on all nodes, so many copies, or on named nodes")
        ->required();
    add_number(*sub, "--params", mirroring.params, {.low = 1, .high = 99},
               "Copies for --mode exactly, leader included");
    sub->add_option("--ha-nodes", mirroring.nodes, "Nodes for --mode nodes: rabbit@a,rabbit@b")
        ->type_name("NODE,...")
        ->delimiter(',');
    add_choice(*sub, "--sync-mode", mirroring.sync_mode, {"automatic", "manual"},
               "Whether new mirrors take over what the queue holds; automatic stops the queue for that time");
    add_number(*sub, "--sync-batch-size", mirroring.sync_batch_size, {.low = 1}, "Messages copied at once");
    add_choice(*sub, "--promote-on-failure", mirroring.promote_on_failure, {"always", "when-synced"},
               "Which mirrors may lead when the leader fails");
    add_choice(*sub, "--promote-on-shutdown", mirroring.promote_on_shutdown, {"always", "when-synced"},
               "The same when the leader's node stops in order");
    constexpr std::int64_t k_far = 1'000'000'000;
    add_number(*sub, "--priority", options->priority, {.low = -k_far, .high = k_far},
               "Of all that match, the highest wins (default 0)");
    add_choice(*sub, "--apply-to", options->apply_to, {"queues", "classic_queues", "all"},
               "What it is for (default queues); classic_queues from RabbitMQ 3.12 on");
    set_examples(*sub, {{"rmqha policy set-ha ha '^ha\\.' --mode exactly --params 2 --sync-mode automatic",
                         "two copies of each queue whose name begins with ha."},
                        {"rmqha policy set-ha ha '' --mode all --dry-run", "which queues would be mirrored"}});
    sub->callback([&chosen, options] { chosen = [options](Context& context) { return set_ha(context, *options); }; });
}

} // namespace rmqha::cmd
