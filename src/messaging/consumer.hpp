#pragma once

#include "base/clock.hpp"
#include "cluster/connector.hpp"
#include "messaging/sink.hpp"
#include "messaging/stream_offset.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace rmqha::messaging {

class ConsumeRun;

struct ConsumeOptions {
    std::string queue;
    std::optional<std::uint64_t> count;             ///< end after so many messages; one put back does not count
    std::optional<base::milliseconds> idle_timeout; ///< end when nothing came for so long
    std::uint16_t prefetch = 200; ///< messages the broker sends ahead of acknowledgements; 0: all it has
    bool auto_ack = false;        ///< let the broker forget each message as it is sent; has no effect beside `count`
    bool exclusive = false;       ///< be the queue's only consumer
    amqp::Table arguments;        ///< of basic.consume
    std::optional<StreamOffset> offset; ///< where in a stream to begin; without it the broker's default, "next"
    /// Outages in a row, without a message or a minute of connection between, before giving up; 0: never.
    int connection_attempts = 3;
    base::milliseconds retry_delay{1'000};
    base::TimePoint deadline = base::k_never; ///< when all must be done
};

struct ConsumeSummary {
    std::uint64_t received = 0; ///< that the handler was done with
    std::uint64_t acknowledged = 0;
    std::uint64_t requeued = 0;
    std::uint64_t rejected = 0;
    std::uint64_t redelivered = 0; ///< of those given to the handler, marked by the broker as perhaps seen before
    std::uint64_t reconnects = 0;
    std::uint64_t cancelled = 0; ///< subscriptions the broker ended
    /// Of a stream: what comes behind the last message that, with all before it, the handler was done with.
    std::optional<std::uint64_t> next_offset;
    base::Duration elapsed{};
};

/// Receives from a queue, over another node when one is lost. A message is acknowledged only after the handler said so:
/// at least once; of a stream, it goes on behind the last that was done with. Takes from the connection only while at
/// most some 64 MiB of messages are held. Not thread-safe.
class Consumer {
public:
    Consumer(cluster::Connector& connector, ConsumeOptions const& options, std::function<void(std::string const&)> note,
             base::Stop& stop);
    ~Consumer();

    /// Returns at `count`, `idle_timeout`, or when the handler wants no more. Throws base::Error when no node can be
    /// reached, the queue is no more, or (timeout) at the deadline; base::Interrupted; summary() tells how far it came.
    /// However it ends, what the handler is at has some seconds to come to its end.
    void run(Handler& handler);
    void run(Sink const& sink); ///< the same with a SinkHandler

    ConsumeSummary const& summary() const noexcept;

private:
    std::unique_ptr<ConsumeRun> m_run;
};

} // namespace rmqha::messaging
