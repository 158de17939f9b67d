#pragma once

#include "base/fd.hpp"
#include "serve/http.hpp"

#include <memory>
#include <string>

namespace rmqha::serve {

/// Both in PEM.
struct ServerTls {
    std::string certificate; ///< with its chain
    std::string key;
};

/// Serves HTTP/1.1, or HTTPS (TLS 1.2 and 1.3), from one thread of its own until it is destroyed. At most 200 clients
/// at once; one that says or takes nothing for 30 s is let go, and holds up nobody meanwhile.
class HttpServer {
public:
    /// `socket` listens. Without `tls` it is HTTP. Throws Error(config) when certificate and key are of no use, and
    /// Error(unavailable) when the server cannot be started.
    HttpServer(base::Fd socket, Handler handler, ServerTls const* tls = nullptr);
    HttpServer(HttpServer const&) = delete;
    HttpServer& operator=(HttpServer const&) = delete;
    ~HttpServer();

private:
    struct Daemon;
    std::unique_ptr<Daemon> m_daemon;
};

} // namespace rmqha::serve
