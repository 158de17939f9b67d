#include "base/process.hpp"

#include "base/child.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/spawn.hpp"
#include "base/stop.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <sstream>
#include <system_error>

namespace rmqha::base {

namespace {

constexpr std::size_t k_most_output = 64U << 20U;

void cut(std::string& output)
{
    output.resize(std::min(output.size(), k_most_output));
}

/// Commands at work, those of several polled together.
class Runs {
public:
    Runs(std::span<Command const> commands, RunLimits limits) : m_commands(commands), m_limits(limits) {}

    std::vector<RunResult> finish(Stop const& stop)
    {
        while (begin() || !m_running.empty()) {
            stop.throw_if_requested();
            if (std::chrono::steady_clock::now() >= m_limits.deadline) {
                give_up();
                break;
            }
            advance(stop);
        }
        return std::move(m_results);
    }

private:
    struct Running {
        std::size_t index; ///< of its command
        std::unique_ptr<Child> child;
    };

    /// Fills the free places; whether there was a command left to begin.
    bool begin()
    {
        bool any = false;
        for (; m_results.size() < m_commands.size() && m_running.size() < m_limits.at_once; any = true) {
            auto const index = m_results.size();
            m_results.emplace_back();
            try {
                m_running.push_back({index, std::make_unique<Child>(m_commands[index], Child::Errors::collected)});
            } catch (Error const& error) {
                m_results[index] = error;
            }
        }
        return any;
    }

    void advance(Stop const& stop)
    {
        constexpr auto k_each = std::tuple_size_v<Child::Waits>;
        std::vector<pollfd> waiting{{.fd = stop.fd(), .events = POLLIN, .revents = 0}};
        for (auto const& run : m_running) {
            auto const waits = run.child->waits();
            waiting.insert(waiting.end(), waits.begin(), waits.end());
        }
        if (::poll(waiting.data(), waiting.size(), poll_timeout(m_limits.deadline)) <= 0) {
            return;
        }
        auto next = waiting.cbegin() + 1;
        for (auto const& run : m_running) {
            Child::Waits waits;
            std::copy_n(next, k_each, waits.begin());
            next += k_each;
            run.child->advance(waits);
            cut(run.child->output());
            cut(run.child->errors());
        }
        std::erase_if(m_running, [&](Running const& run) {
            if (run.child->ended()) {
                m_results[run.index] =
                    Finished{run.child->status(), std::move(run.child->output()), std::move(run.child->errors())};
            }
            return run.child->ended();
        });
    }

    void give_up()
    {
        for (auto const& run : m_running) {
            m_results[run.index] =
                Error(ExitCode::timeout, m_commands[run.index].argv[0] + " did not end in time and was killed");
        }
        m_running.clear(); // kills them
        while (m_results.size() < m_commands.size()) {
            m_results.emplace_back(
                Error(ExitCode::timeout, m_commands[m_results.size()].argv[0] + " could not be begun in time"));
        }
    }

    std::span<Command const> m_commands;
    RunLimits m_limits;
    std::vector<RunResult> m_results; ///< of those that have begun
    std::vector<Running> m_running;
};

} // namespace

Finished run(Command const& command, TimePoint deadline, Stop const& stop)
{
    auto result = std::move(run_all({&command, 1}, {.deadline = deadline}, stop).front());
    if (auto const* error = std::get_if<Error>(&result)) {
        throw *error;
    }
    return std::get<Finished>(std::move(result));
}

std::vector<RunResult> run_all(std::span<Command const> commands, RunLimits limits, Stop const& stop)
{
    return Runs(commands, limits).finish(stop);
}

int start_detached(Command const& command, std::string const& log)
{
    Spawn spawn(POSIX_SPAWN_SETSID);
    posix_spawn_file_actions_addopen(spawn.actions(), 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(spawn.actions(), 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    posix_spawn_file_actions_adddup2(spawn.actions(), 1, 2);
    return spawn.start(command);
}

void require_program(std::string const& program)
{
    std::vector<std::string> places{program};
    if (program.find('/') == std::string::npos) {
        places.clear();
        std::istringstream folders(environment("PATH").value_or("/bin:/usr/bin")); // execvp's own default
        for (std::string folder; std::getline(folders, folder, ':');) {
            places.push_back((folder.empty() ? "." : folder) + "/" + program);
        }
    }
    int reason = ENOENT;
    for (auto const& place : places) {
        if (program.empty() || ::access(place.c_str(), X_OK) != 0) {
            reason = errno == EACCES ? EACCES : reason;
        } else if (std::filesystem::is_directory(place)) {
            reason = EACCES; // as execve says
        } else {
            return;
        }
    }
    fail(ExitCode::usage, "cannot run {}: {}", program, std::generic_category().message(reason));
}

void allow_open_files(std::uint64_t count)
{
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= count) {
        return;
    }
    limit.rlim_cur = std::min<rlim_t>(count, limit.rlim_max);
    if (limit.rlim_cur < count || ::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
        fail(ExitCode::unavailable, "{} files must be open at once, and {} may (ulimit -Hn)", count, limit.rlim_max);
    }
}

} // namespace rmqha::base
