#pragma once

#include "base/clock.hpp"
#include "base/fd.hpp"
#include "messaging/source.hpp"

#include <mutex>
#include <optional>

namespace rmqha::test {

/// How much of all messages may have been sent by now, in step with `stages` of unknown length: each releases an equal
/// share, most of it in its first seconds but never all, so that there is always something to send while it lasts.
/// Thread-safe.
class Pace {
public:
    explicit Pace(std::size_t stages) : m_stages(stages) {}

    /// 0 to 1.
    double share() const;
    /// One stage is over; after the last, all may go.
    void next();
    /// All may go.
    void finish();

private:
    mutable std::mutex m_mutex;
    std::size_t const m_stages;
    std::size_t m_done = 0;
    base::TimePoint m_since = std::chrono::steady_clock::now();
};

/// Messages "PUBLISHER NUMBER padding", numbers 1 to `count`, as fast as the pace allows.
class SoakSource final : public messaging::Source {
public:
    SoakSource(std::string queue, std::size_t publisher, std::uint64_t count, Pace const& pace);

    messaging::Next next(messaging::Message& into) override;
    int fd() const noexcept override { return m_ticks.get(); }

private:
    std::string const m_queue;
    std::size_t const m_publisher;
    std::uint64_t const m_count;
    Pace const& m_pace;
    base::Fd m_ticks; ///< readable every few milliseconds
    std::uint64_t m_given = 0;
    std::uint64_t m_allowed = 0;
};

/// Where a message comes from, as its body says; nothing when it is none of ours, or its headers say otherwise.
struct SoakMark {
    std::size_t publisher = 0;
    std::uint64_t number = 0;
};
std::optional<SoakMark> soak_mark(amqp::Delivery const& delivery);

} // namespace rmqha::test
