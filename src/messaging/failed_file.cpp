#include "messaging/failed_file.hpp"

#include "base/error.hpp"
#include "base/units.hpp"
#include "messaging/envelope.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace rmqha::messaging {

FailedFile::FailedFile(std::string path)
    : m_path(std::move(path)), m_fd(::open(m_path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600))
{
    if (!m_fd) {
        base::fail(base::ExitCode::unavailable, "cannot write \"{}\": {}", m_path,
                   std::generic_category().message(errno));
    }
    auto const size = ::lseek(m_fd.get(), 0, SEEK_END);
    char last = '\n';
    if (size > 0 && ::pread(m_fd.get(), &last, 1, size - 1) == 1 && last != '\n') {
        m_kept_back = '\n'; // somebody's last line has no end
    }
}

void FailedFile::refuse_as_input(int input) const
{
    struct stat mine {};
    struct stat other {};
    if (::fstat(m_fd.get(), &mine) == 0 && ::fstat(input, &other) == 0 && S_ISREG(mine.st_mode) &&
        mine.st_dev == other.st_dev && mine.st_ino == other.st_ino) {
        throw base::Error(base::ExitCode::usage, fmt::format("--failed \"{}\": it is the input itself", m_path),
                          "Name another file: what fails would be read again and again.");
    }
}

void FailedFile::add(Message const& message, Fate fate, std::string const& reason) noexcept
try {
    constexpr std::size_t k_enough = 64U << 10U;
    ++m_added;
    m_synced = false;
    m_kept_back += write_envelope({.exchange = message.exchange,
                                   .routing_key = message.routing_key,
                                   .properties = message.properties,
                                   .body = message.body,
                                   .fate = to_string(fate),
                                   .reason = reason});
    m_kept_back += '\n';
    if (m_kept_back.size() >= k_enough) {
        write_out();
    }
} catch (std::exception const& error) {
    m_failure = m_failure.empty() ? error.what() : m_failure;
}

void FailedFile::write_out()
{
    std::string_view rest = m_kept_back;
    while (!rest.empty() && m_failure.empty()) {
        auto const written = ::write(m_fd.get(), rest.data(), rest.size());
        if (written < 0 && errno != EINTR) {
            m_failure = std::generic_category().message(errno);
            drop_half_line(std::string_view(m_kept_back).substr(0, m_kept_back.size() - rest.size()));
        }
        rest.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
    }
    m_kept_back.clear();
}

/// A disk that is full has taken a part; what stays must be lines that can be read.
void FailedFile::drop_half_line(std::string_view written) const
{
    auto const whole = written.rfind('\n') + 1; // 0 when there is none
    auto const half = static_cast<off_t>(written.size() - whole);
    auto const end = ::lseek(m_fd.get(), 0, SEEK_CUR);
    struct stat now {};
    if (half > 0 && ::fstat(m_fd.get(), &now) == 0 && S_ISREG(now.st_mode) && now.st_size == end) {
        [[maybe_unused]] auto const ignored = ::ftruncate(m_fd.get(), end - half); // sync() tells that all is not well
    }
}

void FailedFile::sync()
{
    if (!std::exchange(m_synced, true)) {
        write_out();
        // EINVAL: a pipe, or a device, that cannot be synced
        if (m_failure.empty() && ::fdatasync(m_fd.get()) != 0 && errno != EINVAL) {
            m_failure = std::generic_category().message(errno);
        }
    }
    if (!m_failure.empty()) {
        throw base::Error(base::ExitCode::unavailable,
                          fmt::format("\"{}\" does not hold all {} messages that failed: {}", m_path,
                                      base::format_count(m_added), m_failure),
                          "When that showed no more messages were read: the rest is still in the input.");
    }
}

} // namespace rmqha::messaging
