#include "cmd/management.hpp"

#include "cmd/command.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rmqha::cmd {

namespace {

using Kind = management::Problem::Kind;

base::ExitCode code_of(Kind kind)
{
    switch (kind) {
    case Kind::silent:
        return base::ExitCode::timeout;
    case Kind::credentials:
    case Kind::permission:
        return base::ExitCode::denied;
    case Kind::unreadable:
        return base::ExitCode::protocol;
    case Kind::unreachable:
    case Kind::not_supported:
    case Kind::failed:
        break;
    }
    return base::ExitCode::unavailable;
}

std::string hint_of(Kind kind, bool external)
{
    switch (kind) {
    case Kind::credentials:
        if (external) {
            return "The management API takes no login by client certificate: give --user and --password-file as well.";
        }
        return "Give the credentials with --user and --password-file, or RMQHA_PASSWORD.";
    case Kind::silent:
        return "A node that hangs keeps the others from answering for up to a minute; see `rmqha monitor status`, or "
               "give more time with --deadline.";
    default:
        return "";
    }
}

} // namespace

Management::Management(Context& context, base::milliseconds default_time)
    : m_transport(http::make_curl_transport()),
      m_deadline(base::k_never),
      m_clock(context.clock),
      m_external(context.credentials().external),
      m_client(context.settings().nodes,
               {context.credentials(), context.settings().tls, context.settings().connection_timeout},
               {*m_transport, context.stop, context.clock})
{
    m_deadline = context.deadline(default_time); // after the time that a password took to type
}

http::Result Management::get(std::string const& path, base::milliseconds patience)
{
    return m_client.get(path, std::min(m_deadline, m_clock.now() + patience));
}

void Management::fail(management::Problem const& problem, std::string const& subject) const
{
    throw base::Error(code_of(problem.kind), fmt::format("{}: {} says: {}", subject, m_client.asked(), problem.reason),
                      hint_of(problem.kind, m_external));
}

} // namespace rmqha::cmd
