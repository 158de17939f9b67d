#pragma once

#include "amqp/message.hpp"
#include "base/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace rmqha::cmd {

/// What of a queue can be told in options; each stands for an argument of queue.declare.
struct QueueArguments {
    std::string type = "quorum"; ///< "quorum", "classic", "stream"
    std::optional<std::int64_t> group_size, max_length, delivery_limit, max_priority;
    std::optional<std::uint64_t> max_length_bytes, segment_size;
    std::optional<base::milliseconds> message_ttl, expires, max_age;
    std::optional<std::string> dead_letter_exchange; ///< empty is the default exchange
    std::string overflow, dead_letter_routing_key, dead_letter_strategy, leader_locator;
    bool single_active_consumer = false;
    std::vector<std::string> others; ///< NAME=VALUE or NAME:TYPE=VALUE
};

/// Adds the options; `arguments` must live as long as the app.
void add_queue_arguments(CLI::App& sub, QueueArguments& arguments);

/// The arguments as they go over the wire, x-queue-type among them. Throws Error(usage) for one that this type of queue
/// does not have, and for one told twice.
amqp::Table table_of(QueueArguments const& arguments);

/// "quorum queue", "classic queue", "stream".
std::string noun_of(std::string const& type);

} // namespace rmqha::cmd
