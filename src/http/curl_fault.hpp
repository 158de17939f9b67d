#pragma once

#include "http/transport.hpp"

#include <curl/curl.h>

#include <string>

namespace rmqha::http {

/// A transfer that ended without an answer, in words. `details` is curl's own text (CURLOPT_ERRORBUFFER), `limit` the
/// time it had to connect. The handle must not have been reset yet.
Fault fault_of(CURL* easy, CURLcode code, std::string const& details, base::milliseconds limit);

/// What a transfer was waiting for when its time ran out: "no connection within 3.0s", "no answer within 2.0s", ...
Fault timed_out(CURL* easy, std::string const& details, base::Duration waited);

} // namespace rmqha::http
