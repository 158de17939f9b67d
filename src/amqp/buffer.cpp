#include "amqp/buffer.hpp"

#include <algorithm>
#include <cstring>

namespace rmqha::amqp {

std::span<char> Buffer::reserve(std::size_t count)
{
    if (m_capacity - m_end < count) {
        if (m_capacity - size() >= count && m_begin >= m_capacity / 2) {
            std::memmove(m_bytes.get(), m_bytes.get() + m_begin, size());
        } else {
            auto const capacity = std::max(size() + count, 2 * m_capacity);
            std::unique_ptr<char[]> larger(new char[capacity]); // not make_unique: it would zero the bytes
            if (!empty()) {
                std::memcpy(larger.get(), m_bytes.get() + m_begin, size());
            }
            m_bytes = std::move(larger);
            m_capacity = capacity;
        }
        m_end = size();
        m_begin = 0;
    }
    return {m_bytes.get() + m_end, m_capacity - m_end};
}

void Buffer::append(std::span<char const> bytes)
{
    if (!bytes.empty()) {
        std::memcpy(reserve(bytes.size()).data(), bytes.data(), bytes.size());
        commit(bytes.size());
    }
}

void Buffer::consume(std::size_t count) noexcept
{
    m_begin += count;
    if (m_begin == m_end) {
        m_begin = 0;
        m_end = 0;
    }
}

} // namespace rmqha::amqp
