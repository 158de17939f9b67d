#pragma once

#include "health/snapshot.hpp"

namespace rmqha::amqp {
class Channel;
}

namespace rmqha::health {

/// How the queues of probes are called, before 16 digits that are each one's own: for permissions.
inline constexpr char const* k_end_to_end_prefix = "rmqha.end-to-end.";

/// Sends one message to a queue of its own and takes it back: declare, publish, confirm, consume, delete. The queue is
/// classic, where the channel's node is, and exclusive: it goes with the connection whatever happens. What fails is in
/// the answer; throws only Interrupted. Ends by the deadline.
EndToEnd run_end_to_end(amqp::Channel& channel, base::TimePoint deadline);

} // namespace rmqha::health
