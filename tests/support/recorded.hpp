#pragma once

#include "http/transport.hpp"

#include <string>

namespace rmqha::test {

/// A recorded management answer: "3.10/nodes.json" of tests/data/management.
std::string recorded(std::string const& name);

inline http::Result answered(std::string body, int status = 200)
{
    return http::Response{status, std::move(body), base::milliseconds(2)};
}

inline http::Result fault(http::FaultKind kind, std::string reason)
{
    return http::Fault{kind, std::move(reason), base::milliseconds(3)};
}

} // namespace rmqha::test
