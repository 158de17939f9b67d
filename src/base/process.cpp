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
#include <array>
#include <cerrno>
#include <filesystem>
#include <sstream>
#include <system_error>

namespace rmqha::base {

namespace {

constexpr std::size_t k_most_output = 64U << 20U;

void cut(std::string& output)
{
    output.resize(std::min(output.size(), k_most_output));
}

} // namespace

Finished run(Command const& command, TimePoint deadline, Stop const& stop)
{
    Child child(command, Child::Errors::collected);
    while (!child.ended()) {
        stop.throw_if_requested();
        if (std::chrono::steady_clock::now() >= deadline) {
            fail(ExitCode::timeout, "{} did not end in time and was killed", command.argv[0]);
        }
        auto waits = child.waits();
        std::array<pollfd, std::tuple_size_v<Child::Waits> + 1> waiting{};
        std::copy(waits.begin(), waits.end(), waiting.begin());
        waiting.back() = {.fd = stop.fd(), .events = POLLIN, .revents = 0};
        if (::poll(waiting.data(), waiting.size(), poll_timeout(deadline)) > 0) {
            std::copy_n(waiting.begin(), waits.size(), waits.begin());
            child.advance(waits);
            cut(child.output());
            cut(child.errors());
        }
    }
    return {child.status(), std::move(child.output()), std::move(child.errors())};
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
