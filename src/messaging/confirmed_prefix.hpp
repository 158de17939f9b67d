#pragma once

#include "messaging/source.hpp"

#include <cstdint>
#include <deque>

namespace rmqha::messaging {

/// How much of an input is done without a gap, while its messages are done in any order; and how far beyond what is on
/// record may be read. Pure bookkeeping, no I/O.
class ConfirmedPrefix {
public:
    /// Everything before `start` is done, and on record.
    ConfirmedPrefix(Position const& start, std::size_t window) : m_window(window), m_reached(start) {}

    /// Whether another message may be read: after the loss of all but the record, no more than a window of messages is
    /// sent again.
    bool admits() const noexcept { return !m_broken && m_open.size() + m_unrecorded < m_window; }
    /// The next message was read; the source is at `behind` now.
    void read(Position const& behind) { m_open.push_back({.behind = behind}); }
    /// What became of message `number` of the input (from 1): whether to go on after it without it.
    void settled(std::uint64_t number, bool done);

    /// Behind the last message before which, it included, all are done.
    Position const& reached() const noexcept { return m_reached; }
    /// reached() is on record now.
    void recorded() noexcept { m_unrecorded = 0; }
    std::size_t unrecorded() const noexcept { return m_unrecorded; } ///< messages done since it last was
    /// A message failed: the prefix will never go beyond it.
    bool broken() const noexcept { return m_broken; }
    /// All that was read is done.
    bool whole() const noexcept { return m_open.empty(); }

private:
    struct Open {
        Position behind;
        bool done = false;
    };
    std::size_t m_window;
    Position m_reached;
    std::deque<Open> m_open; ///< from the first message after m_reached on
    std::size_t m_unrecorded = 0;
    bool m_broken = false;
};

} // namespace rmqha::messaging
