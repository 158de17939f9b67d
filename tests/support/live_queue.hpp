#pragma once

#include "amqp/message.hpp"
#include "support/brokers.hpp"

#include <string>
#include <vector>

namespace rmqha::test {

struct Taken {
    std::vector<amqp::Delivery> deliveries;
    std::size_t left = 0; ///< messages ready in the queue after that

    std::vector<std::string> bodies() const;
};

/// The first `count` messages of a queue, at most 65,535, waiting for them up to a minute: fewer are an answer too.
/// They are out of the queue when this returns.
Taken take(LiveCluster const& cluster, std::string const& queue, std::size_t count);

/// All that is ready in the queue.
Taken take_all(LiveCluster const& cluster, std::string const& queue);

} // namespace rmqha::test
