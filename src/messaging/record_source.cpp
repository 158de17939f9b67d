#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/units.hpp"
#include "messaging/source.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>
#include <utility>

namespace rmqha::messaging {

namespace {

constexpr std::uint64_t k_stretch = 1024; ///< at most so many records are read again to know a place by them

/// Where the file stands that `fd` reads; nothing when it cannot be gone about in.
std::optional<off_t> start_of(int fd)
{
    struct stat info {};
    if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        return std::nullopt;
    }
    auto const at = ::lseek(fd, 0, SEEK_CUR);
    return at < 0 ? std::nullopt : std::optional(at);
}

class RecordSource final : public Source {
public:
    RecordSource(base::Fd fd, Message prototype, RecordSourceOptions const& options)
        : m_fd(std::move(fd)), m_prototype(std::move(prototype)), m_options(options), m_start(start_of(m_fd.get()))
    {
    }

    int fd() const noexcept override { return m_fd.get(); }
    bool at_end() const override
    {
        auto const now = extent();
        return now && now->read >= now->size;
    }

    Next next(Message& into) override
    {
        auto const result = find();
        if (result == Next::message) {
            take(into);
        }
        return result;
    }

    bool left_over(Message& into) override
    {
        bool const can_be_read_again = ::lseek(m_fd.get(), 0, SEEK_CUR) >= 0;
        if (can_be_read_again || !find_held()) {
            return false;
        }
        take(into);
        return true;
    }

    std::optional<Extent> extent() const override
    {
        struct stat info {};
        if (!m_start || ::fstat(m_fd.get(), &info) != 0) {
            return std::nullopt;
        }
        return Extent{.read = m_here.bytes,
                      .size = static_cast<std::uint64_t>(std::max<off_t>(info.st_size - *m_start, 0))};
    }

    Position position() const override { return m_here; }

    bool skip_to(Position const& there) override
    {
        if (!std::exchange(m_digesting, true) && m_start && there.anchor_bytes > 0) {
            ::lseek(m_fd.get(), *m_start + static_cast<off_t>(there.anchor_bytes), SEEK_SET);
            m_here.messages = m_here.records = there.anchor_records;
            m_here.bytes = there.anchor_bytes;
        }
        while (m_here.records < there.records) {
            auto const result = find();
            if (result == Next::later) {
                return false;
            }
            if (result == Next::end) {
                base::fail(base::ExitCode::data, "the input is another, or shorter: it ends before record {}",
                           there.records);
            }
            pass();
        }
        // What was the input's end may have got its delimiter since.
        auto const end = there.bytes + (m_delimiter_size > 0 && m_here.bytes == there.bytes + 1 ? 1U : 0U);
        if (m_here.bytes != end || m_here.digest != there.digest) {
            base::fail(base::ExitCode::data, "the input is another: it differs at record {}, or before", there.records);
        }
        return true;
    }

private:
    /// Looks for the next record: m_searched bytes at m_begin, and m_delimiter_size behind them.
    Next find()
    {
        for (;;) {
            bool const found = find_held();
            if (m_searched > m_options.limit) {
                throw base::Error(base::ExitCode::data,
                                  fmt::format("record {} of the input is longer than {}", m_here.records + 1,
                                              base::format_size(m_options.limit)),
                                  "Check the record separator (--lines, -0).");
            }
            if (found) {
                return Next::message;
            }
            if (m_ended) {
                return Next::end;
            }
            if (!fill()) {
                return Next::later;
            }
        }
    }

    /// The same in what has been read; false when it does not end there, or is too long.
    bool find_held()
    {
        auto const* const start = m_buffer.data() + m_begin;
        auto const held = m_buffer.size() - m_begin;
        auto const* const end =
            static_cast<char const*>(std::memchr(start + m_searched, m_options.delimiter, held - m_searched));
        m_searched = end != nullptr ? static_cast<std::size_t>(end - start) : held;
        m_delimiter_size = end != nullptr ? 1 : 0;
        return m_searched <= m_options.limit && (end != nullptr || (m_ended && m_searched > 0));
    }

    void take(Message& into)
    {
        into.exchange = m_prototype.exchange;
        into.routing_key = m_prototype.routing_key;
        into.properties = m_prototype.properties;
        into.body.assign(m_buffer, m_begin, m_searched);
        pass();
    }

    /// Leaves behind what find() found.
    void pass()
    {
        if (m_digesting) {
            if (m_here.records % k_stretch == 0) {
                m_here.anchor_records = m_here.records;
                m_here.anchor_bytes = m_here.bytes;
                m_here.digest = 0;
            }
            m_here.digest = base::digest(std::string_view(m_buffer).substr(m_begin, m_searched), m_here.digest);
        }
        m_begin += m_searched + m_delimiter_size;
        m_here.bytes += m_searched + m_delimiter_size;
        m_here.messages = ++m_here.records;
        m_searched = 0;
    }

    /// Reads more, if it can be had without waiting.
    bool fill()
    {
        constexpr std::size_t k_chunk = 256U << 10U;
        pollfd ready{.fd = m_fd.get(), .events = POLLIN, .revents = 0};
        if (::poll(&ready, 1, 0) == 0) {
            return false;
        }
        m_buffer.erase(0, m_begin);
        m_begin = 0;
        auto const held = m_buffer.size();
        m_buffer.resize(held + k_chunk);
        auto const got = ::read(m_fd.get(), m_buffer.data() + held, k_chunk);
        auto const error = errno;
        m_buffer.resize(held + (got > 0 ? static_cast<std::size_t>(got) : 0));
        if (got < 0 && error != EINTR && error != EAGAIN) {
            base::fail(base::ExitCode::unavailable, "cannot read the input: {}",
                       std::generic_category().message(error));
        }
        m_ended = got == 0;
        return got >= 0;
    }

    base::Fd m_fd;
    Message m_prototype;
    RecordSourceOptions m_options;
    std::optional<off_t> m_start; ///< of a regular file
    std::string m_buffer;
    std::size_t m_begin = 0;    ///< of the current record
    std::size_t m_searched = 0; ///< bytes of it known to hold no delimiter
    std::size_t m_delimiter_size = 0;
    Position m_here;
    bool m_digesting = false;
    bool m_ended = false;
};

} // namespace

std::unique_ptr<Source> make_record_source(base::Fd fd, Message prototype, RecordSourceOptions const& options)
{
    return std::make_unique<RecordSource>(std::move(fd), std::move(prototype), options);
}

} // namespace rmqha::messaging
