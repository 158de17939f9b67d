#pragma once

#include "amqp/message.hpp"
#include "base/clock.hpp"

#include <poll.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace rmqha::messaging {

/// What becomes of a message.
enum class Outcome {
    acknowledge, ///< done with: the broker forgets it
    requeue,     ///< back to the queue at once
    reject,      ///< dead-lettered where the queue has a dead-letter exchange, else dropped
    keep,        ///< done with, but not said to the broker: it goes back when the channel ends
};

struct Verdict {
    std::uint64_t tag = 0;
    std::uint64_t messages = 1; ///< more than one: all up to `tag` that had none yet, so many
    Outcome outcome = Outcome::acknowledge;
};

/// Who works on the messages of a Consumer, without ever waiting itself: the consumer's poll loop, which keeps the
/// heartbeats, waits for it. Not thread-safe.
class Handler {
public:
    Handler() = default;
    Handler(Handler const&) = delete;
    Handler& operator=(Handler const&) = delete;
    virtual ~Handler() = default;

    virtual void take(amqp::Delivery&& delivery) = 0;
    /// Does what can be done now and tells what became of messages. `waits` is what add_waits() asked for, polled.
    /// False: it wants no more. May throw; then what has no verdict goes back to the queue.
    virtual bool advance(std::span<pollfd const> waits, std::vector<Verdict>& verdicts) = 0;

    virtual void add_waits(std::vector<pollfd>& /*waits*/) const {}
    virtual base::TimePoint wake_at() const { return base::k_never; } ///< advance() no later than this
    virtual bool busy() const { return false; }    ///< work is under way: the wait for it is not idle
    virtual std::size_t held() const { return 0; } ///< bytes of messages held, roughly

    /// The channel is no more: the tags so far mean nothing, and must have no verdict; their messages come again.
    virtual void forget() {}
    /// Begins nothing more; what is under way is brought to its end, and by force from `until` on. busy() tells
    /// whether that is still to be waited for.
    virtual void wind_down(base::TimePoint /*until*/) {}
};

} // namespace rmqha::messaging
