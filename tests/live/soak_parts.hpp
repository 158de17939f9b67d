#pragma once

// Internal to the soak.

#include "soak.hpp"
#include "soak_source.hpp"

#include "messaging/consumer.hpp"
#include "messaging/publisher.hpp"
#include "support/live_connector.hpp"

#include <atomic>
#include <mutex>
#include <thread>

namespace rmqha::test {

/// What happens to one publisher's or consumer's connections, counted.
class Events {
public:
    void note(std::string const& text);
    cluster::Observer observer();
    std::map<std::string, std::uint64_t> counts() const;
    unsigned losses() const { return m_losses; } ///< of connections

private:
    mutable std::mutex m_mutex;
    std::map<std::string, std::uint64_t> m_counts;
    std::atomic<unsigned> m_losses{0};
};

/// What all parts of one soak share.
struct Setting {
    LiveCluster& cluster;
    std::string queue;
    base::TimePoint deadline;
    base::SystemClock clock = {};
    base::Stop stop = {}; ///< of the consumers
};

/// Publishes `count` messages on a thread of its own, from its construction on.
class SoakPublisher {
public:
    SoakPublisher(Setting& setting, std::size_t index, std::uint64_t count, Pace const& pace);
    SoakPublisher(SoakPublisher const&) = delete;
    SoakPublisher& operator=(SoakPublisher const&) = delete;
    ~SoakPublisher() { finish(); }

    std::uint64_t confirmed() const { return m_confirmed; }
    unsigned blocks() const { return m_blocks; } ///< how often the broker blocked it
    unsigned losses() const { return m_events.losses(); }
    bool ended() const { return m_ended; }
    void finish();
    /// Both after finish().
    Part<messaging::Ledger> part() const { return {m_publisher.ledger(), m_error, m_events.counts()}; }
    Claim claim() const { return {m_publisher.ledger().read, m_failed}; }

private:
    void run(messaging::Source& source);

    base::Stop m_never;
    Events m_events;
    std::atomic<std::uint64_t> m_confirmed{0};
    std::atomic<unsigned> m_blocks{0};
    std::atomic<bool> m_ended{false};
    std::set<std::uint64_t> m_failed;
    std::string m_error;
    cluster::Connector m_connector;
    messaging::Publisher m_publisher;
    std::thread m_thread;
};

/// Consumes on a thread of its own, from its construction until the setting's stop, or until idle for so long.
class SoakConsumer {
public:
    SoakConsumer(Setting& setting, std::size_t index, Arrivals& arrivals,
                 std::optional<base::milliseconds> idle_timeout = std::nullopt);
    SoakConsumer(SoakConsumer const&) = delete;
    SoakConsumer& operator=(SoakConsumer const&) = delete;
    ~SoakConsumer() { finish(); }

    void finish();
    /// After finish().
    Part<messaging::ConsumeSummary> part() const { return {m_consumer.summary(), m_error, m_events.counts()}; }

private:
    void run(std::size_t index, Arrivals& arrivals);

    Events m_events;
    std::string m_error;
    base::Stop m_never;
    cluster::Connector m_connector;
    messaging::Consumer m_consumer;
    std::thread m_thread;
};

} // namespace rmqha::test
