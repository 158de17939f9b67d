#pragma once

#include <curl/curl.h>

#include <ctime>
#include <map>
#include <optional>
#include <string>

namespace rmqha::http {

/// Knows when the certificates of servers expire. curl tells it only in the transfer that opened the connection, and
/// connections are used again: what each server showed is kept. Not thread-safe.
class Certificates {
public:
    /// Takes note of what the transfer, which must have had CURLOPT_CERTINFO and be finished, tells of its server;
    /// returns the whole days until that server's certificate expires, negative once it has. Nothing without TLS.
    std::optional<int> days_left(CURL* transfer);

private:
    std::map<std::string, std::time_t> m_expiries; ///< by address and port
};

} // namespace rmqha::http
