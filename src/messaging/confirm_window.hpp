#pragma once

#include "base/clock.hpp"
#include "messaging/source.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

namespace rmqha::messaging {

/// A message between its first sending and its fate.
struct Pending {
    Message message;
    std::uint64_t sequence = 0; ///< place in the source, from 1
    int sendings = 0;
    bool duplicate = false;              ///< counted as maybe duplicate
    std::optional<std::string> returned; ///< reason, once it came back
    base::TimePoint sent_at{};
    std::optional<base::TimePoint> first_nack;
};

/// The messages under way and the delivery tags they travel under. Tags count from 1 on each channel; a message keeps
/// its slot, and changes its tag, when it is sent again. Pure bookkeeping, no I/O.
class ConfirmWindow {
public:
    using Slot = std::uint32_t;

    /// A free slot, its strings' memory kept from before.
    Slot take();
    void release(Slot slot);
    Pending& at(Slot slot) { return m_slots[slot]; }
    std::size_t used() const noexcept { return m_slots.size() - m_free.size(); }

    /// The slot goes out under the channel's next delivery tag.
    void sent(Slot slot);
    std::size_t in_flight() const noexcept { return m_in_flight; }
    std::size_t bytes() const noexcept { return m_bytes; } ///< of the bodies in flight
    /// The message that has waited longest for its confirm; in_flight() > 0.
    Pending const& oldest() const { return m_slots[m_tags.front()]; }

    /// Calls `resolve` for each message in flight that the confirm is about, in the order of sending, once.
    void confirm(std::uint64_t tag, bool multiple, std::function<void(Slot)> const& resolve);
    /// The first message in flight, not returned before, that `same` recognises.
    std::optional<Slot> find(std::function<bool(Pending const&)> const& same) const;

    /// A new channel: forgets the tags; returns the slots that were in flight, by sequence.
    std::vector<Slot> restart();

private:
    static constexpr Slot k_resolved = UINT32_MAX;

    std::deque<Pending> m_slots; ///< a deque: a reference stays good while others are added
    std::vector<Slot> m_free;
    std::deque<Slot> m_tags; ///< slot of each tag, from m_first_tag on
    std::uint64_t m_first_tag = 1;
    std::size_t m_in_flight = 0;
    std::size_t m_bytes = 0;
};

} // namespace rmqha::messaging
