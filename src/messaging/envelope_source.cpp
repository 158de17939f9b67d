#include "messaging/envelope_source.hpp"

#include "base/error.hpp"
#include "messaging/envelope.hpp"
#include "messaging/source_around.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <utility>

namespace rmqha::messaging {

namespace {

/// Runs `read` and says which part of the input its errors are about.
template <typename Read>
void at(std::string_view what, std::uint64_t number, Read const& read)
{
    try {
        read();
    } catch (base::Error const& error) {
        throw base::Error(error.code(), fmt::format("{} {} of the input: {}", what, number, error.what()),
                          error.hint());
    }
}

/// Whether `read` found a message; one that is none is told by next(), not when things have ended anyway.
template <typename Read>
bool succeeds(Read const& read)
{
    try {
        read();
        return true;
    } catch (base::Error const&) {
        return false;
    }
}

class EnvelopeSource final : public SourceAround {
public:
    EnvelopeSource(std::unique_ptr<Source> lines, Message defaults, KeyTemplate key)
        : SourceAround(std::move(lines)), m_defaults(std::move(defaults)), m_key(std::move(key))
    {
    }

    Next next(Message& into) override
    {
        do {
            auto const result = SourceAround::next(m_line);
            if (result != Next::message) {
                return result;
            }
            ++m_number;
        } while (blank());
        m_good = false;
        at("line", m_number, [&] { read(into); });
        m_good = true;
        ++m_messages;
        return Next::message;
    }

    bool left_over(Message& into) override
    {
        do {
            if (!m_good || !SourceAround::left_over(m_line)) {
                return false;
            }
        } while (blank());
        m_good = succeeds([&] { read(into); });
        return m_good;
    }

    std::optional<std::uint64_t> total() const override { return std::nullopt; } // blank lines are no messages
    Position position() const override
    {
        auto here = SourceAround::position();
        here.messages = m_messages;
        return here;
    }
    bool skip_to(Position const& there) override
    {
        m_number = there.records;
        m_messages = there.messages;
        return SourceAround::skip_to(there);
    }

private:
    bool blank() const { return m_line.body.find_first_not_of(" \t\r") == std::string::npos; }

    void read(Message& into) const
    {
        into = m_defaults;
        if (!read_envelope(m_line.body, into) && m_key.has_fields()) {
            into.routing_key = m_key.render(into.body);
        }
    }

    Message m_defaults;
    KeyTemplate m_key;
    Message m_line;
    std::uint64_t m_number = 0;
    std::uint64_t m_messages = 0;
    bool m_good = true; ///< no line was found to be no envelope
};

class KeyedSource final : public SourceAround {
public:
    KeyedSource(std::unique_ptr<Source> source, KeyTemplate key)
        : SourceAround(std::move(source)), m_key(std::move(key))
    {
    }

    Next next(Message& into) override
    {
        auto const result = SourceAround::next(into);
        if (result == Next::message) {
            m_good = false;
            at("record", ++m_number, [&] { into.routing_key = m_key.render(into.body); });
            m_good = true;
        }
        return result;
    }

    bool left_over(Message& into) override
    {
        m_good =
            m_good && SourceAround::left_over(into) && succeeds([&] { into.routing_key = m_key.render(into.body); });
        return m_good;
    }

    bool skip_to(Position const& there) override
    {
        m_number = there.messages;
        return SourceAround::skip_to(there);
    }

private:
    KeyTemplate m_key;
    std::uint64_t m_number = 0;
    bool m_good = true; ///< no record was found that makes no key
};

} // namespace

std::unique_ptr<Source> make_envelope_source(std::unique_ptr<Source> lines, Message defaults, KeyTemplate key)
{
    return std::make_unique<EnvelopeSource>(std::move(lines), std::move(defaults), std::move(key));
}

std::unique_ptr<Source> make_keyed_source(std::unique_ptr<Source> source, KeyTemplate key)
{
    return std::make_unique<KeyedSource>(std::move(source), std::move(key));
}

} // namespace rmqha::messaging
