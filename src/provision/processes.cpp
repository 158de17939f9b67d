#include "provision/processes.hpp"

#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/file.hpp"
#include "base/stop.hpp"
#include "base/units.hpp"
#include "provision/plan.hpp"

#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <ctime>
#include <sstream>
#include <system_error>

namespace rmqha::provision {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

/// A file of /proc; empty when the process is gone or not ours to look at.
std::string read_proc(int pid, std::string const& file)
{
    try {
        return base::read_file(fmt::format("/proc/{}/{}", pid, file)).value_or("");
    } catch (base::Error const&) {
        return {}; // ESRCH while it ends, EACCES for other users' processes
    }
}

/// The value of a variable in /proc/PID/environ's text.
std::optional<std::string> variable_in(std::string_view environ, std::string const& name)
{
    auto const start = name + "=";
    while (!environ.empty()) {
        auto const end = environ.find('\0');
        auto const entry = environ.substr(0, end);
        if (entry.starts_with(start)) {
            return std::string(entry.substr(start.size()));
        }
        environ.remove_prefix(end == std::string_view::npos ? environ.size() : end + 1);
    }
    return std::nullopt;
}

base::milliseconds since_boot()
{
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return std::chrono::seconds(now.tv_sec) +
           std::chrono::duration_cast<base::milliseconds>(std::chrono::nanoseconds(now.tv_nsec));
}

std::vector<int> all_pids()
{
    std::vector<int> pids;
    std::error_code problem;
    for (fs::directory_iterator it("/proc", problem), end; !problem && it != end; it.increment(problem)) {
        auto const name = it->path().filename().string();
        if (auto const pid = base::parse_integer(name, 1, std::numeric_limits<int>::max())) {
            pids.push_back(static_cast<int>(*pid));
        }
    }
    return pids;
}

bool belongs_to(int pid, std::string const& id)
{
    return variable_in(read_proc(pid, "environ"), k_cluster_mark) == id;
}

/// Whether every thread stands still, or there is none any more: the signal stops one, and that one the others.
bool stands_still(int pid)
{
    std::error_code problem;
    for (fs::directory_iterator it(fs::path("/proc") / std::to_string(pid) / "task", problem), end;
         !problem && it != end; it.increment(problem)) {
        auto const stat = read_proc(pid, "task" / it->path().filename() / "stat");
        auto const thread = parse_stat(stat, 0ms, 1);
        if (thread && !thread->paused) {
            return false;
        }
    }
    return true;
}

std::vector<Process> chosen(std::string const& id, StopOptions const& options)
{
    return options.node ? processes_of(id, *options.node) : processes_of(id);
}

} // namespace

std::optional<Process> parse_stat(std::string const& text, base::milliseconds now, long ticks_per_second)
{
    // "123 (comm) S ppid …": comm may itself hold blanks and parentheses, so it ends at the last one. The start time is
    // field 22, see proc(5).
    auto const open = text.find('(');
    auto const close = text.rfind(')');
    if (open == std::string::npos || close == std::string::npos || close < open) {
        return std::nullopt;
    }
    Process process;
    process.program = text.substr(open + 1, close - open - 1);
    std::istringstream fields(text.substr(close + 1));
    std::string state;
    std::string skipped;
    long long started = 0;
    fields >> state;
    for (int field = 4; field < 22; ++field) {
        fields >> skipped;
    }
    fields >> started;
    if (!fields || state == "Z" || state == "X") {
        return std::nullopt;
    }
    process.paused = state == "T";
    process.age = std::max<base::milliseconds>(now - base::milliseconds(started * 1000 / ticks_per_second), 0ms);
    return process;
}

std::vector<Process> processes_of(std::string const& id)
{
    std::vector<Process> found;
    auto const now = since_boot();
    for (int const pid : all_pids()) {
        auto const environ = read_proc(pid, "environ");
        if (variable_in(environ, k_cluster_mark) != id) {
            continue;
        }
        if (auto process = parse_stat(read_proc(pid, "stat"), now, ::sysconf(_SC_CLK_TCK))) {
            process->pid = pid;
            process->node = variable_in(environ, k_node_mark).value_or("");
            found.push_back(*process);
        }
    }
    return found;
}

std::vector<Process> processes_of(std::string const& id, std::string const& node)
{
    auto found = processes_of(id);
    std::erase_if(found, [&](auto const& process) { return process.node != node; });
    return found;
}

void send_signal(std::string const& id, std::vector<Process> const& processes, int signal)
{
    for (auto const& process : processes) {
        // The descriptor pins the process: once it is open, the number cannot pass to a stranger between look and
        // signal.
        base::Fd const fd(static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0)));
        if (fd && belongs_to(process.pid, id)) {
            ::syscall(SYS_pidfd_send_signal, fd.get(), signal, nullptr, 0);
        }
    }
}

void pause_processes(std::string const& id, std::vector<Process> const& processes, base::Clock& clock,
                     base::Stop const& stop)
{
    constexpr auto k_poll = 5ms;
    constexpr auto k_patience = 10s;
    send_signal(id, processes, SIGSTOP);
    auto const end = clock.now() + k_patience;
    for (auto const& process : processes) {
        while (!stands_still(process.pid)) {
            if (clock.now() > end) {
                base::fail(base::ExitCode::timeout, "process {} ({}) does not pause", process.pid, process.program);
            }
            clock.sleep_until(clock.now() + k_poll, stop);
        }
    }
}

std::optional<Process> machine_of(std::vector<Process> const& processes)
{
    auto const machine = std::ranges::find(processes, "beam.smp", &Process::program);
    if (machine != processes.end()) {
        return *machine;
    }
    return processes.empty() ? std::nullopt : std::optional(processes.front());
}

void stop_processes(std::string const& id, StopOptions const& options, base::Clock& clock, base::Stop const& stop)
{
    constexpr auto k_poll = 50ms;
    constexpr auto k_death = 10s;
    constexpr int k_looks = 3; // in a row without a process: see processes_of
    auto const start = clock.now();
    auto living = chosen(id, options);
    auto can_act = living;
    std::erase_if(can_act, [](auto const& process) { return process.paused || process.program != "beam.smp"; });
    if (options.patience > 0ms) {
        send_signal(id, can_act, SIGTERM);
    }
    for (int absent = 0; absent < k_looks;) {
        bool const patient =
            clock.now() < start + options.patience && std::ranges::any_of(living, [&](auto const& process) {
                return std::ranges::find(can_act, process.pid, &Process::pid) != can_act.end();
            });
        if (!patient) {
            send_signal(id, living, SIGKILL);
        }
        if (!living.empty() && clock.now() > start + options.patience + k_death) {
            base::fail(base::ExitCode::timeout, "process {} ({}) does not end, even of SIGKILL", living.front().pid,
                       living.front().program);
        }
        clock.sleep_until(clock.now() + k_poll, stop);
        living = chosen(id, options);
        absent = living.empty() ? absent + 1 : 0;
    }
}

} // namespace rmqha::provision
