#pragma once

#include "base/clock.hpp"
#include "base/error.hpp"
#include "management/answer.hpp"
#include "management/client.hpp"

#include <memory>
#include <string>
#include <variant>

namespace rmqha::cmd {

class Context;

/// The management API of the context's cluster, asked of one node until the command's deadline. Its answers are values;
/// whatever else came is thrown as Error: `subject` is what messages begin with.
class Management {
public:
    /// `default_time` counts when no --deadline was given.
    Management(Context& context, base::milliseconds default_time);

    /// GET read by `read`.
    template <typename Value>
    Value get(std::string const& path, management::Answer<Value> (*read)(http::Result const&),
              std::string const& subject)
    {
        return value(read(m_client.get(path, m_deadline)), subject);
    }

    http::Result get(std::string const& path) { return m_client.get(path, m_deadline); }
    /// For what the command can do without: waits no longer than `patience`.
    http::Result get(std::string const& path, base::milliseconds patience);
    http::Result write(management::Write const& wanted) { return m_client.write(wanted, m_deadline); }

    /// The value, or the problem thrown.
    template <typename Value>
    Value value(management::Answer<Value> answer, std::string const& subject) const
    {
        if (auto const* const problem = management::problem_of(answer)) {
            fail(*problem, subject);
        }
        return std::get<Value>(std::move(answer));
    }
    [[noreturn]] void fail(management::Problem const& problem, std::string const& subject) const;

    base::TimePoint deadline() const noexcept { return m_deadline; }

private:
    std::unique_ptr<http::Transport> m_transport;
    base::TimePoint m_deadline;
    base::Clock const& m_clock;
    bool m_external; ///< the login is by client certificate
    management::Client m_client;
};

} // namespace rmqha::cmd
