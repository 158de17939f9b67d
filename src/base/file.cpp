#include "base/file.hpp"

#include "base/error.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <thread>

namespace rmqha::base {

namespace fs = std::filesystem;

namespace {

std::string reason(int error)
{
    return std::generic_category().message(error);
}

void make_folders(fs::path const& folder)
{
    if (folder.empty() || fs::exists(folder)) {
        return;
    }
    make_folders(folder.parent_path());
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
        fail(ExitCode::unavailable, "cannot create folder {}: {}", folder.string(), reason(errno));
    }
}

void write_all(int fd, std::string_view content, fs::path const& path)
{
    while (!content.empty()) {
        auto const written = ::write(fd, content.data(), content.size());
        if (written < 0 && errno != EINTR) {
            fail(ExitCode::unavailable, "cannot write {}: {}", path.string(), reason(errno));
        }
        content.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
    }
}

Fd open_lock(fs::path const& path)
{
    make_folders(path.parent_path());
    Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!fd) {
        fail(ExitCode::unavailable, "cannot lock {}: {}", path.string(), reason(errno));
    }
    return fd;
}

fs::path xdg(char const* variable, char const* fallback)
{
    if (auto const value = environment(variable); value && value->front() == '/') {
        return fs::path(*value) / "rmqha";
    }
    auto home = environment("HOME");
    if (!home) {
        auto const* const user = ::getpwuid(::getuid());
        home = user != nullptr ? user->pw_dir : "/";
    }
    return fs::path(*home) / fallback / "rmqha";
}

} // namespace

std::optional<std::string> read_file(fs::path const& path)
{
    constexpr std::size_t k_most = 64U << 20U;
    Fd const fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) {
        if (errno == ENOENT || errno == ENOTDIR) {
            return std::nullopt;
        }
        fail(ExitCode::config, "cannot read {}: {}", path.string(), reason(errno));
    }
    std::string content;
    char buffer[65536];
    for (;;) {
        auto const got = ::read(fd.get(), buffer, sizeof buffer);
        if (got == 0) {
            return content;
        }
        if (got < 0) {
            if (errno == EINTR) {
                continue;
            }
            fail(ExitCode::config, "cannot read {}: {}", path.string(), reason(errno));
        }
        content.append(buffer, static_cast<std::size_t>(got));
        if (content.size() > k_most) {
            fail(ExitCode::config, "cannot read {}: larger than 64 MiB", path.string());
        }
    }
}

void write_file(fs::path const& path, std::string_view content, mode_t mode)
{
    make_folders(path.parent_path());
    auto temporary = path.string() + ".XXXXXX";
    Fd const fd(::mkostemp(temporary.data(), O_CLOEXEC));
    if (!fd) {
        fail(ExitCode::unavailable, "cannot write {}: {}", path.string(), reason(errno));
    }
    try {
        write_all(fd.get(), content, path);
        if (::fchmod(fd.get(), mode) != 0 || ::fsync(fd.get()) != 0 || ::rename(temporary.c_str(), path.c_str()) != 0) {
            fail(ExitCode::unavailable, "cannot write {}: {}", path.string(), reason(errno));
        }
    } catch (...) {
        ::unlink(temporary.c_str());
        throw;
    }
    sync_folder(path);
}

void sync_folder(fs::path const& path)
{
    auto const folder = path.parent_path();
    Fd const fd(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd && errno == EACCES) {
        return;
    }
    if (!fd || (::fsync(fd.get()) != 0 && errno != EINVAL)) {
        fail(ExitCode::unavailable, "cannot write {}: {}", path.string(), reason(errno));
    }
}

FileLock::FileLock(fs::path const& path) : m_fd(open_lock(path))
{
    while (::flock(m_fd.get(), LOCK_EX) != 0) {
        if (errno != EINTR) {
            fail(ExitCode::unavailable, "cannot lock {}: {}", path.string(), reason(errno));
        }
    }
}

FileLock::FileLock(fs::path const& path, TimePoint deadline) : m_fd(open_lock(path))
{
    constexpr auto k_pause = milliseconds(5); // flock has no time limit of its own
    while (::flock(m_fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EINTR && errno != EWOULDBLOCK) {
            fail(ExitCode::unavailable, "cannot lock {}: {}", path.string(), reason(errno));
        }
        if (std::chrono::steady_clock::now() >= deadline) {
            fail(ExitCode::timeout, "cannot lock {}: another process holds it", path.string());
        }
        std::this_thread::sleep_for(k_pause);
    }
}

bool readable_by_others(fs::path const& path)
{
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 && (info.st_mode & 0077U) != 0;
}

fs::path config_home()
{
    return xdg("XDG_CONFIG_HOME", ".config");
}

fs::path state_home()
{
    return xdg("XDG_STATE_HOME", ".local/state");
}

std::optional<std::string> environment(char const* name)
{
    char const* const value = std::getenv(name);
    return value != nullptr && *value != '\0' ? std::optional<std::string>(value) : std::nullopt;
}

} // namespace rmqha::base
