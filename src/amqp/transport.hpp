#pragma once

#include "amqp/resolver.hpp"
#include "base/connection_options.hpp"
#include "base/fd.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace rmqha::amqp {

/// A connected, non-blocking byte stream. Not thread-safe.
class Transport {
public:
    Transport() = default;
    Transport(Transport const&) = delete;
    Transport& operator=(Transport const&) = delete;
    virtual ~Transport() = default;

    virtual int fd() const noexcept = 0;
    /// Reads what is there: 0 when nothing is. Throws Failure(lost) when the peer has closed or reset the connection.
    virtual std::size_t read(std::span<char> into) = 0;
    /// Writes what fits: 0 when nothing does. Throws Failure(lost).
    virtual std::size_t write(std::span<char const> from) = 0;
    /// poll(2) events to wait for besides POLLIN, and besides POLLOUT when there is something to write.
    virtual short wanted_events() const noexcept { return 0; }
    virtual bool encrypted() const noexcept { return false; }
    /// "TLSv1.3 TLS_AES_256_GCM_SHA384"; empty without TLS.
    virtual std::string encryption() const { return {}; }
    /// Whole days until the peer's certificate expires, negative once it has; nothing without TLS.
    virtual std::optional<int> certificate_days_left() const { return std::nullopt; }
    /// From now on close() throws away what was not sent yet, with a reset: nothing lingers in the kernel.
    virtual void abandon() noexcept = 0;
};

/// Connects to the first address that accepts. Each next address is tried when the one before failed, or has not
/// answered for 250 ms (RFC 8305, "happy eyeballs"); a black-holed address so costs a quarter second, not the deadline.
/// Throws Failure (refused, unreachable, timed_out), Interrupted.
base::Fd connect_any(std::vector<SocketAddress> const& addresses, base::TimePoint deadline, base::Stop const& stop);

std::unique_ptr<Transport> make_tcp_transport(base::Fd connected);

/// Performs the TLS handshake, verifying peer and `host` (a name or an address) unless told not to. TLS 1.2 or later.
/// Throws Failure (tls, timed_out, lost), Error(config) for unusable certificate files, Interrupted.
std::unique_ptr<Transport> make_tls_transport(base::Fd connected, std::string const& host,
                                              base::TlsOptions const& options, base::TimePoint deadline,
                                              base::Stop const& stop);

} // namespace rmqha::amqp
