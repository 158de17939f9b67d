#include "support/service.hpp"

#include "base/file.hpp"
#include "base/process.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

namespace rmqha::test {

Service::Service(std::vector<std::string> const& argv, std::vector<std::string> const& environment)
    : m_pid(base::start_detached({.argv = argv, .environment = environment}, (m_folder / "log").string()))
{
}

std::string Service::log() const
{
    return base::read_file(m_folder / "log").value_or("");
}

int Service::end(int signal)
{
    if (m_pid == 0) {
        return -1;
    }
    ::kill(m_pid, signal);
    int status = 0;
    ::waitpid(m_pid, &status, 0);
    m_pid = 0;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

std::string installed_program(std::string const& name)
{
    for (char const* const folder : {"/usr/sbin/", "/usr/bin/"}) {
        if (::access((folder + name).c_str(), X_OK) == 0) {
            return folder + name;
        }
    }
    throw std::runtime_error(fmt::format("{} is not installed: scripts/test installs what the live tests need", name));
}

} // namespace rmqha::test
