#include "policy/mirroring.hpp"

#include "base/error.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rmqha::policy {
namespace {

using nlohmann::json;

constexpr int k_usual_members = 3;
/// What RabbitMQ 4 takes when nothing is said.
constexpr int k_usual_delivery_limit = 20;

std::string quoted(std::string const& text)
{
    return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

/// `text` as one word of a shell.
std::string shell_word(std::string const& text)
{
    std::string word = "'";
    for (char const letter : text) {
        word += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
    }
    return word + "'";
}

/// A majority of an even number of members survives no more failures than one of the odd number below.
std::int64_t members_of(Mirroring const& mirroring)
{
    auto const copies = mirroring.mode == "nodes" ? static_cast<std::int64_t>(mirroring.nodes.size())
                                                  : mirroring.params.value_or(k_usual_members);
    return std::max<std::int64_t>(k_usual_members, copies % 2 == 0 ? copies + 1 : copies);
}

} // namespace

management::PolicyDefinition definition_of(Mirroring const& mirroring)
{
    auto const refuse = [](char const* message, char const* hint) {
        throw base::Error(base::ExitCode::usage, message, hint);
    };
    if (mirroring.mode == "exactly" && !mirroring.params) {
        refuse("--mode exactly: no number of copies given", "Give it with --params, the leader counted: --params 2.");
    }
    if (mirroring.mode != "exactly" && mirroring.params) {
        refuse("--params: goes only with --mode exactly", "");
    }
    if (mirroring.mode == "nodes" && mirroring.nodes.empty()) {
        refuse("--mode nodes: no nodes given", "Name them with --ha-nodes rabbit@a,rabbit@b.");
    }
    if (mirroring.mode != "nodes" && !mirroring.nodes.empty()) {
        refuse("--ha-nodes: goes only with --mode nodes", "");
    }
    management::PolicyDefinition definition{{"ha-mode", quoted(mirroring.mode)}};
    if (mirroring.params) {
        definition["ha-params"] = fmt::format("{}", *mirroring.params);
    } else if (!mirroring.nodes.empty()) {
        definition["ha-params"] = json(mirroring.nodes).dump(-1, ' ', false, json::error_handler_t::replace);
    }
    if (mirroring.sync_batch_size) {
        definition["ha-sync-batch-size"] = fmt::format("{}", *mirroring.sync_batch_size);
    }
    auto const add = [&definition](char const* key, std::string const& word) {
        if (!word.empty()) {
            definition[key] = quoted(word);
        }
    };
    add("ha-sync-mode", mirroring.sync_mode);
    add("ha-promote-on-failure", mirroring.promote_on_failure);
    add("ha-promote-on-shutdown", mirroring.promote_on_shutdown);
    return definition;
}

std::string quorum_advice(Mirroring const& mirroring, Named const& policy)
{
    auto const members = members_of(mirroring);
    return fmt::format("Quorum queues are replicated here; a queue's kind is chosen when it is declared.\n"
                       "New queues:\n"
                       "  rmqha queue declare NAME --type quorum --group-size {0}\n"
                       "or, from clients, the arguments x-queue-type=quorum and x-quorum-initial-group-size={0}.\n"
                       "Members and redeliveries of the quorum queues there are:\n"
                       "  rmqha policy set {1} {2} target-group-size={0} delivery-limit={3} --apply-to quorum_queues",
                       members, shell_word(policy.name), shell_word(policy.pattern), k_usual_delivery_limit);
}

} // namespace rmqha::policy
