#pragma once

#include "http/transport.hpp"

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

namespace rmqha::test {

/// A recorded management answer: "3.10/nodes.json" of tests/data/management.
inline std::string recorded(std::string const& name)
{
    std::ifstream file(std::string(RMQHA_TEST_DATA) + "/management/" + name);
    if (!file) {
        throw std::runtime_error("no recorded answer " + name);
    }
    return {std::istreambuf_iterator<char>(file), {}};
}

inline http::Result answered(std::string body, int status = 200)
{
    return http::Response{status, std::move(body), base::milliseconds(2)};
}

inline http::Result fault(http::FaultKind kind, std::string reason)
{
    return http::Fault{kind, std::move(reason), base::milliseconds(3)};
}

} // namespace rmqha::test
