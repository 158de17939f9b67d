#pragma once

#include "cluster/selection.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace rmqha::cluster {

/// Failures of one node since it last worked.
struct NodeRecord {
    int failures = 0;
    std::chrono::system_clock::time_point quarantined_until{};
    std::string reason; ///< of the last failure
};

/// What all rmqha processes of a user that talk to the same nodes share.
struct SharedState {
    Rotation rotation;
    std::map<std::string, NodeRecord> nodes; ///< by label; only nodes with failures
};

/// A failure counts. The second in a row (the first already when it cost a time-out) puts the node in quarantine: 5 s,
/// doubled with each further failure, at most 60 s. One success clears it.
void record_failure(SharedState& state, std::string const& node, std::string const& reason, bool timed_out,
                    std::chrono::system_clock::time_point now);
void record_success(SharedState& state, std::string const& node);
bool quarantined(SharedState const& state, std::string const& node, std::chrono::system_clock::time_point now);

/// Keeps a SharedState in a file that several processes may use at once: every change happens under a lock and replaces
/// the file in one step. A file that cannot be read as such is started afresh. When the file cannot be written, the
/// state is kept in memory for this process and problem() says why.
class NodeStateFile {
public:
    explicit NodeStateFile(std::filesystem::path path) : m_path(std::move(path)) {}
    /// `<state_home>/nodes/<hash of the nodes>.json`: the same nodes in any order share a file.
    static std::filesystem::path path_for(std::vector<config::Node> const& nodes);

    SharedState read();
    void update(std::function<void(SharedState&)> const& change);
    std::string const& problem() const noexcept { return m_problem; }

private:
    std::filesystem::path m_path;
    SharedState m_memory;
    std::string m_problem;
};

} // namespace rmqha::cluster
