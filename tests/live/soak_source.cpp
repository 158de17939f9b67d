#include "soak_source.hpp"

#include <fmt/format.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <stdexcept>

namespace rmqha::test {

double Pace::share() const
{
    constexpr double k_half_after = 10; // seconds: a fault takes 5 to 40
    std::lock_guard const lock(m_mutex);
    if (m_done >= m_stages) {
        return 1;
    }
    auto const seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - m_since).count();
    return (static_cast<double>(m_done) + seconds / (seconds + k_half_after)) / static_cast<double>(m_stages);
}

void Pace::next()
{
    std::lock_guard const lock(m_mutex);
    ++m_done;
    m_since = std::chrono::steady_clock::now();
}

void Pace::finish()
{
    std::lock_guard const lock(m_mutex);
    m_done = m_stages;
}

SoakSource::SoakSource(std::string queue, std::size_t publisher, std::uint64_t count, Pace const& pace)
    : m_queue(std::move(queue)),
      m_publisher(publisher),
      m_count(count),
      m_pace(pace),
      m_ticks(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC))
{
    constexpr long k_every = 5'000'000; // nanoseconds
    itimerspec const every{.it_interval = {.tv_sec = 0, .tv_nsec = k_every}, .it_value = {.tv_sec = 0, .tv_nsec = 1}};
    if (m_ticks.get() < 0 || ::timerfd_settime(m_ticks.get(), 0, &every, nullptr) != 0) {
        throw std::runtime_error("cannot make a timer");
    }
}

messaging::Next SoakSource::next(messaging::Message& into)
{
    if (m_given == m_count) {
        return messaging::Next::end;
    }
    if (m_given >= m_allowed) {
        m_allowed = static_cast<std::uint64_t>(m_pace.share() * static_cast<double>(m_count));
    }
    if (m_given >= m_allowed) {
        std::uint64_t ticks = 0;
        [[maybe_unused]] auto const taken = ::read(m_ticks.get(), &ticks, sizeof ticks);
        return messaging::Next::later;
    }
    into = {.exchange = "",
            .routing_key = m_queue,
            .properties = {.delivery_mode = 2},
            .body = fmt::format("{} {} {:.<80}", m_publisher, ++m_given, "")};
    return messaging::Next::message;
}

std::optional<SoakMark> soak_mark(amqp::Delivery const& delivery)
{
    SoakMark mark;
    if (std::sscanf(delivery.body.c_str(), "%zu %lu ", &mark.publisher, &mark.number) != 2) {
        return std::nullopt;
    }
    auto const sequence = std::ranges::find(delivery.properties.headers, "x-rmqha-seq", &amqp::Field::name);
    bool const agreed = sequence != delivery.properties.headers.end() &&
                        sequence->value == amqp::Value{static_cast<std::int64_t>(mark.number)} &&
                        delivery.properties.message_id.value_or("").ends_with(fmt::format("-{}", mark.number));
    return agreed ? std::optional(mark) : std::nullopt;
}

} // namespace rmqha::test
