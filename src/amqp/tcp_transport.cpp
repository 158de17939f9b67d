#include "amqp/failure.hpp"
#include "amqp/transport.hpp"
#include "base/stop.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace rmqha::amqp {

namespace {

std::string reason(int error)
{
    return std::generic_category().message(error);
}

Failure connect_failure(int error)
{
    switch (error) {
    case ECONNREFUSED:
        return {FailureKind::refused, "connection refused", 0,
                "Check that the node runs and listens on that port (default 5672, with TLS 5671)."};
    case ETIMEDOUT:
        return {FailureKind::timed_out, "connecting timed out"};
    default:
        return {FailureKind::unreachable, fmt::format("cannot connect: {}", reason(error))};
    }
}

Failure lost(int error)
{
    return {FailureKind::lost,
            error == ECONNRESET ? "connection reset by the peer" : fmt::format("connection lost: {}", reason(error))};
}

class TcpTransport final : public Transport {
public:
    explicit TcpTransport(base::Fd fd) : m_fd(std::move(fd)) {}

    int fd() const noexcept override { return m_fd.get(); }

    std::size_t read(std::span<char> into) override
    {
        for (;;) {
            auto const got = ::recv(m_fd.get(), into.data(), into.size(), 0);
            if (got > 0) {
                return static_cast<std::size_t>(got);
            }
            if (got == 0) {
                throw Failure(FailureKind::lost, "connection closed by the peer");
            }
            if (errno == EAGAIN || errno == EWOULDBLOCK) {
                return 0;
            }
            if (errno != EINTR) {
                throw lost(errno);
            }
        }
    }

    std::size_t write(std::span<char const> from) override
    {
        for (;;) {
            auto const sent = ::send(m_fd.get(), from.data(), from.size(), MSG_NOSIGNAL);
            if (sent >= 0) {
                return static_cast<std::size_t>(sent);
            }
            if (errno == EAGAIN || errno == EWOULDBLOCK) {
                return 0;
            }
            if (errno != EINTR) {
                throw lost(errno);
            }
        }
    }

    void abandon() noexcept override
    {
        linger const reset{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(m_fd.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    }

private:
    base::Fd m_fd;
};

/// Starts connecting; returns the errno of an immediate failure, else 0.
int start(base::Fd& fd, SocketAddress const& address)
{
    fd.reset(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) {
        return errno;
    }
    if (::connect(fd.get(), reinterpret_cast<sockaddr const*>(&address.storage), address.length) == 0 ||
        errno == EINPROGRESS) {
        return 0;
    }
    return errno;
}

int outcome(base::Fd const& fd)
{
    int error = 0;
    socklen_t length = sizeof error;
    ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &length);
    return error;
}

} // namespace

base::Fd connect_any(std::vector<SocketAddress> const& addresses, base::TimePoint deadline, base::Stop const& stop)
{
    constexpr auto k_head_start = base::milliseconds(250);
    std::vector<base::Fd> attempts;
    std::size_t next = 0;
    int first_error = 0;
    auto const note_error = [&](int error) { first_error = first_error == 0 ? error : first_error; };
    auto start_next_at = std::chrono::steady_clock::now();
    for (;;) {
        stop.throw_if_requested();
        auto const now = std::chrono::steady_clock::now();
        if (now >= deadline) {
            throw connect_failure(first_error != 0 ? first_error : ETIMEDOUT);
        }
        if (next < addresses.size() && (attempts.empty() || now >= start_next_at)) {
            base::Fd attempt;
            if (int const error = start(attempt, addresses[next++]); error != 0) {
                note_error(error);
            } else {
                attempts.push_back(std::move(attempt));
            }
            start_next_at = now + k_head_start;
            continue;
        }
        if (attempts.empty()) {
            throw connect_failure(first_error);
        }
        std::vector<pollfd> waiting;
        for (auto const& attempt : attempts) {
            waiting.push_back({.fd = attempt.get(), .events = POLLOUT, .revents = 0});
        }
        waiting.push_back({.fd = stop.fd(), .events = POLLIN, .revents = 0});
        auto const until = next < addresses.size() ? std::min(deadline, start_next_at) : deadline;
        if (::poll(waiting.data(), waiting.size(), base::poll_timeout(until)) <= 0) {
            continue;
        }
        for (std::size_t i = attempts.size(); i-- > 0;) {
            if (waiting[i].revents == 0) {
                continue;
            }
            int const error = outcome(attempts[i]);
            if (error == 0) {
                return std::move(attempts[i]);
            }
            note_error(error);
            attempts.erase(attempts.begin() + static_cast<std::ptrdiff_t>(i));
        }
    }
}

std::unique_ptr<Transport> make_tcp_transport(base::Fd connected)
{
    int const on = 1;
    ::setsockopt(connected.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(connected.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    return std::make_unique<TcpTransport>(std::move(connected));
}

} // namespace rmqha::amqp
