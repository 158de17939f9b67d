#include "support/fake_channel.hpp"

#include "base/stop.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace rmqha::test {

namespace {

constexpr std::size_t k_longest = 255; // AMQP's short string

} // namespace

std::vector<std::string> FakeBroker::bodies() const
{
    std::vector<std::string> result;
    for (auto const& message : published) {
        result.push_back(message.body);
    }
    return result;
}

FakeChannel::FakeChannel(std::shared_ptr<FakeBroker> broker, base::Stop const& stop)
    : m_broker(std::move(broker)), m_stop(&stop), m_number(++m_broker->connections)
{
}

void FakeChannel::settle(std::uint64_t tag, bool multiple)
{
    m_in_flight.erase(multiple ? m_in_flight.begin() : m_in_flight.lower_bound(tag), m_in_flight.upper_bound(tag));
}

void FakeChannel::confirm(std::uint64_t tag, bool multiple, bool positive)
{
    m_events.push_back([=, this] {
        settle(tag, multiple);
        m_listener->on_confirm({.tag = tag, .multiple = multiple, .positive = positive});
    });
}

void FakeChannel::give_back(Sent const& message)
{
    m_events.push_back([=, this] {
        m_listener->on_return({.reply_code = 312,
                               .reply_text = "NO_ROUTE",
                               .exchange = message.exchange,
                               .routing_key = message.routing_key,
                               .properties = message.properties,
                               .body = message.body});
    });
}

void FakeChannel::deliver(std::uint64_t tag, std::string body, bool redelivered)
{
    m_events.push_back([=, this] {
        amqp::Delivery delivery;
        delivery.consumer_tag = "fake";
        delivery.delivery_tag = tag;
        delivery.redelivered = redelivered;
        delivery.body = body;
        m_listener->on_delivery(std::move(delivery));
    });
}

void FakeChannel::end_consumer()
{
    m_events.push_back([this] { m_listener->on_cancel("fake"); });
}

void FakeChannel::block(std::string reason)
{
    m_events.push_back([=, this] {
        m_blocked = true;
        m_listener->on_blocked(reason);
    });
}

void FakeChannel::unblock()
{
    m_events.push_back([this] {
        m_blocked = false;
        m_listener->on_unblocked();
    });
}

void FakeChannel::close_channel(std::uint16_t code, std::string text)
{
    m_events.push_back([=, this] {
        m_open = false;
        m_events.clear(); // nothing else comes on a closed channel
        throw amqp::failure_of_close(true, code, text);
    });
}

void FakeChannel::lose(amqp::Failure failure)
{
    m_events.push_back([=, this] {
        m_lost = true;
        throw amqp::Failure(failure);
    });
}

void FakeChannel::require_open() const
{
    if (m_lost) {
        throw std::logic_error("a lost connection is used again");
    }
    if (!m_open) {
        throw amqp::Failure(amqp::FailureKind::channel_closed, "the channel is closed");
    }
}

void FakeChannel::call(std::string const& what)
{
    require_open();
    m_stop->throw_if_requested();
    m_broker->calls.push_back(what);
    if (m_broker->on_call) {
        m_broker->on_call(*this, what);
    }
}

amqp::QueueState FakeChannel::declare_queue(amqp::QueueSpec const& queue, base::TimePoint /*deadline*/)
{
    call("declare " + queue.name);
    return {.name = queue.name};
}

std::uint32_t FakeChannel::delete_queue(std::string const& name, base::TimePoint /*deadline*/)
{
    call("delete " + name);
    return 0;
}

void FakeChannel::select_confirms(base::TimePoint /*deadline*/)
{
    call("confirms");
    m_confirms = true;
}

void FakeChannel::set_prefetch(std::uint16_t count, base::TimePoint /*deadline*/)
{
    call("prefetch " + std::to_string(count));
}

std::string FakeChannel::consume(std::string const& queue, amqp::ConsumeOptions const& options,
                                 base::TimePoint /*deadline*/)
{
    call("consume " + queue + (options.no_ack ? " no_ack" : "") + (options.exclusive ? " exclusive" : ""));
    if (m_broker->tells_with_consume_ok) {
        tell();
    }
    return "fake";
}

void FakeChannel::cancel(std::string const& consumer_tag, base::TimePoint /*deadline*/)
{
    call("cancel " + consumer_tag);
}

void FakeChannel::publish(amqp::Publication const& message)
{
    require_open();
    if (message.routing_key.size() > k_longest || message.properties.message_id.value_or("").size() > k_longest) {
        throw base::Error(base::ExitCode::data, "message properties cannot be encoded");
    }
    m_unsent.push_back({.tag = m_next_tag++,
                        .exchange = message.exchange,
                        .routing_key = message.routing_key,
                        .mandatory = message.mandatory,
                        .properties = message.properties,
                        .body = message.body});
    if (m_confirms) {
        m_in_flight.insert(m_unsent.back().tag);
        m_broker->most_in_flight = std::max(m_broker->most_in_flight, m_in_flight.size());
    }
}

void FakeChannel::ack(std::uint64_t tag, bool multiple)
{
    require_open();
    m_broker->acknowledged.push_back({.tag = tag, .multiple = multiple});
}

void FakeChannel::reject(std::uint64_t tag, bool multiple, bool requeue)
{
    require_open();
    m_broker->rejected.push_back({.tag = tag, .multiple = multiple, .requeue = requeue});
}

void FakeChannel::send()
{
    while (!m_unsent.empty() && !m_blocked) {
        auto const message = std::move(m_unsent.front());
        m_unsent.pop_front();
        m_broker->published.push_back(message);
        if (m_broker->on_publish) {
            m_broker->on_publish(*this, message);
        } else if (m_confirms) {
            confirm(message.tag);
        }
    }
}

bool FakeChannel::tell()
{
    bool given = false;
    while (!m_events.empty()) {
        auto const event = std::move(m_events.front());
        m_events.pop_front();
        event();
        given = true;
    }
    return given;
}

bool FakeChannel::pump(amqp::Wait const& wait)
{
    if (m_lost) { // without its channel a connection goes on
        throw std::logic_error("a lost connection is used again");
    }
    if (wait.heed_stop) {
        m_stop->throw_if_requested();
    }
    auto const before = m_unsent.size();
    send();
    if (tell() || m_unsent.size() < before) {
        return true;
    }
    auto const now = std::chrono::steady_clock::now();
    if (wait.deadline <= now) {
        return false;
    }
    if (m_broker->on_idle) {
        m_broker->on_idle(*this);
        send();
        if (tell()) {
            return true;
        }
    }
    std::vector<pollfd> waiting(wait.also.begin(), wait.also.end());
    waiting.push_back({.fd = wait.heed_stop ? m_stop->fd() : -1, .events = POLLIN, .revents = 0});
    ::poll(waiting.data(), waiting.size(), base::poll_timeout(wait.deadline));
    for (std::size_t i = 0; i < wait.also.size(); ++i) {
        wait.also[i].revents = waiting[i].revents;
    }
    if (wait.heed_stop) {
        m_stop->throw_if_requested();
    }
    return false;
}

amqp::Readiness FakeChannel::readiness() const
{
    return {.fd = -1, .events = 0, .until = m_events.empty() ? base::k_never : base::TimePoint::min()};
}

void FakeChannel::reopen(base::TimePoint /*deadline*/)
{
    m_open = true;
    m_events.clear();
    m_unsent.clear();
    m_in_flight.clear();
    m_next_tag = 1;
    m_confirms = false;
    call("reopen");
}

void FakeChannel::close(base::TimePoint /*deadline*/) noexcept
{
    m_broker->closed_in_order += m_lost ? 0 : 1;
    m_listener = nullptr;
}

} // namespace rmqha::test
