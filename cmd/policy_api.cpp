#include "cmd/policy_commands.hpp"
#include "cmd/policy_page.hpp"

#include "policy/export.hpp"
#include "policy/refusal.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rmqha::cmd {

namespace {

using policy::ChangeKind;
using policy::Policy;
using policy::PolicyKind;

std::string base_path(PolicyKind kind)
{
    return kind == PolicyKind::policy ? management::path::k_policies : management::path::k_operator_policies;
}

std::string path_of(Policy const& policy)
{
    return fmt::format("{}/{}/{}", base_path(policy.kind), management::percent_encoded(policy.vhost),
                       management::percent_encoded(policy.name));
}

/// `path` for all vhosts or one: "/api/queues?x" becomes "/api/queues/%2F?x".
std::string within(std::string path, std::optional<std::string> const& vhost)
{
    if (vhost) {
        path.insert(std::min(path.find('?'), path.size()), "/" + management::percent_encoded(*vhost));
    }
    return path;
}

void check_vhost(management::Problem const* problem, std::optional<std::string> const& vhost)
{
    if (problem != nullptr && problem->kind == management::Problem::Kind::not_supported && vhost) {
        throw base::Error(base::ExitCode::no, fmt::format("vhost \"{}\": there is none of that name", *vhost),
                          "Name one with --vhost.");
    }
}

std::string body_of(Policy const& one)
{
    nlohmann::ordered_json body{{"pattern", one.pattern}, {"definition", nlohmann::ordered_json::object()}};
    for (auto const& [key, value] : one.definition) {
        body["definition"][key] = nlohmann::ordered_json::parse(value);
    }
    body["priority"] = policy::number_json(one.priority);
    body["apply-to"] = one.apply_to;
    return body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

} // namespace

std::string title_of(Policy const& policy)
{
    return fmt::format("{} \"{}\" in vhost \"{}\"", policy.kind == PolicyKind::policy ? "policy" : "operator policy",
                       policy.name, policy.vhost);
}

std::vector<Policy> get_policies(Management& api, std::optional<std::string> const& vhost)
{
    std::vector<Policy> all;
    for (auto const kind : {PolicyKind::policy, PolicyKind::operator_policy}) {
        auto answer = management::read_policies(api.get(within(base_path(kind), vhost)), kind);
        check_vhost(management::problem_of(answer), vhost);
        auto list = api.value(std::move(answer), "policies");
        std::move(list.begin(), list.end(), std::back_inserter(all));
    }
    return all;
}

std::optional<Policy> get_policy(Management& api, Policy const& wanted)
{
    return api.value(management::read_policy(api.get(path_of(wanted)), wanted.kind), title_of(wanted));
}

std::vector<policy::PolicyQueue> get_queues(Management& api, std::optional<std::string> const& vhost)
{
    auto answer = management::read_policy_queues(api.get(within(management::path::k_queues, vhost)));
    check_vhost(management::problem_of(answer), vhost);
    return api.value(std::move(answer), "queues");
}

policy::Rules get_rules(Management& api)
{
    return policy::rules_of(api.get(management::path::k_overview, management::read_overview, "overview").version);
}

policy::Plan preview(Management& api, policy::Change const& change)
{
    auto const& vhost = policy::subject(change).vhost;
    auto const policies = get_policies(api, vhost);
    auto const queues = get_queues(api, vhost);
    return policy::plan_of(policies, {change}, queues, get_rules(api));
}

void carry_out(Management& api, policy::Change const& change)
{
    auto const& policy = policy::subject(change);
    bool const removing = change.kind == ChangeKind::remove;
    auto const result = api.write(
        {.method = removing ? "DELETE" : "PUT", .path = path_of(policy), .body = removing ? "" : body_of(policy)});
    auto const answer = management::read_written(result);
    auto const* const problem = management::problem_of(answer);
    if (problem == nullptr) {
        return;
    }
    using Kind = management::Problem::Kind;
    if (problem->kind == Kind::not_supported) {
        if (removing) {
            return; // somebody else was faster
        }
        check_vhost(problem, policy.vhost);
    }
    if (problem->kind == Kind::permission) {
        bool const operators = policy.kind == PolicyKind::operator_policy;
        throw base::Error(base::ExitCode::denied, fmt::format("{}: {}", title_of(policy), problem->reason),
                          fmt::format("It takes a user with the tag {}{}.", operators ? "administrator" : "policymaker",
                                      operators ? "" : " and a permission in the vhost"));
    }
    if (problem->kind == Kind::failed) {
        throw base::Error(base::ExitCode::data, fmt::format("{}: the broker refuses it: {}", title_of(policy),
                                                            policy::refusal_in_words(problem->reason)));
    }
    api.fail(*problem, title_of(policy));
}

} // namespace rmqha::cmd
