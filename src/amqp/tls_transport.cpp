#include "amqp/failure.hpp"
#include "amqp/transport.hpp"
#include "base/stop.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>

#include <cerrno>
#include <system_error>

namespace rmqha::amqp {

namespace {

struct FreeContext {
    void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};
struct FreeSession {
    void operator()(SSL* session) const noexcept { SSL_free(session); }
};
using Context = std::unique_ptr<SSL_CTX, FreeContext>;
using Session = std::unique_ptr<SSL, FreeSession>;

std::string openssl_reason()
{
    auto const error = ERR_peek_last_error();
    char const* const text = ERR_reason_error_string(error);
    return text != nullptr ? text : "unknown TLS error";
}

[[noreturn]] void bad_file(char const* what, std::string const& path)
{
    auto const first = ERR_peek_error(); // the system's word where there is one: OpenSSL's last is "system lib" then
    auto const reason =
        ERR_SYSTEM_ERROR(first) ? std::generic_category().message(ERR_GET_REASON(first)) : openssl_reason();
    throw base::Error(base::ExitCode::config, fmt::format("cannot use {} \"{}\": {}", what, path, reason),
                      "The file must exist, be readable and hold PEM.");
}

bool is_address(std::string const& host)
{
    in6_addr address{};
    return inet_pton(AF_INET, host.c_str(), &address) == 1 || inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

Context make_context(base::TlsOptions const& options)
{
    ERR_clear_error();
    Context context(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_verify(context.get(), options.insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
    if (options.cacert.empty()) {
        SSL_CTX_set_default_verify_paths(context.get());
    } else if (SSL_CTX_load_verify_locations(context.get(), options.cacert.c_str(), nullptr) != 1) {
        bad_file("the CA certificate", options.cacert);
    }
    if (!options.cert.empty() && SSL_CTX_use_certificate_chain_file(context.get(), options.cert.c_str()) != 1) {
        bad_file("the client certificate", options.cert);
    }
    auto const& key = options.key.empty() ? options.cert : options.key;
    if (!key.empty() && SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM) != 1) {
        if (ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH) {
            throw base::Error(
                base::ExitCode::config,
                fmt::format("cannot use the client key \"{}\": it does not belong to the certificate \"{}\"", key,
                            options.cert),
                "Give the certificate and the key that were made together.");
        }
        bad_file("the client key", key);
    }
    return context;
}

void expect_peer(SSL* session, std::string const& host, base::TlsOptions const& options)
{
    auto const& name = options.server_name.empty() ? host : options.server_name;
    if (is_address(name)) {
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), name.c_str());
    } else {
        SSL_set_tlsext_host_name(session, name.c_str());
        X509_VERIFY_PARAM_set1_host(SSL_get0_param(session), name.c_str(), name.size());
    }
}

/// Why the handshake failed, in words an operator can act on.
Failure handshake_failure(SSL* session, std::string const& host, base::TlsOptions const& options)
{
    auto const verified = SSL_get_verify_result(session);
    if (!options.insecure && verified != X509_V_OK) {
        auto const& name = options.server_name.empty() ? host : options.server_name;
        if (verified == X509_V_ERR_HOSTNAME_MISMATCH || verified == X509_V_ERR_IP_ADDRESS_MISMATCH) {
            return {FailureKind::tls, fmt::format("the server's certificate is not for \"{}\"", name), 0,
                    "Connect by a name the certificate holds, or give that name with --server-name."};
        }
        if (verified == X509_V_ERR_CERT_HAS_EXPIRED) {
            return {FailureKind::tls, "the server's certificate has expired", 0, "Renew the certificate on the node."};
        }
        return {FailureKind::tls,
                fmt::format("the server's certificate is not trusted: {}", X509_verify_cert_error_string(verified)), 0,
                "Give the authority that signed it with --cacert."};
    }
    auto const error = ERR_peek_last_error();
    auto const code = ERR_GET_REASON(error);
    if (code == SSL_R_WRONG_VERSION_NUMBER || code == SSL_R_PACKET_LENGTH_TOO_LONG || code == SSL_R_HTTP_REQUEST) {
        return {FailureKind::tls, "the peer does not speak TLS on this port", 0,
                "Drop --tls, or use the TLS port (default 5671)."};
    }
    if (error == 0 || code == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
        return {FailureKind::tls, "the peer closed the connection during the TLS handshake", 0,
                "Check that the port speaks TLS, and whether it wants a client certificate (--cert, --key)."};
    }
    if (code == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED || code == SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE ||
        code == SSL_R_SSLV3_ALERT_BAD_CERTIFICATE || code == SSL_R_TLSV1_ALERT_UNKNOWN_CA) {
        return {FailureKind::tls, fmt::format("the server refused the TLS handshake: {}", openssl_reason()), 0,
                "The server may want a client certificate that it trusts (--cert, --key)."};
    }
    return {FailureKind::tls, fmt::format("TLS handshake failed: {}", openssl_reason())};
}

class TlsTransport final : public Transport {
public:
    TlsTransport(base::Fd fd, Context context)
        : m_tcp(make_tcp_transport(std::move(fd))), m_context(std::move(context)), m_session(SSL_new(m_context.get()))
    {
        SSL_set_fd(m_session.get(), m_tcp->fd());
    }

    int fd() const noexcept override { return m_tcp->fd(); }
    SSL* session() const noexcept { return m_session.get(); }
    short wanted_events() const noexcept override { return m_wanted; }
    void abandon() noexcept override { m_tcp->abandon(); }

    std::size_t read(std::span<char> into) override
    {
        ERR_clear_error();
        std::size_t got = 0;
        return SSL_read_ex(m_session.get(), into.data(), into.size(), &got) == 1 ? got : nothing_yet(0);
    }

    std::size_t write(std::span<char const> from) override
    {
        ERR_clear_error();
        std::size_t sent = 0;
        return SSL_write_ex(m_session.get(), from.data(), from.size(), &sent) == 1 ? sent : nothing_yet(0);
    }

    bool encrypted() const noexcept override { return true; }

    std::string encryption() const override
    {
        return fmt::format("{} {}", SSL_get_version(m_session.get()), SSL_get_cipher_name(m_session.get()));
    }

    std::optional<int> certificate_days_left() const override
    {
        auto const* const certificate = SSL_get0_peer_certificate(m_session.get());
        int days = 0;
        int seconds = 0;
        if (certificate == nullptr || ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(certificate)) != 1) {
            return std::nullopt;
        }
        return days - (seconds < 0 ? 1 : 0);
    }

    /// Performs one step of the handshake: true when it is done.
    bool shake_hands(std::string const& host, base::TlsOptions const& options)
    {
        ERR_clear_error();
        int const result = SSL_connect(m_session.get());
        if (result == 1) {
            m_wanted = 0;
            return true;
        }
        switch (SSL_get_error(m_session.get(), result)) {
        case SSL_ERROR_WANT_READ:
            m_wanted = 0;
            return false;
        case SSL_ERROR_WANT_WRITE:
            m_wanted = POLLOUT;
            return false;
        default:
            throw handshake_failure(m_session.get(), host, options);
        }
    }

private:
    std::size_t nothing_yet(int result)
    {
        switch (SSL_get_error(m_session.get(), result)) {
        case SSL_ERROR_WANT_READ:
            m_wanted = 0;
            return 0;
        case SSL_ERROR_WANT_WRITE:
            m_wanted = POLLOUT;
            return 0;
        case SSL_ERROR_ZERO_RETURN:
            throw Failure(FailureKind::lost, "connection closed by the peer");
        case SSL_ERROR_SYSCALL:
            throw Failure(FailureKind::lost,
                          errno == ECONNRESET || errno == 0
                              ? "connection reset by the peer"
                              : fmt::format("connection lost: {}", std::generic_category().message(errno)));
        default:
            if (ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
                throw Failure(FailureKind::lost, "connection closed by the peer");
            }
            // With TLS 1.3 the server judges the client's certificate after the client's handshake is over.
            throw handshake_failure(m_session.get(), {}, {.insecure = true});
        }
    }

    std::unique_ptr<Transport> m_tcp;
    Context m_context;
    Session m_session;
    short m_wanted = 0;
};

} // namespace

std::unique_ptr<Transport> make_tls_transport(base::Fd connected, std::string const& host,
                                              base::TlsOptions const& options, base::TimePoint deadline,
                                              base::Stop const& stop)
{
    auto transport = std::make_unique<TlsTransport>(std::move(connected), make_context(options));
    expect_peer(transport->session(), host, options);
    while (!transport->shake_hands(host, options)) {
        stop.throw_if_requested();
        if (std::chrono::steady_clock::now() >= deadline) {
            throw Failure(FailureKind::timed_out, "connected, but the TLS handshake got no answer in time");
        }
        pollfd waiting[2] = {
            {.fd = transport->fd(), .events = static_cast<short>(POLLIN | transport->wanted_events()), .revents = 0},
            {.fd = stop.fd(), .events = POLLIN, .revents = 0}};
        ::poll(waiting, 2, base::poll_timeout(deadline));
    }
    return transport;
}

} // namespace rmqha::amqp
