#include "messaging/envelope_source.hpp"

#include "base/error.hpp"
#include "messaging/envelope.hpp"

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

class EnvelopeSource final : public Source {
public:
    EnvelopeSource(std::unique_ptr<Source> lines, Message defaults, KeyTemplate key)
        : m_lines(std::move(lines)), m_defaults(std::move(defaults)), m_key(std::move(key))
    {
    }

    int fd() const noexcept override { return m_lines->fd(); }

    Next next(Message& into) override
    {
        do {
            auto const result = m_lines->next(m_line);
            if (result != Next::message) {
                return result;
            }
            ++m_number;
        } while (m_line.body.find_first_not_of(" \t\r") == std::string::npos);
        at("line", m_number, [&] {
            into = m_defaults;
            if (!read_envelope(m_line.body, into) && m_key.has_fields()) {
                into.routing_key = m_key.render(into.body);
            }
        });
        return Next::message;
    }

private:
    std::unique_ptr<Source> m_lines;
    Message m_defaults;
    KeyTemplate m_key;
    Message m_line;
    std::uint64_t m_number = 0;
};

class KeyedSource final : public Source {
public:
    KeyedSource(std::unique_ptr<Source> source, KeyTemplate key) : m_source(std::move(source)), m_key(std::move(key)) {}

    int fd() const noexcept override { return m_source->fd(); }
    std::optional<std::uint64_t> total() const override { return m_source->total(); }

    Next next(Message& into) override
    {
        auto const result = m_source->next(into);
        if (result == Next::message) {
            at("record", ++m_number, [&] { into.routing_key = m_key.render(into.body); });
        }
        return result;
    }

private:
    std::unique_ptr<Source> m_source;
    KeyTemplate m_key;
    std::uint64_t m_number = 0;
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
