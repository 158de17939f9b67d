#pragma once

#include "amqp/channel.hpp"
#include "base/connection_options.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace rmqha::base {
class Stop;
}

namespace rmqha::amqp {

/// Where to connect. `port` is never 0 here.
struct Target {
    std::string host;
    std::uint16_t port = 5672;
    base::TlsOptions tls;
};

struct OpenOptions {
    base::Credentials credentials;
    std::string vhost = "/";
    std::string connection_name;          ///< shown by the broker's tools
    base::milliseconds heartbeat{30'000}; ///< proposed; 0 switches heartbeats off; rounded up to whole seconds
};

/// How long each step took; a step that was not reached, or not needed, has no time.
struct Timings {
    std::optional<base::Duration> dns;
    std::optional<base::Duration> tcp;
    std::optional<base::Duration> tls;
    std::optional<base::Duration> login; ///< from the protocol header to the open channel
};

/// What the server said of itself, and what was agreed with it.
struct Server {
    std::string product;
    std::string version;
    std::string cluster_name;
    std::string address;    ///< the address connected to
    std::string encryption; ///< "TLSv1.3 ..."; empty without TLS
    std::optional<int> certificate_days_left;
    base::milliseconds heartbeat{}; ///< agreed; 0: none
    std::uint32_t frame_max = 0;
};

/// An AMQP 0-9-1 connection with its one channel: non-blocking transport, one poll loop, every wait bounded.
/// Not thread-safe; different connections may live on different threads.
class Connection final : public Channel {
public:
    /// Resolves, connects, encrypts and logs in within `deadline`; `timings` tells the steps, also of a failed attempt.
    /// Throws Failure, base::Error(config) for unusable certificate files, Interrupted.
    static std::unique_ptr<Connection> open(Target const& target, OpenOptions const& options, base::TimePoint deadline,
                                            base::Stop const& stop, Timings* timings = nullptr);
    ~Connection() override;

    Server const& server() const noexcept;
    int fd() const noexcept;

    void listen(Listener* listener) override;
    void heed(base::Stop const& stop) override;
    QueueState declare_queue(QueueSpec const& queue, base::TimePoint deadline) override;
    std::uint32_t delete_queue(std::string const& name, base::TimePoint deadline) override;
    void select_confirms(base::TimePoint deadline) override;
    void set_prefetch(std::uint16_t count, base::TimePoint deadline) override;
    std::string consume(std::string const& queue, ConsumeOptions const& options, base::TimePoint deadline) override;
    void cancel(std::string const& consumer_tag, base::TimePoint deadline) override;
    void publish(Publication const& message) override;
    void ack(std::uint64_t tag, bool multiple) override;
    void reject(std::uint64_t tag, bool multiple, bool requeue) override;
    std::size_t unsent() const override;
    bool blocked() const override;
    bool pump(Wait const& wait) override;
    Readiness readiness() const override;
    void reopen(base::TimePoint deadline) override;
    void close(base::TimePoint deadline) noexcept override;

private:
    class Impl;
    explicit Connection(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> m_impl;
};

} // namespace rmqha::amqp
