#include "support/tls_server.hpp"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <cstdio>
#include <stdexcept>

namespace rmqha::test {

namespace {

template <auto free>
struct Free {
    template <typename T>
    void operator()(T* object) const noexcept
    {
        free(object);
    }
};

void require(bool done, char const* what)
{
    if (!done) {
        throw std::runtime_error(std::string("OpenSSL cannot ") + what);
    }
}

} // namespace

struct Certificate::Parts {
    std::unique_ptr<X509, Free<X509_free>> certificate{X509_new()};
    std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>> key{EVP_EC_gen("P-256")};
};

Certificate::Certificate(Options const& options) : m_parts(std::make_unique<Parts>())
{
    constexpr long k_day = 24L * 60 * 60;
    static std::atomic<long> serial{1};
    auto* const certificate = m_parts->certificate.get();
    Parts const& signer = options.by != nullptr ? options.by->parts() : *m_parts;
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -10 * k_day);
    X509_gmtime_adj(X509_getm_notAfter(certificate), options.days_left * k_day);
    X509_set_pubkey(certificate, m_parts->key.get());
    auto const* const name = reinterpret_cast<unsigned char const*>(options.name.c_str());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8, name, -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(signer.certificate.get()));
    auto const extend = [&](int kind, std::string const& value) {
        std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>> const extension(
            X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str()));
        require(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1, "extend a certificate");
    };
    extend(NID_basic_constraints, options.by == nullptr ? "critical,CA:TRUE" : "CA:FALSE");
    if (!options.alternative.empty()) {
        extend(NID_subject_alt_name, options.alternative);
    }
    require(X509_sign(certificate, signer.key.get(), EVP_sha256()) > 0, "sign a certificate");
}

Certificate::Certificate(Certificate&&) noexcept = default;
Certificate::~Certificate() = default;

void Certificate::write(std::filesystem::path const& file) const
{
    std::unique_ptr<std::FILE, Free<std::fclose>> const out(std::fopen(file.c_str(), "w"));
    require(out != nullptr && PEM_write_X509(out.get(), m_parts->certificate.get()) == 1, "write a certificate");
}

void Certificate::write_key(std::filesystem::path const& file) const
{
    std::unique_ptr<std::FILE, Free<std::fclose>> const out(std::fopen(file.c_str(), "w"));
    auto* const key = m_parts->key.get();
    require(out != nullptr && PEM_write_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
            "write a key");
}

namespace {

/// TLS in memory: its bytes travel over a Peer.
class TlsPeer {
public:
    TlsPeer(Certificate const& certificate, Peer& peer) : m_peer(peer)
    {
        require(SSL_CTX_use_certificate(m_context.get(), certificate.parts().certificate.get()) == 1 &&
                    SSL_CTX_use_PrivateKey(m_context.get(), certificate.parts().key.get()) == 1,
                "use a certificate");
        m_session.reset(SSL_new(m_context.get()));
        SSL_set_bio(m_session.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
        SSL_set_accept_state(m_session.get());
    }

    /// Calls `step` with more and more of what the peer says until it succeeds; false when it never will.
    template <typename Step>
    bool until_done(Step const& step)
    {
        for (;;) {
            int const result = step(m_session.get());
            std::array<char, 4096> bytes{};
            for (int got = 0; (got = BIO_read(SSL_get_wbio(m_session.get()), bytes.data(), bytes.size())) > 0;) {
                m_peer.send({bytes.data(), static_cast<std::size_t>(got)});
            }
            if (result > 0) {
                return true;
            }
            if (SSL_get_error(m_session.get(), result) != SSL_ERROR_WANT_READ) {
                return false;
            }
            auto const byte = m_peer.read_exactly(1);
            BIO_write(SSL_get_rbio(m_session.get()), byte.data(), 1);
        }
    }

private:
    Peer& m_peer;
    std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>> m_context{SSL_CTX_new(TLS_server_method())};
    std::unique_ptr<SSL, Free<SSL_free>> m_session;
};

} // namespace

ScriptedServer::Script echoes_over_tls(Certificate const& certificate)
{
    return [&certificate](Peer& peer) {
        TlsPeer tls(certificate, peer);
        std::array<char, 64> said{};
        int size = 0;
        auto const read = [&](SSL* session) { return size = SSL_read(session, said.data(), said.size()); };
        auto const write = [&](SSL* session) { return SSL_write(session, said.data(), size); };
        if (tls.until_done(SSL_accept) && tls.until_done(read) && tls.until_done(write)) {
            peer.wait_for_close();
        }
    };
}

ScriptedServer::Script replies_over_tls(Certificate const& certificate, std::string reply, int count)
{
    return [&certificate, reply = std::move(reply), count](Peer& peer) {
        TlsPeer tls(certificate, peer);
        bool well = tls.until_done(SSL_accept);
        for (int request = 0; well && request < count; ++request) {
            std::string said;
            while (well && said.find("\r\n\r\n") == std::string::npos) {
                std::array<char, 1024> piece{};
                int size = 0;
                well =
                    tls.until_done([&](SSL* session) { return size = SSL_read(session, piece.data(), piece.size()); });
                said.append(piece.data(), static_cast<std::size_t>(std::max(size, 0)));
            }
            well = well && tls.until_done([&](SSL* session) {
                return SSL_write(session, reply.data(), static_cast<int>(reply.size()));
            });
        }
        if (well) {
            peer.wait_for_close();
        }
    };
}

} // namespace rmqha::test
