#include "messaging/confirm_window.hpp"

#include <algorithm>
#include <utility>

namespace rmqha::messaging {

ConfirmWindow::Slot ConfirmWindow::take()
{
    if (m_free.empty()) {
        m_slots.emplace_back();
        return static_cast<Slot>(m_slots.size() - 1);
    }
    auto const slot = m_free.back();
    m_free.pop_back();
    auto& pending = m_slots[slot];
    pending.sendings = 0;
    pending.duplicate = false;
    pending.returned.reset();
    pending.first_nack.reset();
    return slot;
}

void ConfirmWindow::release(Slot slot)
{
    constexpr std::size_t k_worth_keeping = 16U << 10U;
    if (auto& body = m_slots[slot].message.body; body.capacity() > k_worth_keeping) {
        body = {};
    }
    m_free.push_back(slot);
}

void ConfirmWindow::sent(Slot slot)
{
    m_tags.push_back(slot);
    ++m_in_flight;
    m_bytes += m_slots[slot].message.body.size();
}

void ConfirmWindow::confirm(std::uint64_t tag, bool multiple, std::function<void(Slot)> const& resolve)
{
    if (tag < m_first_tag || tag - m_first_tag >= m_tags.size()) {
        return; // resolved already: a "multiple" may cover tags that were acknowledged one by one
    }
    auto const last = static_cast<std::size_t>(tag - m_first_tag);
    for (std::size_t i = multiple ? 0 : last; i <= last; ++i) {
        if (auto const slot = std::exchange(m_tags[i], k_resolved); slot != k_resolved) {
            --m_in_flight;
            m_bytes -= m_slots[slot].message.body.size();
            resolve(slot);
        }
    }
    while (!m_tags.empty() && m_tags.front() == k_resolved) {
        m_tags.pop_front();
        ++m_first_tag;
    }
}

std::optional<ConfirmWindow::Slot> ConfirmWindow::find(std::function<bool(Pending const&)> const& same) const
{
    for (auto const slot : m_tags) {
        if (slot != k_resolved && !m_slots[slot].returned && same(m_slots[slot])) {
            return slot;
        }
    }
    return std::nullopt;
}

std::vector<ConfirmWindow::Slot> ConfirmWindow::restart()
{
    std::vector<Slot> slots(m_tags.begin(), m_tags.end());
    std::erase(slots, k_resolved);
    std::ranges::sort(slots, {}, [&](Slot slot) { return m_slots[slot].sequence; });
    m_tags.clear();
    m_first_tag = 1;
    m_in_flight = 0;
    m_bytes = 0;
    return slots;
}

} // namespace rmqha::messaging
