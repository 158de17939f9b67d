#include "support/running_rmqha.hpp"

#include "base/file.hpp"
#include "support/brokers.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

namespace rmqha::test {

RunningRmqha::RunningRmqha(std::vector<std::string> const& arguments, std::filesystem::path const& folder)
    : m_folder(folder)
{
    auto program = rmqha_binary();
    auto copies = arguments;
    std::vector<char*> argv = {program.data()};
    for (auto& argument : copies) {
        argv.push_back(argument.data());
    }
    argv.push_back(nullptr);
    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, (folder / "out").c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                       0600);
    ::posix_spawn_file_actions_addopen(&files, STDERR_FILENO, (folder / "err").c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                       0600);
    auto const error = ::posix_spawn(&m_pid, program.c_str(), &files, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&files);
    if (error != 0) {
        throw std::runtime_error("cannot start " + program);
    }
}

RunningRmqha::~RunningRmqha()
{
    if (!status()) {
        signal(SIGKILL);
        int ignored = 0;
        ::waitpid(m_pid, &ignored, 0);
    }
}

void RunningRmqha::signal(int number) const
{
    if (!m_status) { // once it has been waited for, its number may be another's
        ::kill(m_pid, number);
    }
}

std::optional<int> RunningRmqha::status()
{
    int status = 0;
    if (!m_status && ::waitpid(m_pid, &status, WNOHANG) == m_pid) {
        m_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    return m_status;
}

std::optional<int> RunningRmqha::wait(base::milliseconds patience)
{
    wait_until(patience, [this] { return status().has_value(); });
    return m_status;
}

std::string RunningRmqha::errors() const
{
    return base::read_file(m_folder / "err").value_or("");
}

} // namespace rmqha::test
