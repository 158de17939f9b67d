#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace rmqha::serve {

/// What routes are a function of.
struct Request {
    std::string method = "GET";
    std::string path;          ///< percent-decoded, without the query
    std::string authorization; ///< the header's value; empty without one
};

struct Response {
    int status = 200;
    std::string body;
    std::string type = "text/plain; charset=utf-8";
    std::vector<std::pair<std::string, std::string>> headers{}; ///< besides the usual ones
};

/// Called from the server's thread, one request at a time; must not wait for anything.
using Handler = std::function<Response(Request const&)>;

} // namespace rmqha::serve
