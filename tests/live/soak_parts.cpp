#include "soak_parts.hpp"

#include "base/error.hpp"

#include <array>
#include <memory>
#include <utility>

namespace rmqha::test {

using namespace std::chrono_literals;

namespace {

constexpr std::array k_strategies{config::Strategy::health_based, config::Strategy::round_robin,
                                  config::Strategy::random, config::Strategy::in_order};

std::uint64_t number_in(messaging::Message const& message)
{
    amqp::Delivery const as_delivery{.properties = message.properties, .body = message.body};
    return soak_mark(as_delivery).value().number;
}

} // namespace

void Events::note(std::string const& text)
{
    auto kind = text;
    std::erase_if(kind, [](char letter) { return letter >= '0' && letter <= '9'; }); // durations, ports, ids
    std::lock_guard const lock(m_mutex);
    ++m_counts[kind];
}

cluster::Observer Events::observer()
{
    return [this](cluster::ConnectionEvent const& event) {
        if (event.kind == cluster::ConnectionEvent::Kind::lost) {
            ++m_losses;
            note("lost: " + event.text);
        } else if (event.kind == cluster::ConnectionEvent::Kind::waiting) {
            note(event.text);
        }
    };
}

std::map<std::string, std::uint64_t> Events::counts() const
{
    std::lock_guard const lock(m_mutex);
    return m_counts;
}

SoakPublisher::SoakPublisher(Setting& setting, std::size_t index, std::uint64_t count, Pace const& pace)
    : m_connector(make_live_connector(setting.cluster, setting.clock, m_never,
                                      {.strategy = k_strategies[index % k_strategies.size()],
                                       .connection_attempts = 0,
                                       .figures = true,
                                       .observer = m_events.observer()})),
      m_publisher(m_connector,
                  {.window = 500,
                   .confirm_timeout = 5s,
                   .nack_timeout = 2min,
                   .connection_attempts = 0,
                   .retry_delay = 200ms,
                   .deadline = setting.deadline},
                  {.progress = [this](messaging::Ledger const& ledger, std::size_t,
                                      std::string const&) { m_confirmed = ledger.confirmed; },
                   .failed = [this](messaging::Message const& message, messaging::Fate,
                                    std::string const&) { m_failed.insert(number_in(message)); },
                   .note =
                       [this](std::string const& text) {
                           m_blocks += text.starts_with("the broker blocks") ? 1U : 0U;
                           m_events.note(text);
                       }},
                  m_never),
      m_thread([this, source = std::make_unique<SoakSource>(setting.queue, index, count, pace)] { run(*source); })
{
}

void SoakPublisher::finish()
{
    if (m_thread.joinable()) {
        m_thread.join();
    }
}

void SoakPublisher::run(messaging::Source& source)
{
    try {
        m_publisher.run(source);
    } catch (std::exception const& error) {
        m_error = error.what();
    }
    m_ended = true;
}

SoakConsumer::SoakConsumer(Setting& setting, std::size_t index, Arrivals& arrivals,
                           std::optional<base::milliseconds> idle_timeout)
    : m_connector(make_live_connector(setting.cluster, setting.clock, idle_timeout ? m_never : setting.stop,
                                      {.connection_attempts = 0, .figures = true, .observer = m_events.observer()})),
      m_consumer(
          m_connector,
          {.queue = setting.queue,
           .idle_timeout = idle_timeout,
           .connection_attempts = 0,
           .retry_delay = 200ms,
           .deadline = setting.deadline + 1min},
          [this](std::string const& text) { m_events.note(text); }, idle_timeout ? m_never : setting.stop),
      m_thread([this, index, &arrivals] { run(index, arrivals); })
{
}

void SoakConsumer::finish()
{
    if (m_thread.joinable()) {
        m_thread.join();
    }
}

void SoakConsumer::run(std::size_t index, Arrivals& arrivals)
{
    auto const take = [&](amqp::Delivery const& delivery) {
        if (auto const mark = soak_mark(delivery)) {
            arrivals.take(index, mark->publisher, mark->number, delivery.redelivered);
        } else {
            arrivals.take_stranger();
        }
    };
    try {
        m_consumer.run({.take = take, .flush = [] { return true; }});
    } catch (base::Interrupted const&) { // enough
    } catch (std::exception const& error) {
        m_error = error.what();
    }
}

} // namespace rmqha::test
