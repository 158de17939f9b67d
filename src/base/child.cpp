#include "base/child.hpp"

#include "base/error.hpp"
#include "base/spawn.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

namespace rmqha::base {

namespace {

constexpr std::size_t k_read_size = 65536;
constexpr int k_most_reads = 16; ///< of what an ended command left: more than fits a pipe (1 MiB at most)

struct Pipe {
    Fd read;
    Fd write;
};

Pipe make_pipe()
{
    int fds[2];
    if (::pipe2(fds, O_CLOEXEC) != 0) {
        fail(ExitCode::unavailable, "cannot make a pipe: {}", std::generic_category().message(errno));
    }
    return {Fd(fds[0]), Fd(fds[1])};
}

void set_nonblocking(Fd const& fd)
{
    if (fd) {
        ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
    }
}

/// Whether there may be more at once.
bool take_output(Fd& fd, std::string& into)
{
    if (!fd) {
        return false;
    }
    char buffer[k_read_size];
    auto const got = ::read(fd.get(), buffer, sizeof buffer);
    if (got > 0) {
        into.append(buffer, static_cast<std::size_t>(got));
        return true;
    }
    if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        fd.reset();
    }
    return false;
}

void take_rest(Fd& fd, std::string& into)
{
    for (int reads = 0; reads < k_most_reads && take_output(fd, into); ++reads) {
    }
    fd.reset();
}

pollfd interest(Fd const& fd, short events)
{
    return {.fd = fd ? fd.get() : -1, .events = events, .revents = 0};
}

} // namespace

Child::Child(Command command, Errors errors) : m_input(std::move(command.input))
{
    auto in = make_pipe();
    auto out = make_pipe();
    auto err = errors == Errors::collected ? make_pipe() : Pipe{};
    Spawn spawn(static_cast<short>(command.own_session ? POSIX_SPAWN_SETSID : POSIX_SPAWN_SETPGROUP));
    posix_spawn_file_actions_adddup2(spawn.actions(), in.read.get(), 0);
    posix_spawn_file_actions_adddup2(spawn.actions(), out.write.get(), 1);
    if (err.write) {
        posix_spawn_file_actions_adddup2(spawn.actions(), err.write.get(), 2);
    }
    m_pid = spawn.start(command);
    m_exit.reset(static_cast<int>(::syscall(SYS_pidfd_open, m_pid, 0)));
    if (!m_exit) {
        auto const error = errno;
        signal(SIGKILL);
        reap();
        fail(ExitCode::unavailable, "cannot watch {}: {}", command.argv[0], std::generic_category().message(error));
    }
    m_in = std::move(in.write);
    m_out = std::move(out.read);
    m_err = std::move(err.read);
    for (auto const* const fd : {&m_in, &m_out, &m_err}) {
        set_nonblocking(*fd);
    }
    give_input();
}

Child::~Child()
{
    if (m_pid > 0) {
        signal(SIGKILL);
        reap();
    }
}

Child::Waits Child::waits(bool read_output) const
{
    return {interest(m_in, POLLOUT),
            {.fd = m_out && read_output ? m_out.get() : -1, .events = POLLIN, .revents = 0},
            interest(m_err, POLLIN),
            interest(m_exit, POLLIN)};
}

void Child::advance(Waits const& waits)
{
    if (m_ended) {
        return;
    }
    if (waits[0].revents != 0) {
        give_input();
    }
    if (waits[1].revents != 0) {
        take_output(m_out, m_output);
    }
    if (waits[2].revents != 0) {
        take_output(m_err, m_errors);
    }
    if (waits[3].revents != 0) {
        reap();
        take_rest(m_out, m_output);
        take_rest(m_err, m_errors);
        m_in.reset();
        m_exit.reset();
        m_ended = true;
    }
}

void Child::signal(int number) noexcept
{
    if (m_pid > 0) {
        ::kill(-m_pid, number);
    }
}

void Child::give_input()
{
    if (!m_in) {
        return;
    }
    auto const left = m_input.size() - m_given;
    auto const written = left > 0 ? ::write(m_in.get(), m_input.data() + m_given, left) : 0;
    if (written > 0) {
        m_given += static_cast<std::size_t>(written);
    }
    if (m_given == m_input.size() || (written < 0 && errno != EAGAIN && errno != EINTR)) {
        m_in.reset();
        m_input = {};
        m_given = 0;
    }
}

void Child::reap()
{
    int status = 0;
    while (::waitpid(m_pid, &status, 0) < 0 && errno == EINTR) {
    }
    m_pid = -1;
    m_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

} // namespace rmqha::base
