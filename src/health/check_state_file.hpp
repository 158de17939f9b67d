#pragma once

#include "health/check_state.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace rmqha::health {

/// What `monitor check` remembers, in a file of its own (0600, with a lock file next to it) that several processes may
/// use at once.
class CheckStateFile {
public:
    explicit CheckStateFile(std::filesystem::path path) : m_path(std::move(path)) {}

    /// judge() with the file's state of `cluster`, restarts of the nodes of `snapshot` added unless it is null, and
    /// keeps the new one. A damaged file counts as empty and makes a note. Throws Error(unavailable, config or
    /// timeout), naming the file, when it cannot be read, written or, until the deadline, locked.
    Judgement judge(std::string const& cluster, std::vector<Finding> findings, Snapshot const* snapshot,
                    JudgeOptions const& options, base::TimePoint deadline);

    std::vector<std::string> const& notes() const noexcept { return m_notes; }

private:
    std::filesystem::path m_path;
    std::vector<std::string> m_notes;
};

} // namespace rmqha::health
