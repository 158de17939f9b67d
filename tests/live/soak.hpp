#pragma once

#include "messaging/consumer.hpp"
#include "messaging/publisher.hpp"
#include "support/arrivals.hpp"
#include "support/brokers.hpp"

#include <map>
#include <string>
#include <vector>

namespace rmqha::test {

struct SoakOptions {
    std::uint64_t messages = 0; ///< of all publishers together
    std::size_t faults = 0;
    unsigned seed = 0; ///< of the faults
    std::size_t publishers = 4;
    std::size_t consumers = 3;
    std::string queue_type = "quorum";
    base::milliseconds patience{}; ///< for everything
};

/// One publisher, or consumer, at its end.
template <typename Summary>
struct Part {
    Summary summary;
    std::string error;                           ///< what ended it early; empty: nothing did
    std::map<std::string, std::uint64_t> events; ///< why connections were lost, and what was noted, how often
};

struct SoakResult {
    std::vector<Part<messaging::Ledger>> publishers;
    std::vector<Part<messaging::ConsumeSummary>> consumers; ///< the last one drained what was left at the end
    Account account;
    std::vector<std::string> disappointments; ///< faults after which somebody stood still
    base::Duration elapsed{};

    std::uint64_t sum(std::uint64_t messaging::Ledger::*figure) const;
    /// Everything as lines of text.
    std::string report() const;
};

/// Publishes numbered messages to one queue and consumes them, all the while one random fault after the other befalls
/// the cluster; the publishers are paced so that they are at it until the last fault is over. Prints seed and faults as
/// it goes. Declares and removes the queue. Throws base::Error when it cannot begin.
SoakResult soak(LiveCluster& cluster, SoakOptions const& options);

} // namespace rmqha::test
