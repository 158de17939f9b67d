#include "health/check_state.hpp"

#include "base/units.hpp"
#include "base/utf8.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>

namespace rmqha::health {
namespace {

using Json = nlohmann::ordered_json;
using Time = std::chrono::system_clock::time_point;
using Key = std::pair<std::string, std::string>;

constexpr int k_version = 1;
constexpr int k_most_runs = std::numeric_limits<int>::max() - 1;
constexpr std::int64_t k_latest_ms = 4'102'444'800'000; // the year 2100: in range of a clock that counts nanoseconds
constexpr auto k_forgotten_after = std::chrono::hours(24 * 30);

std::int64_t to_ms(Time time)
{
    return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

constexpr auto* k_node_restarted = "NODE-RESTARTED";

struct Damaged {};

/// A number as it is in the file, which anybody may have edited, brought to where nothing overflows.
std::int64_t number(Json const& json, char const* key, std::int64_t most)
{
    auto const& value = json.at(key);
    if (!value.is_number_integer()) {
        throw Damaged{};
    }
    return std::clamp<std::int64_t>(value.get<std::int64_t>(), 0, most);
}

Time time_of(Json const& json, char const* key)
{
    return Time(std::chrono::milliseconds(number(json, key, k_latest_ms)));
}

int runs_of(Json const& json, char const* key)
{
    return static_cast<int>(number(json, key, k_most_runs));
}

Severity severity_of(std::string const& text)
{
    for (auto const severity : {Severity::unknown, Severity::warning, Severity::critical}) {
        if (to_string(severity) == text) {
            return severity;
        }
    }
    return Severity::ok;
}

CheckState state_of(Json const& json)
{
    CheckState state;
    state.updated = time_of(json, "updated_ms");
    for (auto const& [node, uptime] : json.at("uptimes_ms").items()) {
        state.uptimes[node] = base::milliseconds(number(json.at("uptimes_ms"), node.c_str(), k_latest_ms));
    }
    for (Json const& one : json.at("problems")) {
        SeenProblem seen;
        seen.runs = runs_of(one, "runs");
        seen.critical_runs = std::min(seen.runs, runs_of(one, "critical_runs"));
        seen.since = time_of(one, "since_ms");
        seen.severity = severity_of(one.at("counted_as").get<std::string>());
        seen.evidence = one.at("evidence").get<std::string>();
        seen.remedy = one.at("remedy").get<std::string>();
        state.problems[{one.at("code").get<std::string>(), one.at("object").get<std::string>()}] = seen;
    }
    return state;
}

Json json_of(CheckState const& state)
{
    Json problems = Json::array();
    for (auto const& [key, seen] : state.problems) {
        problems.push_back({{"code", key.first},
                            {"object", key.second},
                            {"runs", seen.runs},
                            {"critical_runs", seen.critical_runs},
                            {"since_ms", to_ms(seen.since)},
                            {"counted_as", to_string(seen.severity)},
                            {"evidence", seen.evidence},
                            {"remedy", seen.remedy}});
    }
    Json uptimes = Json::object();
    for (auto const& [node, uptime] : state.uptimes) {
        uptimes[node] = uptime.count();
    }
    return {{"updated_ms", to_ms(state.updated)}, {"uptimes_ms", uptimes}, {"problems", problems}};
}

bool could_not_ask(Finding const& finding)
{
    return finding.severity == Severity::unknown || !finding.also.empty();
}

/// One run's part in the memory of problems.
class Run {
public:
    Run(CheckState& state, JudgeOptions const& options)
        : m_state(state), m_options(options), m_first(state.updated == Time{})
    {
    }

    Judgement judge(std::vector<Finding> findings)
    {
        for (Finding& finding : findings) {
            judge_age(finding);
        }
        std::map<Key, std::vector<Finding const*>> now;
        std::set<std::string> unasked;
        for (Finding const& finding : findings) {
            if (finding.severity == Severity::skipped) {
                m_result.counting.push_back(finding);
                continue;
            }
            // What the file cannot hold as it is would be another object in the next run.
            now[{base::valid_utf8(finding.code), base::valid_utf8(finding.object)}].push_back(&finding);
            if (could_not_ask(finding)) {
                unasked.insert(finding.code);
                unasked.insert(finding.also.begin(), finding.also.end());
            }
        }
        for (auto const& [key, same] : now) {
            see(key, same);
        }
        for (auto seen = m_state.problems.begin(); seen != m_state.problems.end();) {
            bool const here = now.contains(seen->first) || !m_options.codes.contains(seen->first.first);
            bool const held = !here && unasked.contains(seen->first.first);
            if (held) {
                hold(seen->first, seen->second);
            }
            if (here || held) {
                ++seen;
                continue;
            }
            if (seen->second.severity != Severity::ok) {
                m_result.gone.push_back(
                    {seen->first.first, seen->first.second, seen->second.since, seen->second.severity});
                m_result.changed = true;
            }
            seen = m_state.problems.erase(seen);
        }
        m_state.updated = m_options.now;
        std::stable_sort(m_result.counting.begin(), m_result.counting.end(),
                         [](Finding const& a, Finding const& b) { return a.severity > b.severity; });
        return std::move(m_result);
    }

private:
    /// Only the memory of runs tells for how long a mirror has been behind.
    void judge_age(Finding& finding) const
    {
        auto const seen = m_state.problems.find({finding.code, base::valid_utf8(finding.object)});
        if (finding.code != "MIRROR-UNSYNCED" || seen == m_state.problems.end()) {
            return;
        }
        auto const age = m_options.now - seen->second.since;
        if (age >= m_options.mirror_sync_delay_max) {
            finding.severity = Severity::critical;
            finding.evidence += fmt::format(" for {} (mirror_sync_delay_max {})", base::format_duration(age),
                                            base::format_duration(m_options.mirror_sync_delay_max));
        }
    }

    void see(Key const& key, std::vector<Finding const*> const& same)
    {
        SeenProblem& seen = m_state.problems[key];
        Finding const& worst = **std::max_element(
            same.begin(), same.end(), [](auto const* a, auto const* b) { return a->severity < b->severity; });
        if (seen.runs == 0) {
            seen.since = m_options.now;
        }
        seen.runs = std::min(seen.runs + 1, k_most_runs);
        seen.critical_runs = worst.severity == Severity::critical ? std::min(seen.critical_runs + 1, k_most_runs) : 0;
        seen.evidence = worst.evidence;
        seen.remedy = worst.remedy;

        bool const never_asked = could_not_ask(worst) && (m_first || seen.severity == Severity::unknown);
        auto counts_as = never_asked ? Severity::unknown : Severity::ok;
        if (worst.code == k_node_restarted) {
            counts_as = worst.severity;
        } else if (seen.critical_runs >= m_options.runs) {
            counts_as = Severity::critical;
        } else if (seen.runs >= m_options.runs) {
            counts_as = std::min(worst.severity, Severity::warning);
        }
        bool const changed = counts_as != seen.severity;
        m_result.changed = m_result.changed || changed;
        seen.severity = counts_as;
        if (counts_as == Severity::ok) {
            m_result.pending.push_back({worst, seen.runs});
            return;
        }
        for (Finding const* finding : same) {
            m_result.counting.push_back(*finding);
            m_result.counting.back().severity = std::min(finding->severity, counts_as);
            if (changed) {
                m_result.begun.push_back(m_result.counting.back());
            }
        }
    }

    void hold(Key const& key, SeenProblem const& seen)
    {
        if (seen.severity != Severity::ok) {
            m_result.counting.push_back({key.first, seen.severity, key.second,
                                         seen.evidence + fmt::format("; so it was at {}, now it could not be asked",
                                                                     base::format_time(m_state.updated)),
                                         seen.remedy, key.first});
        }
    }

    CheckState& m_state;
    JudgeOptions const& m_options;
    bool m_first;
    Judgement m_result;
};

} // namespace

std::optional<CheckStates> parse_check_states(std::string const& text)
{
    try {
        auto const document = Json::parse(text);
        if (document.at("schema_version") != k_version) {
            return std::nullopt;
        }
        CheckStates states;
        for (auto const& [cluster, state] : document.at("clusters").items()) {
            states[cluster] = state_of(state);
        }
        return states;
    } catch (nlohmann::json::exception const&) {
        return std::nullopt;
    } catch (Damaged const&) {
        return std::nullopt;
    }
}

std::vector<Finding> restarts_of(CheckState& state, Snapshot const& snapshot)
{
    std::vector<Finding> findings;
    for (Node const& node : snapshot.nodes) {
        if (!node.uptime) {
            continue; // when it is back, its uptime tells
        }
        auto& before = state.uptimes[base::valid_utf8(node.label())];
        if (*node.uptime < before) {
            findings.push_back({k_node_restarted, Severity::warning, node.label(),
                                fmt::format("up for {}; it had been up for {} in an earlier run",
                                            base::format_duration(*node.uptime), base::format_duration(before)),
                                "look into its log, unless the restart was meant", "node " + node.label()});
        }
        before = *node.uptime;
    }
    return findings;
}

std::string to_text(CheckStates const& states, Time now)
{
    Json clusters = Json::object();
    for (auto const& [cluster, state] : states) {
        if (now - state.updated < k_forgotten_after) {
            clusters[cluster] = json_of(state);
        }
    }
    Json const document{{"schema_version", k_version}, {"clusters", clusters}};
    return document.dump(1, ' ', false, Json::error_handler_t::replace) + '\n';
}

Judgement judge(CheckState& state, std::vector<Finding> const& findings, JudgeOptions const& options)
{
    return Run(state, options).judge(findings);
}

} // namespace rmqha::health
