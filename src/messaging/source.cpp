#include "messaging/source.hpp"

#include "base/error.hpp"
#include "base/stop.hpp"
#include "base/units.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace rmqha::messaging {

namespace {

[[noreturn]] void unreadable(int error)
{
    base::fail(base::ExitCode::unavailable, "cannot read the input: {}", std::generic_category().message(error));
}

class RepeatingSource final : public Source {
public:
    RepeatingSource(Message message, std::uint64_t count) : m_message(std::move(message)), m_count(count), m_left(count)
    {
    }

    Next next(Message& into) override
    {
        if (m_left == 0) {
            return Next::end;
        }
        --m_left;
        into = m_message;
        return Next::message;
    }
    bool left_over(Message& into) override { return m_count == 1 && next(into) == Next::message; }
    std::optional<std::uint64_t> total() const override { return m_count; }

private:
    Message m_message;
    std::uint64_t m_count;
    std::uint64_t m_left;
};

class RecordSource final : public Source {
public:
    RecordSource(base::Fd fd, Message prototype, RecordSourceOptions const& options)
        : m_fd(std::move(fd)), m_prototype(std::move(prototype)), m_options(options)
    {
    }

    int fd() const noexcept override { return m_fd.get(); }

    Next next(Message& into) override
    {
        for (;;) {
            bool const complete = find_end();
            if (m_searched > m_options.limit) {
                throw base::Error(base::ExitCode::data,
                                  fmt::format("record {} of the input is longer than {}", m_record + 1,
                                              base::format_size(m_options.limit)),
                                  "Check the record separator (--lines, -0).");
            }
            if (complete) {
                take(into, m_searched, 1);
                return Next::message;
            }
            if (m_ended) {
                if (m_searched == 0) {
                    return Next::end;
                }
                take(into, m_searched, 0);
                return Next::message;
            }
            if (!fill()) {
                return Next::later;
            }
        }
    }

    bool left_over(Message& into) override
    {
        bool const can_be_read_again = ::lseek(m_fd.get(), 0, SEEK_CUR) >= 0;
        if (can_be_read_again) {
            return false;
        }
        bool const complete = find_end();
        if (m_searched > m_options.limit || (!complete && (!m_ended || m_searched == 0))) {
            return false;
        }
        take(into, m_searched, complete ? 1 : 0);
        return true;
    }

private:
    /// Takes m_searched to the end of the current record, or of the buffer: then false.
    bool find_end()
    {
        auto const* const start = m_buffer.data() + m_begin;
        auto const held = m_buffer.size() - m_begin;
        auto const* const found =
            static_cast<char const*>(std::memchr(start + m_searched, m_options.delimiter, held - m_searched));
        m_searched = found != nullptr ? static_cast<std::size_t>(found - start) : held;
        return found != nullptr;
    }

    void take(Message& into, std::size_t size, std::size_t delimiter_size)
    {
        into.exchange = m_prototype.exchange;
        into.routing_key = m_prototype.routing_key;
        into.properties = m_prototype.properties;
        into.body.assign(m_buffer, m_begin, size);
        m_begin += size + delimiter_size;
        m_searched = 0;
        ++m_record;
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
            unreadable(error);
        }
        m_ended = got == 0;
        return got >= 0;
    }

    base::Fd m_fd;
    Message m_prototype;
    RecordSourceOptions m_options;
    std::string m_buffer;
    std::size_t m_begin = 0;    ///< of the current record
    std::size_t m_searched = 0; ///< bytes of it known to hold no delimiter
    std::uint64_t m_record = 0;
    bool m_ended = false;
};

class LimitedSource final : public Source {
public:
    LimitedSource(std::unique_ptr<Source> source, std::uint64_t count) : m_source(std::move(source)), m_left(count) {}

    int fd() const noexcept override { return m_source->fd(); }

    Next next(Message& into) override
    {
        if (m_left == 0) {
            return Next::end;
        }
        auto const result = m_source->next(into);
        m_left -= result == Next::message ? 1U : 0U;
        return result;
    }

    bool left_over(Message& into) override
    {
        if (m_left == 0 || !m_source->left_over(into)) {
            return false;
        }
        --m_left;
        return true;
    }

private:
    std::unique_ptr<Source> m_source;
    std::uint64_t m_left;
};

class GuardedSource final : public Source {
public:
    GuardedSource(std::unique_ptr<Source> source, std::function<bool()> good)
        : m_source(std::move(source)), m_good(std::move(good))
    {
    }

    int fd() const noexcept override { return m_source->fd(); }
    std::optional<std::uint64_t> total() const override { return m_source->total(); }
    Next next(Message& into) override { return m_good() ? m_source->next(into) : Next::end; }
    bool left_over(Message& into) override { return m_source->left_over(into); }

private:
    std::unique_ptr<Source> m_source;
    std::function<bool()> m_good;
};

} // namespace

std::unique_ptr<Source> make_guarded_source(std::unique_ptr<Source> source, std::function<bool()> good)
{
    return std::make_unique<GuardedSource>(std::move(source), std::move(good));
}

std::unique_ptr<Source> make_limited_source(std::unique_ptr<Source> source, std::uint64_t count)
{
    return std::make_unique<LimitedSource>(std::move(source), count);
}

std::unique_ptr<Source> make_repeating_source(Message message, std::uint64_t count)
{
    return std::make_unique<RepeatingSource>(std::move(message), count);
}

std::unique_ptr<Source> make_record_source(base::Fd fd, Message prototype, RecordSourceOptions const& options)
{
    return std::make_unique<RecordSource>(std::move(fd), std::move(prototype), options);
}

std::string read_whole(int fd, std::size_t limit, base::Stop const& stop)
{
    constexpr std::size_t k_chunk = 256U << 10U;
    std::string body;
    for (;;) {
        pollfd waiting[2] = {{.fd = fd, .events = POLLIN, .revents = 0},
                             {.fd = stop.fd(), .events = POLLIN, .revents = 0}};
        ::poll(waiting, 2, -1);
        stop.throw_if_requested();
        auto const held = body.size();
        body.resize(held + k_chunk);
        auto const got = ::read(fd, body.data() + held, k_chunk);
        auto const error = errno;
        body.resize(held + (got > 0 ? static_cast<std::size_t>(got) : 0));
        if (got == 0) {
            return body;
        }
        if (got < 0 && error != EINTR && error != EAGAIN) {
            unreadable(error);
        }
        if (body.size() > limit) {
            throw base::Error(base::ExitCode::data,
                              fmt::format("the input is longer than {}", base::format_size(limit)),
                              "To send each line as a message of its own, add --lines.");
        }
    }
}

} // namespace rmqha::messaging
