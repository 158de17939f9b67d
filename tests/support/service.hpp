#pragma once

#include "support/temporary_folder.hpp"

#include <csignal>
#include <string>
#include <vector>

namespace rmqha::test {

/// A program in the background: killed and reaped at the end, if it has not ended before.
class Service {
public:
    explicit Service(std::vector<std::string> const& argv, std::vector<std::string> const& environment = {});
    Service(Service const&) = delete;
    Service& operator=(Service const&) = delete;
    ~Service() { end(SIGKILL); }

    /// What it has written so far, to stdout and stderr.
    std::string log() const;
    /// Sends the signal and returns the exit code, 128 + signal when killed by one.
    int end(int signal);

private:
    TemporaryFolder m_folder;
    int m_pid = 0;
};

/// Where a program of a Debian package is. Throws when it is not there.
std::string installed_program(std::string const& name);

} // namespace rmqha::test
