#pragma once

#include "amqp/channel.hpp"
#include "base/stop.hpp"
#include "cluster/connector.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace rmqha::cluster {

class Diallers;

/// What happened to one connection of a pool.
struct PoolEvent {
    enum class Kind {
        opened,   ///< for the first time
        lost,     ///< a replacement is being dialled, unless a given_up follows
        replaced, ///< open again, perhaps on another node
        given_up, ///< no node could be had; it is not tried again
        blocked,  ///< the broker reads nothing from it: a resource alarm
        unblocked,
    };
    Kind kind{};
    std::chrono::system_clock::time_point time;
    std::size_t number = 0;              ///< of the connection, from 1
    std::string node;                    ///< label; empty when given up
    std::string text;                    ///< why this node, or the reason of the loss
    std::optional<base::Duration> after; ///< replaced: how long after the loss
    std::size_t open = 0;                ///< connections open after this
};
std::string_view to_string(PoolEvent::Kind kind);

/// A pool's account so far.
struct PoolSummary {
    struct Share {
        std::size_t open = 0;   ///< now
        std::size_t opened = 0; ///< in all
        std::size_t lost = 0;
    };
    std::size_t size = 0;
    std::size_t open = 0;
    std::size_t dialling = 0; ///< being opened or replaced now
    std::size_t given_up = 0;
    std::size_t lost = 0;
    std::size_t replaced = 0;
    base::Duration longest_below{};     ///< longest time, since all were first tried, with fewer than `size` open
    std::map<std::string, Share> nodes; ///< by label
};

/// Keeps a number of connections open: each on the node the strategy gives, with its heartbeats, replaced when it is
/// lost. One loop serves all of them; connecting happens on a few threads of the pool's own, so that a silent node
/// holds up neither heartbeats nor losses. Not thread-safe: one thread makes it, calls it and destroys it; its own
/// threads touch nothing of the caller's but the settings, clock and dial of their Connectors, which must be
/// thread-safe. The observer is called on the caller's thread.
class Pool {
public:
    struct Options {
        std::size_t size = 1;
        int diallers = 4; ///< threads that connect; at first one alone does, until one connection stands
    };
    struct World {
        /// A Connector of its own for each thread, to be stopped by the stop given and telling the observer given.
        /// Called in the constructor only.
        std::function<Connector(base::Stop&, Observer)> make_connector;
        base::Clock& clock; ///< of events and accounts; waits, as all of AMQP's, are real
        base::Stop& stop;
        std::function<void(PoolEvent const&)> observer = [](auto const&) {};
    };
    Pool(Options const& options, World world);
    Pool(Pool const&) = delete;
    Pool& operator=(Pool const&) = delete;
    ~Pool();

    /// Opens the connections; returns once each is open or given up, or at `until`. Each dial has the rounds and pauses
    /// of Connector::connect. What fails alike everywhere (credentials, vhost) and a dial that finds no node while not
    /// one connection is open end all dialling: what is open is kept. Throws Interrupted.
    void open(base::TimePoint until);
    /// Keeps them until `until`, or until none is open nor being dialled. Throws Interrupted.
    void hold(base::TimePoint until);

    bool opening() const noexcept { return !m_tried_all; }
    PoolSummary summary() const;
    /// Why the last connection that was given up could not be had.
    std::optional<base::Error> const& error() const noexcept { return m_error; }

    /// Says goodbye on every connection and ends the dialling; bounded to about 3 s, whoever is silent.
    void close() noexcept;

private:
    struct Slot;

    void tend(base::TimePoint until);
    void take_dialled();
    void pump(Slot& slot);
    void on_lost(Slot& slot, amqp::Failure const& failure);
    void give_up(Slot& slot, base::Error const& error);
    void stop_dialling();
    void dial(Slot& slot);
    void changed();
    void tell(PoolEvent::Kind kind, Slot const& slot, std::string const& text,
              std::optional<base::Duration> after = std::nullopt);

    World m_world;
    base::Stop m_never; ///< of the connector that only records losses
    std::vector<std::unique_ptr<Slot>> m_slots;
    std::size_t m_open = 0;
    std::size_t m_dialling = 0;
    std::size_t m_lost = 0;
    std::size_t m_replaced = 0;
    std::map<std::string, PoolSummary::Share> m_shares;
    std::set<std::string> m_recorded; ///< nodes whose loss the state file has heard of since they last connected
    std::optional<base::TimePoint> m_below_since;
    base::Duration m_longest_below{};
    std::optional<base::Error> m_error;
    bool m_asked_all = false;
    bool m_tried_all = false;
    bool m_hopeless = false;
    Connector m_recorder;
    std::unique_ptr<Diallers> m_diallers;
};

} // namespace rmqha::cluster
