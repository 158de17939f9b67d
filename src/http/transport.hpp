#pragma once

#include "base/clock.hpp"
#include "base/connection_options.hpp"

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace rmqha::base {
class Stop;
}

namespace rmqha::http {

struct Request {
    std::string method = "GET";
    std::string url{};               ///< http or https, already percent-encoded
    std::string body{};              ///< sent as application/json when not empty
    base::Credentials credentials{}; ///< Basic; not sent when the user is empty
    std::string bearer_token{};      ///< sent in place of them when not empty
    base::TlsOptions tls{};
    base::milliseconds connect_timeout{3000};
};

struct Response {
    int status = 0;
    std::string body;
    base::Duration took{};
    std::optional<int>
        certificate_days_left{}; ///< whole days until the server's expires, negative after; none without TLS
};

/// Why there is no response.
enum class FaultKind { unknown_host, refused, timed_out, tls, protocol, lost };

struct Fault {
    FaultKind kind = FaultKind::lost;
    std::string reason; ///< "refused", "no answer within 2.0s", ...: lower case, no final stop, no URL
    base::Duration took{};
};

using Result = std::variant<Response, Fault>;

/// Speaks HTTP. One of the four seams: curl in the program, recorded answers in unit tests.
class Transport {
public:
    Transport() = default;
    Transport(Transport const&) = delete;
    Transport& operator=(Transport const&) = delete;
    virtual ~Transport() = default;

    /// Sends all requests at once and returns a result for each, in their order, at `deadline` at the latest (what has
    /// not answered by then is a Fault timed_out). Throws Interrupted. Not thread-safe: one Transport per thread.
    virtual std::vector<Result> perform(std::vector<Request> const& requests, base::TimePoint deadline,
                                        base::Stop const& stop) = 0;
};

/// The real one, over curl_multi: HTTP/1.1, redirects not followed, a body above 256 MiB is a Fault. Keeps connections
/// open between calls; when a kept one turns out closed (RabbitMQ 4 closes idle ones after 5 s) the request is sent
/// again on a new one. Goes straight to the node: http_proxy and its like are ignored, since a health answer from
/// behind a proxy would be about the proxy, and credentials stay between the two ends.
std::unique_ptr<Transport> make_curl_transport();

} // namespace rmqha::http
