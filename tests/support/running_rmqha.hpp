#pragma once

#include "base/clock.hpp"

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace rmqha::test {

/// The rmqha under test at work, to be sent signals; killed when it goes away. Not thread-safe.
class RunningRmqha {
public:
    /// Its output and errors go to files `out` and `err` in `folder`.
    RunningRmqha(std::vector<std::string> const& arguments, std::filesystem::path const& folder);
    RunningRmqha(RunningRmqha const&) = delete;
    RunningRmqha& operator=(RunningRmqha const&) = delete;
    ~RunningRmqha();

    pid_t pid() const noexcept { return m_pid; }
    void signal(int number) const;
    /// Exit status, or 128 + signal, once it has ended.
    std::optional<int> status();
    /// The same, waited for; nothing when it still runs after `patience`.
    std::optional<int> wait(base::milliseconds patience);
    std::string errors() const; ///< up to now

private:
    std::filesystem::path m_folder;
    pid_t m_pid = 0;
    std::optional<int> m_status;
};

} // namespace rmqha::test
