#include "serve/http_server.hpp"

#include "base/error.hpp"

#include <fmt/format.h>
#include <microhttpd.h>

#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace rmqha::serve {
namespace {

constexpr unsigned k_most_clients = 200;
/// Longer than most pause between two scrapes, so that scrapers keep their connection.
constexpr unsigned k_idle_seconds = 30;

MHD_Result send(MHD_Connection* connection, Response const& response)
{
    // MHD copies the body and never writes to it.
    auto* const made = MHD_create_response_from_buffer(response.body.size(), const_cast<char*>(response.body.data()),
                                                       MHD_RESPMEM_MUST_COPY);
    if (made == nullptr) {
        return MHD_NO;
    }
    MHD_add_response_header(made, MHD_HTTP_HEADER_CONTENT_TYPE, response.type.c_str());
    for (auto const& [name, value] : response.headers) {
        MHD_add_response_header(made, name.c_str(), value.c_str());
    }
    auto const queued = MHD_queue_response(connection, static_cast<unsigned>(response.status), made);
    MHD_destroy_response(made);
    return queued;
}

MHD_Result on_request(void* handler, MHD_Connection* connection, char const* url, char const* method,
                      char const* /*version*/, char const* /*upload*/, std::size_t* /*upload_size*/, void** seen)
{
    static int mark = 0;
    bool const reads = std::strcmp(method, "GET") == 0 || std::strcmp(method, "HEAD") == 0;
    if (reads && *seen == nullptr) {
        *seen = &mark; // answered at the second call: at the first the connection could not be kept open
        return MHD_YES;
    }
    try {
        auto const* const authorization = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization");
        Request const request{method, url, authorization == nullptr ? "" : authorization};
        return send(connection, (*static_cast<Handler*>(handler))(request));
    } catch (std::exception const&) { // out of memory, for one: must not get into C code
        return MHD_NO;
    }
}

void keep_first(void* kept, char const* format, va_list arguments)
{
    auto& text = *static_cast<std::string*>(kept);
    if (text.empty()) {
        std::array<char, 512> line{};
        std::vsnprintf(line.data(), line.size(), format, arguments);
        text = line.data();
        text.erase(text.find_last_not_of(".\n") + 1);
    }
}

} // namespace

struct HttpServer::Daemon {
    Handler handler;
    std::string complaint; ///< the first that MHD had; it writes to stderr otherwise
    ServerTls tls;
    MHD_Daemon* daemon = nullptr;
};

HttpServer::HttpServer(base::Fd socket, Handler handler, ServerTls const* tls) : m_daemon(std::make_unique<Daemon>())
{
    auto& own = *m_daemon;
    own.handler = std::move(handler);
    unsigned flags = MHD_USE_AUTO_INTERNAL_THREAD | MHD_USE_ERROR_LOG;
    std::array<MHD_OptionItem, 4> options{}; // the rest is MHD_OPTION_END, which is 0
    std::size_t used = 0;
    if (tls != nullptr) {
        own.tls = *tls;
        flags |= MHD_USE_TLS;
        options[used++] = {MHD_OPTION_HTTPS_MEM_CERT, 0, own.tls.certificate.data()};
        options[used++] = {MHD_OPTION_HTTPS_MEM_KEY, 0, own.tls.key.data()};
        static char priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";
        options[used++] = {MHD_OPTION_HTTPS_PRIORITIES, 0, priorities};
    }
    // The daemon closes the socket, though not always when it does not start: the process is at its end then.
    own.daemon = MHD_start_daemon(flags, 0, nullptr, nullptr, &on_request, &own.handler, MHD_OPTION_EXTERNAL_LOGGER,
                                  &keep_first, &own.complaint, MHD_OPTION_LISTEN_SOCKET, socket.release(),
                                  MHD_OPTION_CONNECTION_LIMIT, k_most_clients, MHD_OPTION_CONNECTION_TIMEOUT,
                                  k_idle_seconds, MHD_OPTION_ARRAY, options.data(), MHD_OPTION_END);
    if (own.daemon == nullptr) {
        auto const why = own.complaint.empty() ? std::string("no reason given") : own.complaint;
        if (tls != nullptr) {
            throw base::Error(base::ExitCode::config, fmt::format("cannot serve over TLS: {}", why),
                              "--tls-cert takes a PEM file with the certificate and its chain, --tls-key its key, "
                              "without a passphrase.");
        }
        throw base::Error(base::ExitCode::unavailable, fmt::format("cannot serve: {}", why));
    }
}

HttpServer::~HttpServer()
{
    MHD_stop_daemon(m_daemon->daemon);
}

} // namespace rmqha::serve
