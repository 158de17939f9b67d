#include "messaging/checkpoint_file.hpp"

#include "base/error.hpp"
#include "base/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace rmqha::messaging {

namespace {

constexpr std::size_t k_most = 1U << 20U; ///< bytes of a checkpoint file; more is none of ours

[[noreturn]] void fail_to(std::string_view what, std::string const& path)
{
    base::fail(base::ExitCode::unavailable, "cannot {} the checkpoint \"{}\": {}", what, path,
               std::generic_category().message(errno));
}

/// False when another process holds it.
bool lock(int fd, std::string const& path)
{
    while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) {
            return false;
        }
        if (errno != EINTR) {
            fail_to("lock", path);
        }
    }
    return true;
}

void write_and_sync(int fd, std::string_view content, std::string const& path)
{
    while (!content.empty()) {
        auto const written = ::write(fd, content.data(), content.size());
        if (written < 0 && errno != EINTR) {
            fail_to("write", path);
        }
        content.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
    }
    if (::fsync(fd) != 0) {
        fail_to("write", path);
    }
}

std::string read_all(int fd, std::string const& path)
{
    std::string content(k_most + 1, '\0');
    std::size_t size = 0;
    while (size < content.size()) {
        auto const got = ::read(fd, content.data() + size, content.size() - size);
        if (got < 0 && errno != EINTR) {
            fail_to("read", path);
        }
        if (got == 0) {
            break;
        }
        size += got > 0 ? static_cast<std::size_t>(got) : 0;
    }
    content.resize(size);
    return content;
}

/// Whether `path` still names what `fd` has open: the process that held it may have replaced it meanwhile.
bool still_named(int fd, std::string const& path)
{
    struct stat open {};
    struct stat named {};
    return ::fstat(fd, &open) == 0 && ::stat(path.c_str(), &named) == 0 && open.st_dev == named.st_dev &&
           open.st_ino == named.st_ino;
}

} // namespace

CheckpointFile::CheckpointFile(std::string path, CheckpointRecord const& fresh) : m_path(std::move(path))
{
    while (!open_existing() && !create(fresh)) {
    }
    check_target(fresh.target);
    write(m_record.position, m_record.complete); // what cannot be written is found now, not in the middle
}

bool CheckpointFile::open_existing()
{
    for (;;) {
        base::Fd fd(::open(m_path.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
        if (!fd) {
            if (errno == ENOENT) {
                return false;
            }
            fail_to("open", m_path);
        }
        struct stat info {};
        if (::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
            base::fail(base::ExitCode::data, "the checkpoint \"{}\" is not a regular file", m_path);
        }
        if (!lock(fd.get(), m_path)) {
            throw base::Error(base::ExitCode::unavailable,
                              fmt::format("the checkpoint \"{}\" is in use by another process", m_path),
                              "Wait for the other rmqha publish, or give each input a checkpoint of its own.");
        }
        if (still_named(fd.get(), m_path)) {
            try {
                m_record = parse_checkpoint(read_all(fd.get(), m_path));
            } catch (base::Error const& error) {
                throw base::Error(
                    error.code(), fmt::format("the checkpoint \"{}\": {}", m_path, error.what()),
                    fmt::format("Name another file or, if \"{}\" was one, remove it to start over.", m_path));
            }
            m_fd = std::move(fd);
            return true;
        }
    }
}

bool CheckpointFile::create(CheckpointRecord const& fresh)
{
    auto temporary = m_path + ".XXXXXX";
    base::Fd fd(::mkostemp(temporary.data(), O_CLOEXEC));
    if (!fd) {
        fail_to("create", m_path);
    }
    bool made = false;
    try {
        lock(fd.get(), m_path);
        write_and_sync(fd.get(), to_json(fresh), m_path);
        // Unlike rename, link leaves alone what another process has put there in between.
        made = ::link(temporary.c_str(), m_path.c_str()) == 0;
        if (!made && errno != EEXIST) {
            fail_to("create", m_path);
        }
    } catch (...) {
        ::unlink(temporary.c_str());
        throw;
    }
    ::unlink(temporary.c_str());
    if (made) {
        base::sync_folder(m_path);
        m_fd = std::move(fd);
        m_record = fresh;
    }
    return made;
}

void CheckpointFile::check_target(std::map<std::string, std::string> const& target) const
{
    for (auto const& [what, now] : target) {
        auto const found = m_record.target.find(what);
        auto const& before = found == m_record.target.end() ? std::string() : found->second;
        if (before != now) {
            throw base::Error(base::ExitCode::data,
                              fmt::format("the checkpoint \"{}\" is of another publish: its {} is \"{}\", not \"{}\"",
                                          m_path, what, before, now),
                              fmt::format("Give the same as before, or remove \"{}\" to start over.", m_path));
        }
    }
}

void CheckpointFile::write(Position const& position, bool complete)
{
    auto record = m_record;
    record.position = position;
    record.complete = complete;
    auto const next =
        m_path + ".rmqha-new"; // of this name only, and only ours: what a kill leaves behind is used again
    ::unlink(next.c_str());
    base::Fd fd(::open(next.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!fd) {
        fail_to("write", m_path);
    }
    try {
        lock(fd.get(), m_path);
        write_and_sync(fd.get(), to_json(record), m_path);
        if (::rename(next.c_str(), m_path.c_str()) != 0) {
            fail_to("write", m_path);
        }
    } catch (...) {
        ::unlink(next.c_str());
        throw;
    }
    m_fd = std::move(fd); // only now the old lock goes: there is no moment without one
    m_record = std::move(record);
    base::sync_folder(m_path);
}

} // namespace rmqha::messaging
