#include "base/process.hpp"

#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/stop.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <system_error>

extern char** environ; // NOLINT(readability-redundant-declaration)

namespace rmqha::base {

namespace {

constexpr std::size_t k_most_output = 64U << 20U;

struct Pipe {
    Fd read;
    Fd write;
};

Pipe make_pipe()
{
    int fds[2];
    if (::pipe2(fds, O_CLOEXEC) != 0) {
        throw std::system_error(errno, std::generic_category(), "pipe");
    }
    return {Fd(fds[0]), Fd(fds[1])};
}

std::vector<std::string> merged_environment(std::vector<std::string> const& added)
{
    std::vector<std::string> merged;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        std::string_view const existing(*entry);
        auto const name = existing.substr(0, existing.find('=') + 1);
        if (std::ranges::none_of(added, [&](auto const& one) { return one.starts_with(name); })) {
            merged.emplace_back(existing);
        }
    }
    merged.insert(merged.end(), added.begin(), added.end());
    return merged;
}

std::vector<char*> pointers(std::vector<std::string>& strings)
{
    std::vector<char*> result;
    result.reserve(strings.size() + 1);
    for (auto& string : strings) {
        result.push_back(string.data());
    }
    result.push_back(nullptr);
    return result;
}

/// posix_spawn's file actions and attributes, set up for a child with clean signals.
class Spawn {
public:
    explicit Spawn(short flags)
    {
        posix_spawn_file_actions_init(&m_actions);
        posix_spawnattr_init(&m_attributes);
        sigset_t none;
        sigemptyset(&none);
        sigset_t defaults;
        sigemptyset(&defaults);
        sigaddset(&defaults, SIGPIPE);
        posix_spawnattr_setsigmask(&m_attributes, &none);
        posix_spawnattr_setsigdefault(&m_attributes, &defaults);
        posix_spawnattr_setflags(&m_attributes,
                                 static_cast<short>(flags | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
    }
    Spawn(Spawn const&) = delete;
    Spawn& operator=(Spawn const&) = delete;
    ~Spawn()
    {
        posix_spawn_file_actions_destroy(&m_actions);
        posix_spawnattr_destroy(&m_attributes);
    }

    posix_spawn_file_actions_t* actions() { return &m_actions; }

    pid_t start(Command const& command)
    {
        if (!command.folder.empty()) {
            posix_spawn_file_actions_addchdir_np(&m_actions, command.folder.c_str());
        }
        auto arguments = command.argv;
        auto variables = merged_environment(command.environment);
        pid_t pid = 0;
        int const error = ::posix_spawnp(&pid, command.argv.at(0).c_str(), &m_actions, &m_attributes,
                                         pointers(arguments).data(), pointers(variables).data());
        if (error != 0) {
            fail(ExitCode::unavailable, "cannot run {}: {}", command.argv[0], std::generic_category().message(error));
        }
        return pid;
    }

private:
    posix_spawn_file_actions_t m_actions{};
    posix_spawnattr_t m_attributes{};
};

/// The child: killed with its process group and reaped when this goes away early.
class Child {
public:
    explicit Child(pid_t pid) : m_pid(pid), m_fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}
    Child(Child const&) = delete;
    Child& operator=(Child const&) = delete;
    ~Child()
    {
        if (m_pid > 0) {
            ::kill(-m_pid, SIGKILL);
            wait();
        }
    }

    int exit_fd() const { return m_fd.get(); }

    int wait()
    {
        int status = 0;
        while (::waitpid(m_pid, &status, 0) < 0 && errno == EINTR) {
        }
        m_pid = -1;
        return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }

private:
    pid_t m_pid;
    Fd m_fd;
};

void set_nonblocking(int fd)
{
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
}

void take_output(Fd& fd, std::string& into)
{
    char buffer[65536];
    auto const got = ::read(fd.get(), buffer, sizeof buffer);
    if (got > 0) {
        into.append(buffer, std::min(static_cast<std::size_t>(got), k_most_output - into.size()));
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        fd.reset();
    }
}

void give_input(Fd& fd, std::string_view& input)
{
    auto const written = ::write(fd.get(), input.data(), input.size());
    if (written > 0) {
        input.remove_prefix(static_cast<std::size_t>(written));
    }
    if (input.empty() || (written < 0 && errno != EAGAIN && errno != EINTR)) {
        fd.reset();
    }
}

pollfd interest(Fd const& fd, short events)
{
    return {.fd = fd ? fd.get() : -1, .events = events, .revents = 0};
}

} // namespace

Finished run(Command const& command, TimePoint deadline, Stop const& stop)
{
    auto in = make_pipe();
    auto out = make_pipe();
    auto err = make_pipe();
    Spawn spawn(POSIX_SPAWN_SETPGROUP);
    posix_spawn_file_actions_adddup2(spawn.actions(), in.read.get(), 0);
    posix_spawn_file_actions_adddup2(spawn.actions(), out.write.get(), 1);
    posix_spawn_file_actions_adddup2(spawn.actions(), err.write.get(), 2);
    Child child(spawn.start(command));
    in.read.reset();
    out.write.reset();
    err.write.reset();
    for (auto const* const fd : {&in.write, &out.read, &err.read}) {
        set_nonblocking(fd->get());
    }

    Finished finished;
    std::string_view input = command.input;
    if (input.empty()) {
        in.write.reset();
    }
    bool exited = false;
    // A grandchild that keeps the pipes open must not keep us: once the child is gone, only what is there is read.
    while (!exited || out.read || err.read) {
        stop.throw_if_requested();
        if (std::chrono::steady_clock::now() >= deadline) {
            fail(ExitCode::timeout, "{} did not end in time and was killed", command.argv[0]);
        }
        pollfd waiting[] = {interest(in.write, POLLOUT),
                            interest(out.read, POLLIN),
                            interest(err.read, POLLIN),
                            {.fd = exited ? -1 : child.exit_fd(), .events = POLLIN, .revents = 0},
                            {.fd = stop.fd(), .events = POLLIN, .revents = 0}};
        int const ready = ::poll(waiting, std::size(waiting), exited ? 0 : poll_timeout(deadline));
        if (exited && ready == 0) {
            break;
        }
        if (waiting[0].revents != 0) {
            give_input(in.write, input);
        }
        if (waiting[1].revents != 0) {
            take_output(out.read, finished.output);
        }
        if (waiting[2].revents != 0) {
            take_output(err.read, finished.errors);
        }
        exited = exited || waiting[3].revents != 0;
    }
    finished.status = child.wait();
    return finished;
}

int start_detached(Command const& command, std::string const& log)
{
    Spawn spawn(POSIX_SPAWN_SETSID);
    posix_spawn_file_actions_addopen(spawn.actions(), 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(spawn.actions(), 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    posix_spawn_file_actions_adddup2(spawn.actions(), 1, 2);
    return spawn.start(command);
}

} // namespace rmqha::base
