#include "audit/rules.hpp"

#include "audit/judging.hpp"

#include "base/error.hpp"
#include "base/spelling.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rmqha::audit {
namespace {

using management::Problem;

std::string remedy_for(Problem const& problem)
{
    switch (problem.kind) {
    case Problem::Kind::permission:
        return problem.reason.find("administrator") != std::string::npos
                   ? "ask as a user with the tag administrator"
                   : "ask as a user with the tag monitoring and a permission in each vhost";
    case Problem::Kind::credentials:
        return "give the user and password of an account with the tag monitoring";
    case Problem::Kind::silent:
        return "see rmqha monitor status: a node that hangs keeps the others waiting; or give more time with "
               "--deadline";
    default:
        return {};
    }
}

/// Whether the rule looked at anything of a vhost that somebody may be kept out of.
Findings hidden_of(Rule const& rule, Facts const& facts)
{
    if (auto const* const problem = problem_of(facts.hidden_vhosts)) {
        return {not_told(rule.code, "the vhosts hidden from this user", *problem)};
    }
    auto const& hidden = *value_of(facts.hidden_vhosts);
    if (hidden.empty()) {
        return {};
    }
    Seen vhosts;
    for (auto const& vhost : hidden) {
        vhosts.add(fmt::format("vhost \"{}\"", vhost));
    }
    return {vhosts.finding(rule.code, Severity::unknown, "not looked into: the user has no permission there",
                           fmt::format("rabbitmqctl set_permissions -p {} {} '^$' '^$' '^$'",
                                       health::shell_word(*hidden.begin()), health::shell_word(facts.user)))};
}

/// The first ones, and one for all the others.
void bound(Findings& findings)
{
    if (findings.size() <= k_most_findings) {
        return;
    }
    Seen others;
    Severity worst = Severity::ok;
    for (std::size_t i = k_most_findings; i < findings.size(); ++i) {
        others.add(findings[i].objects.empty() ? std::string() : findings[i].objects.front());
        worst = std::max(worst, findings[i].severity);
    }
    auto last = others.finding(findings.front().code, worst, fmt::format("{} more like these", others.count()), {});
    findings.resize(k_most_findings);
    findings.push_back(std::move(last));
}

} // namespace

Finding not_told(std::string code, std::string const& what, Problem const& problem)
{
    if (problem.kind == Problem::Kind::not_supported) {
        return skipped(std::move(code), fmt::format("this broker does not tell {}", what));
    }
    return {std::move(code),
            Severity::unknown,
            {"cluster"},
            1,
            fmt::format("could not ask for {}: {}", what, problem.reason),
            remedy_for(problem)};
}

Finding skipped(std::string code, std::string evidence, std::string remedy)
{
    return {std::move(code), Severity::skipped, {"cluster"}, 1, std::move(evidence), std::move(remedy)};
}

std::string policy_label(management::Policy const& policy)
{
    bool const own = policy.kind == management::PolicyKind::policy;
    return fmt::format("{} \"{}\" in vhost \"{}\"", own ? "policy" : "operator policy", policy.name, policy.vhost);
}

std::string queue_label(management::PolicyQueue const& queue)
{
    return fmt::format("queue \"{}\" in vhost \"{}\"", queue.name, queue.vhost);
}

std::string counted(std::size_t count, std::string const& what)
{
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string queue_words(std::string const& vhost, std::string const& name)
{
    return fmt::format("{}{}", vhost == "/" ? "" : "--vhost " + health::shell_word(vhost) + " ",
                       health::shell_word(name));
}

std::vector<Rule> const& rules()
{
    static std::vector<Rule> const k_rules{
        {"AUDIT-SINGLE-NODE", "one node alone", single_node},
        {"AUDIT-NODES-EVEN", "an even number of nodes", nodes_even},
        {"AUDIT-PARTITION-IGNORE", "partitions are not dealt with", partition_ignored},
        {"AUDIT-VERSION-EOL", "a version without community support", version_ended},
        {"AUDIT-MEMORY-LIMIT", "no limit of memory worth the name", memory_limit},
        {"AUDIT-DISK-LIMIT", "no limit of free disk space worth the name", disk_limit},
        {"AUDIT-HA-ALL", "ha-mode all on more than three nodes", ha_mode_all, true},
        {"AUDIT-MIRRORING-REMOVED", "mirroring asked of a broker without it", mirroring_removed, true},
        {"AUDIT-POLICY-KEYS", "keys that the matched queues make nothing of", policy_keys, true},
        {"AUDIT-QUORUM-MEMBERS", "quorum queues of one or two members", quorum_members, true},
        {"AUDIT-NOT-DURABLE", "mirrored queues that are not durable", not_durable, true},
        {"AUDIT-DELIVERY-LIMIT", "quorum queues with a short delivery limit, or none", delivery_limit, true},
        {"AUDIT-LENGTH-LIMIT", "queues without a limit of length", length_limit, true},
        {"AUDIT-LEADERS-ONE-NODE", "all leaders on one node", leaders_on_one_node, true},
        {"AUDIT-GUEST-USER", "the user guest", guest_user},
        {"AUDIT-DEFAULT-PASSWORD", "passwords anybody would try", default_password},
        {"AUDIT-ADMIN-TAG", "applications with the tag administrator", administrator_tag},
        {"AUDIT-AMQP-PLAIN", "AMQP without TLS beyond loopback", amqp_plain},
        {"AUDIT-MANAGEMENT-PLAIN", "management without TLS beyond loopback", management_plain},
        {"AUDIT-CONNECTIONS-ONE-NODE", "all clients on one node", connections_on_one_node},
        {"AUDIT-HEARTBEAT-OFF", "connections without heartbeat", heartbeat_off},
        {"AUDIT-PREFETCH", "consumers without prefetch limit on deep queues", prefetch_unlimited, true},
    };
    return k_rules;
}

std::vector<Rule> rules_without(std::vector<std::string> const& skipped_codes)
{
    std::vector<std::string> known;
    for (auto const& rule : rules()) {
        known.push_back(rule.code);
    }
    auto chosen = rules();
    for (auto const& code : skipped_codes) {
        if (std::find(known.begin(), known.end(), code) == known.end()) {
            auto const meant = base::did_you_mean(code, known);
            throw base::Error(base::ExitCode::usage, fmt::format("--skip: no rule has the code \"{}\"", code),
                              meant.empty() ? "All codes are in rmqha-monitor(1), and in `rmqha monitor audit --format "
                                              "json`, at rules."
                                            : meant.substr(1));
        }
        std::erase_if(chosen, [&code](Rule const& rule) { return rule.code == code; });
    }
    return chosen;
}

std::vector<Finding> findings_of(Facts const& facts, std::vector<Rule> const& chosen)
{
    std::vector<Finding> all;
    for (auto const& rule : chosen) {
        auto findings = rule.judge(facts);
        bound(findings);
        bool const looked = std::none_of(findings.begin(), findings.end(), [](Finding const& finding) {
            return finding.severity == Severity::unknown || finding.severity == Severity::skipped;
        });
        if (rule.by_vhost && looked) {
            auto hidden = hidden_of(rule, facts);
            std::move(hidden.begin(), hidden.end(), std::back_inserter(findings));
        }
        std::move(findings.begin(), findings.end(), std::back_inserter(all));
    }
    std::stable_sort(all.begin(), all.end(),
                     [](Finding const& a, Finding const& b) { return a.severity > b.severity; });
    return all;
}

Severity state_of(Rule const& rule, std::vector<Finding> const& findings)
{
    Severity worst = Severity::ok;
    for (auto const& finding : findings) {
        if (finding.code == rule.code) {
            worst = std::max(worst, finding.severity);
        }
    }
    return worst;
}

} // namespace rmqha::audit
