#include "health/checks.hpp"

#include "base/error.hpp"
#include "base/spelling.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rmqha::health {
namespace {

bool has(std::vector<std::string> const& words, std::string const& word)
{
    return std::find(words.begin(), words.end(), word) != words.end();
}

bool about_queues(std::string const& code)
{
    return code.starts_with("QUEUE-") || code.starts_with("MIRROR-") || code.starts_with("LEADERS-") ||
           code.starts_with("REPLICA-") || code == k_score_low;
}

/// Findings that rest on a node's own word: of a node that says nothing they cannot be looked for.
std::vector<std::string> const& codes_told_by_nodes()
{
    static std::vector<std::string> const codes{"MEMORY-HIGH", "DISK-LOW", "FDS-HIGH", "SOCKETS-HIGH"};
    return codes;
}

/// A silent node is alive: it may well be short of memory, and nobody could ask. So may be one that is down for all we
/// know, when no peer was there to say so.
void add_unasked_nodes(Snapshot const& snapshot, std::set<std::string> const& codes, std::vector<Finding>& out)
{
    std::vector<std::string> unasked;
    auto const& own = codes_told_by_nodes();
    std::copy_if(own.begin(), own.end(), std::back_inserter(unasked),
                 [&](auto const& code) { return codes.contains(code); });
    if (unasked.empty()) {
        return;
    }
    bool const peers_tell = std::any_of(snapshot.nodes.begin(), snapshot.nodes.end(),
                                        [](Node const& node) { return node.view.has_value(); });
    for (Node const& node : snapshot.nodes) {
        if (node.state == NodeState::silent || (node.state == NodeState::down && !peers_tell)) {
            out.push_back({unasked.front(),
                           Severity::unknown,
                           node.label(),
                           "not known: " + node.why,
                           {},
                           "node " + node.label()});
            out.back().also = unasked;
        }
    }
}

void add_score(Score const& score, int score_min, std::vector<Finding>& out)
{
    if (score.value < score_min) {
        out.push_back({k_score_low, Severity::critical, "cluster",
                       fmt::format("score {} of 100 (cluster_health_min {})", score.value, score_min),
                       "rmqha monitor status --explain", "score", static_cast<double>(score.value),
                       static_cast<double>(score_min), "points"});
    } else if (score.partial && state_of(out) != Severity::unknown) {
        out.push_back({k_score_low, Severity::unknown, "cluster",
                       fmt::format("score {} of 100, but not everything could be asked", score.value),
                       "rmqha monitor status --explain", "score"});
    }
}

/// Why the broker tells nothing at all of what the check is about; null when it tells something.
Finding const* why_told_nothing(Check const& check, std::vector<Finding> const& findings)
{
    auto const skipped = [&](std::string const& code) {
        return std::find_if(findings.begin(), findings.end(), [&](Finding const& finding) {
            return finding.severity == Severity::skipped && concerns(finding, {code});
        });
    };
    bool const all = std::all_of(check.codes.begin(), check.codes.end(),
                                 [&](std::string const& code) { return skipped(code) != findings.end(); });
    return all ? &*skipped(check.codes.front()) : nullptr;
}

} // namespace

std::vector<Check> const& checks()
{
    static std::vector<Check> const all{
        {"nodes", {"NODE-DOWN", "NODE-SILENT", "NODE-UNREACHABLE", "NODE-MAINTENANCE", "NODE-RESTARTED"}},
        {"partitions", {"PARTITION"}},
        {"views", {"VIEWS-DISAGREE"}},
        {"alarms", {"ALARM-MEMORY", "ALARM-DISK"}},
        {"listeners", {"LISTENER-MISSING"}},
        {"certificates", {"CERTIFICATE-EXPIRES"}},
        {"vhosts", {"VHOST-DOWN"}},
        {"queues", {"QUEUE-DOWN", "QUEUE-CRITICAL"}},
        {"replicas", {"QUEUE-UNDER-REPLICATED", "MIRROR-UNSYNCED", "REPLICA-LAGGING"}},
        {"memory", {"MEMORY-HIGH", "ALARM-MEMORY"}},
        {"disk", {"DISK-LOW", "ALARM-DISK"}},
        {"descriptors", {"FDS-HIGH", "SOCKETS-HIGH"}},
        {"backlog", {"QUEUE-BACKLOG"}},
        {"consumers", {"QUEUE-NO-CONSUMER"}},
        {"leaders", {"LEADERS-SKEWED"}},
        {"versions", {"VERSIONS-MIXED", "FEATURE-FLAGS-OFF"}},
        {.name = "end-to-end", .codes = {"END-TO-END"}, .on_request = true},
        {"score", {k_score_low}},
    };
    return all;
}

std::vector<Check> chosen_checks(std::vector<std::string> const& names)
{
    std::vector<Check> chosen;
    if (names.empty()) {
        std::copy_if(checks().begin(), checks().end(), std::back_inserter(chosen),
                     [](Check const& check) { return !check.on_request; });
        return chosen;
    }
    std::vector<std::string> topics;
    std::vector<std::string> known;
    for (Check const& check : checks()) {
        topics.push_back(check.name);
        known.insert(known.end(), check.codes.begin(), check.codes.end());
    }
    known.insert(known.begin(), topics.begin(), topics.end());
    for (std::string const& name : names) {
        if (!has(known, name)) {
            throw base::Error(base::ExitCode::usage, fmt::format("unknown check \"{}\"", name),
                              fmt::format("The checks are {}, and the code of any finding, such as NODE-DOWN.{}",
                                          fmt::join(topics, ", "), base::did_you_mean(name, known)));
        }
        auto const& all = checks();
        auto const topic = std::find_if(all.begin(), all.end(), [&](Check const& check) { return check.name == name; });
        bool const again =
            std::any_of(chosen.begin(), chosen.end(), [&](Check const& check) { return check.name == name; });
        if (!again) {
            chosen.push_back(topic == all.end() ? Check{name, {name}} : *topic);
            chosen.back().named = true;
        }
    }
    return chosen;
}

std::set<std::string> codes_of(std::vector<Check> const& chosen)
{
    std::set<std::string> codes;
    for (Check const& check : chosen) {
        codes.insert(check.codes.begin(), check.codes.end());
    }
    return codes;
}

bool needs_queues(std::vector<Check> const& chosen)
{
    auto const codes = codes_of(chosen);
    return std::any_of(codes.begin(), codes.end(), about_queues);
}

bool concerns(Finding const& finding, std::set<std::string> const& codes)
{
    return codes.contains(finding.code) || std::any_of(finding.also.begin(), finding.also.end(),
                                                       [&](auto const& code) { return codes.contains(code); });
}

std::vector<Finding> findings_for(std::vector<Check> const& chosen, Snapshot const& snapshot, Score const& score,
                                  std::vector<Finding> const& all, int score_min)
{
    auto const codes = codes_of(chosen);
    std::vector<Finding> findings;
    std::copy_if(all.begin(), all.end(), std::back_inserter(findings),
                 [&](Finding const& finding) { return concerns(finding, codes); });
    for (Check const& check : chosen) {
        if (auto const* why = check.named ? why_told_nothing(check, findings) : nullptr) {
            findings.push_back({why->code, Severity::unknown, why->object, why->evidence, {}, why->code});
        }
    }
    add_unasked_nodes(snapshot, codes, findings);
    if (codes.contains(k_score_low)) {
        add_score(score, score_min, findings);
    }
    std::stable_sort(findings.begin(), findings.end(),
                     [](Finding const& a, Finding const& b) { return a.severity > b.severity; });
    return findings;
}

Severity state_of(Check const& check, std::vector<Finding> const& findings)
{
    std::set<std::string> const codes(check.codes.begin(), check.codes.end());
    std::vector<Finding> own;
    std::copy_if(findings.begin(), findings.end(), std::back_inserter(own),
                 [&](Finding const& finding) { return concerns(finding, codes); });
    return state_of(own);
}

Severity state_of(std::vector<Finding> const& findings)
{
    auto worst = Severity::ok;
    for (Finding const& finding : findings) {
        worst = finding.severity == Severity::skipped ? worst : std::max(worst, finding.severity);
    }
    return worst;
}

} // namespace rmqha::health
