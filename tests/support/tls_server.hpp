#pragma once

#include "support/scripted_server.hpp"

#include <filesystem>
#include <memory>
#include <string>

namespace rmqha::test {

/// A certificate and its key, made in memory; the authority of a test is one that signs others. Thread-safe to read.
class Certificate {
public:
    struct Options {
        std::string name;                ///< common name
        std::string alternative;         ///< "DNS:localhost" or "IP:127.0.0.1"; empty: none
        Certificate const* by = nullptr; ///< who signs it; null: itself
        int days_left = 1;               ///< until it expires; negative: it has
    };
    explicit Certificate(Options const& options);
    Certificate(Certificate&&) noexcept;
    ~Certificate();

    /// Writes the certificate, as PEM.
    void write(std::filesystem::path const& file) const;
    /// Writes its key, as PEM.
    void write_key(std::filesystem::path const& file) const;

    struct Parts;
    Parts const& parts() const { return *m_parts; }

private:
    std::unique_ptr<Parts> m_parts;
};

/// A script that performs the server's side of a TLS handshake, echoes the first bytes that come, and waits for the
/// end. `certificate` must outlive it.
ScriptedServer::Script echoes_over_tls(Certificate const& certificate);

/// One that answers each of `count` requests (to the end of an HTTP header) with `reply`, then waits for the end.
ScriptedServer::Script replies_over_tls(Certificate const& certificate, std::string reply, int count);

} // namespace rmqha::test
