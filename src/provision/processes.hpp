#pragma once

#include "base/clock.hpp"
#include "provision/local_cluster.hpp"

#include <optional>

namespace rmqha::base {
class Stop;
}

namespace rmqha::provision {

/// A process of a cluster, found by the marks in its environment: a process id alone may have been given to a stranger
/// since it was written down, and Erlang starts helpers in sessions of their own.
struct Process {
    int pid = 0;
    std::string node;    ///< empty: the port mapper, or a tool
    std::string program; ///< "beam.smp"
    bool paused = false; ///< stopped by SIGSTOP
    base::milliseconds age{0};
};

/// Reads /proc/PID/stat's text: program, state and start time; `since_boot` is now. Nothing when it cannot be read as
/// such, or the process is a zombie. Pure.
std::optional<Process> parse_stat(std::string const& text, base::milliseconds since_boot, long ticks_per_second);

/// Every living process of the cluster with that id, or only those of one node. While a process is within exec(2) Linux
/// shows it without environment, so a look may miss it: to be sure that it is gone, look several times.
std::vector<Process> processes_of(std::string const& id);
std::vector<Process> processes_of(std::string const& id, std::string const& node);

/// Sends the signal to each that still is a process of the cluster; a stranger with its number is left alone.
void send_signal(std::string const& id, std::vector<Process> const& processes, int signal);

/// The Erlang machine among a node's processes, or what is about to become it; nothing when there is no process.
std::optional<Process> machine_of(std::vector<Process> const& processes);

/// Sends SIGSTOP and returns when each of the processes has stood still: on a busy machine its threads run on for a
/// while. Processes that ended meanwhile are none. Throws Interrupted on a stop, and Error(timeout) after 10 s.
void pause_processes(std::string const& id, std::vector<Process> const& processes, base::Clock& clock,
                     base::Stop const& stop);

/// Which processes to stop: all of the cluster's, or a node's.
struct StopOptions {
    std::optional<std::string> node;
    base::milliseconds patience{0}; ///< between SIGTERM and SIGKILL; 0: SIGKILL at once
};

/// Returns when none of these processes lives any more. Paused ones are killed at once: they cannot act on SIGTERM.
/// Throws Interrupted on a stop, and Error(timeout) naming what does not even die of SIGKILL within 10 s.
void stop_processes(std::string const& id, StopOptions const& options, base::Clock& clock, base::Stop const& stop);

} // namespace rmqha::provision
