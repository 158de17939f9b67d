#pragma once

#include "health/findings.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

/// What `monitor check` remembers from one run to the next.
namespace rmqha::health {

/// A problem as the runs up to now have seen it.
struct SeenProblem {
    int runs = 0;          ///< in a row, the last one included
    int critical_runs = 0; ///< as critical, in a row
    std::chrono::system_clock::time_point since{};
    Severity severity = Severity::ok; ///< as it counted in the last run; ok: it did not count
    std::string evidence;
    std::string remedy;
};

struct CheckState {
    std::map<std::pair<std::string, std::string>, SeenProblem> problems; ///< by code and object
    std::map<std::string, base::milliseconds> uptimes;                   ///< by node, as last told
    std::chrono::system_clock::time_point updated{};                     ///< the last run; the epoch: there was none
};

/// By cluster: one file serves several.
using CheckStates = std::map<std::string, CheckState>;

/// The file's text read; nothing when it is damaged or of another version. Throws nothing.
std::optional<CheckStates> parse_check_states(std::string const& text);
/// What parse_check_states() reads; clusters not checked for 30 days before `now` are left out.
std::string to_text(CheckStates const& states, std::chrono::system_clock::time_point now);

/// A problem that is there, but has not been seen often enough yet.
struct PendingProblem {
    Finding finding;
    int runs = 1; ///< in a row
};

/// A problem that counted in the run before and is gone.
struct GoneProblem {
    std::string code;
    std::string object;
    std::chrono::system_clock::time_point since{};
    Severity severity = Severity::ok; ///< as it counted
};

struct Judgement {
    std::vector<Finding> counting; ///< the worst first; what was skipped stays among them
    std::vector<Finding> begun;    ///< of these, what did not count in the run before, or not with this severity
    std::vector<PendingProblem> pending;
    std::vector<GoneProblem> gone;
    bool changed = false; ///< something counts that did not, or no longer, or more or less than before
};

struct JudgeOptions {
    int runs = 1;                ///< how many in a row make a problem count, 1 and more
    std::set<std::string> codes; ///< looked for in this run; others are left alone
    std::chrono::system_clock::time_point now{};
    base::milliseconds mirror_sync_delay_max = std::chrono::seconds(300);
};

/// NODE-RESTARTED for each node that has been up for less than when it was last seen; remembers how long each is up
/// now. Pure.
std::vector<Finding> restarts_of(CheckState& state, Snapshot const& snapshot);

/// Adds a run to `state` and says which of its findings count: those seen in the last `runs` runs, as critical only
/// when all of these saw it critical. A problem that is no longer there is gone at once; but one that could not be
/// looked for stays as it was. A restart is over when the next run looks: it counts at
/// once. A mirror that has not been synchronised for mirror_sync_delay_max is critical. What could not be asked counts
/// at once when there has been no run before to rely on. Pure.
Judgement judge(CheckState& state, std::vector<Finding> const& findings, JudgeOptions const& options);

} // namespace rmqha::health
