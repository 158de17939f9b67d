#pragma once

#include <cstddef>
#include <memory>
#include <span>

namespace rmqha::amqp {

/// Bytes in order: appended at the end, consumed at the front, moved together only when room runs out. Nothing is
/// zeroed. Not thread-safe.
class Buffer {
public:
    std::size_t size() const noexcept { return m_end - m_begin; }
    bool empty() const noexcept { return m_end == m_begin; }
    std::span<char const> data() const noexcept { return {m_bytes.get() + m_begin, size()}; }

    /// Room for at least `count` more bytes behind the last; commit() what was filled of it.
    std::span<char> reserve(std::size_t count);
    void commit(std::size_t count) noexcept { m_end += count; }
    void append(std::span<char const> bytes);
    void consume(std::size_t count) noexcept;
    /// Takes back what was committed after the buffer held `size` bytes.
    void truncate(std::size_t size) noexcept { m_end = m_begin + size; }
    char* at(std::size_t offset) noexcept { return m_bytes.get() + m_begin + offset; }

private:
    std::unique_ptr<char[]> m_bytes;
    std::size_t m_capacity = 0;
    std::size_t m_begin = 0;
    std::size_t m_end = 0;
};

} // namespace rmqha::amqp
