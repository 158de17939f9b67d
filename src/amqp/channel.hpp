#pragma once

#include "amqp/message.hpp"
#include "base/clock.hpp"

#include <poll.h>

#include <cstddef>
#include <span>
#include <string>

namespace rmqha::base {
class Stop;
}

namespace rmqha::amqp {

/// Who is told what arrives. Called from within Channel's methods; must not call back into the channel.
class Listener {
public:
    virtual ~Listener() = default;
    virtual void on_confirm(Confirm const& /*confirm*/) {}
    virtual void on_return(Returned&& /*returned*/) {}
    virtual void on_delivery(Delivery&& /*delivery*/) {}
    /// The broker ended the consumer: its queue was deleted or its node is gone.
    virtual void on_cancel(std::string const& /*consumer_tag*/) {}
    /// A resource alarm: the broker reads nothing from this connection until on_unblocked.
    virtual void on_blocked(std::string const& /*reason*/) {}
    virtual void on_unblocked() {}
};

struct QueueSpec {
    std::string name; ///< empty: the broker makes one up
    bool passive = false;
    bool durable = true;
    bool exclusive = false;
    bool auto_delete = false;
    Table arguments;
};

struct QueueState {
    std::string name;
    std::uint32_t messages = 0; ///< ready
    std::uint32_t consumers = 0;
};

struct ConsumeOptions {
    bool no_ack = false;
    bool exclusive = false;
    Table arguments;
};

/// What a wait ends at, besides something arriving.
struct Wait {
    base::TimePoint deadline;    ///< in the past: take what is there, do not wait
    std::span<pollfd> also = {}; ///< further descriptors; revents are filled in
    bool heed_stop = true;       ///< throw Interrupted on a stop; false while finishing after one
    /// False: send and keep the heartbeats, leave what arrives with the peer, who then has to wait.
    bool receive = true;
};

/// What pump() would wait for, for who waits for several channels at once.
struct Readiness {
    int fd = -1;
    short events = 0;                     ///< of poll(2)
    base::TimePoint until = base::k_never; ///< pump it then, whatever arrives: for the heartbeats
};

/// One AMQP channel over its own connection. A seam: the real one is Connection, tests use a fake.
/// Every call that talks to the broker throws Failure when connection or channel are gone (after all that had arrived
/// before was given to the listener), base::Error(timeout) at its deadline, and Interrupted on a stop. Not thread-safe.
class Channel {
public:
    Channel() = default;
    Channel(Channel const&) = delete;
    Channel& operator=(Channel const&) = delete;
    virtual ~Channel() = default;

    virtual void listen(Listener* listener) = 0; ///< nullptr: what arrives is dropped
    /// From now on this stop ends the waits, instead of the one given when opening.
    virtual void heed(base::Stop const& stop) = 0;

    virtual QueueState declare_queue(QueueSpec const& queue, base::TimePoint deadline) = 0;
    virtual std::uint32_t delete_queue(std::string const& name, base::TimePoint deadline) = 0; ///< messages deleted
    virtual void select_confirms(base::TimePoint deadline) = 0;
    virtual void set_prefetch(std::uint16_t count, base::TimePoint deadline) = 0;
    /// Returns the consumer tag.
    virtual std::string consume(std::string const& queue, ConsumeOptions const& options, base::TimePoint deadline) = 0;
    virtual void cancel(std::string const& consumer_tag, base::TimePoint deadline) = 0;

    /// These put bytes in the out buffer, nothing else; pump() sends them.
    /// publish throws Error(data), with nothing written, for properties that cannot be encoded.
    virtual void publish(Publication const& message) = 0;
    virtual void ack(std::uint64_t tag, bool multiple) = 0;
    virtual void reject(std::uint64_t tag, bool multiple, bool requeue) = 0;

    virtual std::size_t unsent() const = 0; ///< bytes in the out buffer
    virtual bool blocked() const = 0;       ///< between on_blocked and on_unblocked
    /// Sends what can be sent, takes what has arrived, keeps the heartbeats; waits until one of these made progress, a
    /// further descriptor is ready, or the deadline. Returns whether anything was given to the listener.
    virtual bool pump(Wait const& wait) = 0;
    /// Right after a pump() that gave nothing.
    virtual Readiness readiness() const = 0;

    /// Makes a fresh channel on the same connection (after Failure channel_closed, or to leave a bad one).
    virtual void reopen(base::TimePoint deadline) = 0;
    /// Ends channel and connection in good order; throws nothing, takes at most until the deadline.
    virtual void close(base::TimePoint deadline) noexcept = 0;
};

} // namespace rmqha::amqp
