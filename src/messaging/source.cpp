#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/units.hpp"
#include "base/wait.hpp"
#include "messaging/source_around.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
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
    bool at_end() const override { return m_left == 0; }

    Position position() const override
    {
        auto const given = m_count - m_left;
        return {.messages = given, .records = given, .digest = m_digest};
    }
    bool skip_to(Position const& there) override
    {
        m_digest = base::digest(m_message.body);
        if (there.records > 0 && there.digest != m_digest) {
            throw base::Error(base::ExitCode::data, "the message is not the one that was sent before");
        }
        m_left = m_count - std::min(m_count, there.messages);
        return true;
    }

private:
    Message m_message;
    std::uint64_t m_count;
    std::uint64_t m_left;
    std::uint64_t m_digest = 0;
};

class LimitedSource final : public SourceAround {
public:
    LimitedSource(std::unique_ptr<Source> source, std::uint64_t count)
        : SourceAround(std::move(source)), m_count(count), m_left(count)
    {
    }

    Next next(Message& into) override
    {
        if (m_left == 0) {
            return Next::end;
        }
        auto const result = SourceAround::next(into);
        m_left -= result == Next::message ? 1U : 0U;
        return result;
    }

    bool left_over(Message& into) override
    {
        if (m_left == 0 || !SourceAround::left_over(into)) {
            return false;
        }
        --m_left;
        return true;
    }

    std::optional<std::uint64_t> total() const override
    {
        return std::min(m_count, SourceAround::total().value_or(m_count));
    }
    bool at_end() const override { return m_left == 0 || SourceAround::at_end(); }

    bool skip_to(Position const& there) override
    {
        m_left = m_count - std::min(m_count, there.messages);
        return SourceAround::skip_to(there);
    }

private:
    std::uint64_t m_count;
    std::uint64_t m_left;
};

class GuardedSource final : public SourceAround {
public:
    GuardedSource(std::unique_ptr<Source> source, std::function<bool()> good)
        : SourceAround(std::move(source)), m_good(std::move(good))
    {
    }

    Next next(Message& into) override { return m_good() ? SourceAround::next(into) : Next::end; }

private:
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

std::string read_whole(int fd, WholeOptions const& options, base::Stop const& stop)
{
    constexpr std::size_t k_chunk = 256U << 10U;
    std::string body;
    for (;;) {
        if (!base::wait_readable(fd, options.deadline, stop)) {
            base::fail(base::ExitCode::timeout, "the deadline passed before the input ended");
        }
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
        if (body.size() > options.limit) {
            throw base::Error(base::ExitCode::data,
                              fmt::format("the input is longer than {}", base::format_size(options.limit)),
                              "To send each line as a message of its own, add --lines.");
        }
    }
}

} // namespace rmqha::messaging
