#pragma once

#include "amqp/channel.hpp"
#include "amqp/failure.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace rmqha::test {

class FakeChannel;

/// A message as it reached the broker.
struct Sent {
    std::uint64_t tag = 0; ///< its delivery tag on its channel
    std::string exchange;
    std::string routing_key;
    bool mandatory = false;
    amqp::Properties properties;
    std::string body;
};

/// A broker in memory: what its channels do, decided by the test, and what they were told. Outlives the channels, so a
/// test sees all connections together. Hooks may use every method of the channel but pump(); those left empty do the
/// ordinary thing.
struct FakeBroker {
    /// A message has arrived; ordinarily it is confirmed.
    std::function<void(FakeChannel&, Sent const&)> on_publish;
    /// Something is asked that has an answer ("consume orders", "prefetch 5", "confirms", "declare q", "cancel tag",
    /// "delete q", "reopen"); may throw Failure.
    std::function<void(FakeChannel&, std::string const&)> on_call;
    /// The client would wait now: the moment to make something happen. Called once per wait.
    std::function<void(FakeChannel&)> on_idle;

    /// What happens while a consumer begins is told before the answer to it is looked at, as when both come together.
    bool tells_with_consume_ok = false;

    struct Acknowledged {
        std::uint64_t tag = 0;
        bool multiple = false;
    };
    struct Rejected {
        std::uint64_t tag = 0;
        bool multiple = false;
        bool requeue = false;
    };
    std::vector<Sent> published; ///< on all channels, in order, again for each sending
    std::vector<Acknowledged> acknowledged;
    std::vector<Rejected> rejected;
    std::vector<std::string> calls;
    std::size_t most_in_flight = 0; ///< of messages neither confirmed nor forgotten
    int connections = 0;
    int closed_in_order = 0; ///< channels that were closed, not dropped

    std::vector<std::string> bodies() const; ///< of the published
};

/// A channel to a FakeBroker. What the broker does reaches the listener in the next pump(), in its order.
class FakeChannel final : public amqp::Channel {
public:
    FakeChannel(std::shared_ptr<FakeBroker> broker, base::Stop const& stop);

    // What the broker does.
    void confirm(std::uint64_t tag, bool multiple = false, bool positive = true);
    void give_back(Sent const& message); ///< basic.return, 312 NO_ROUTE
    void deliver(std::uint64_t tag, std::string body, bool redelivered = false);
    void end_consumer();
    void block(std::string reason);
    void unblock();
    void close_channel(std::uint16_t code, std::string text);
    void lose(amqp::Failure failure);                ///< the connection ends; what was told before still arrives
    int number() const noexcept { return m_number; } ///< of the connection, from 1

    void listen(amqp::Listener* listener) override { m_listener = listener; }
    void heed(base::Stop const& stop) override { m_stop = &stop; }
    amqp::QueueState declare_queue(amqp::QueueSpec const& queue, base::TimePoint deadline) override;
    std::uint32_t delete_queue(std::string const& name, base::TimePoint deadline) override;
    void select_confirms(base::TimePoint deadline) override;
    void set_prefetch(std::uint16_t count, base::TimePoint deadline) override;
    std::string consume(std::string const& queue, amqp::ConsumeOptions const& options,
                        base::TimePoint deadline) override;
    void cancel(std::string const& consumer_tag, base::TimePoint deadline) override;
    void publish(amqp::Publication const& message) override;
    void ack(std::uint64_t tag, bool multiple) override;
    void reject(std::uint64_t tag, bool multiple, bool requeue) override;
    std::size_t unsent() const override { return m_unsent.size(); }
    bool blocked() const override { return m_blocked; }
    bool pump(amqp::Wait const& wait) override;
    amqp::Readiness readiness() const override; ///< due at once when something was told, else never
    void reopen(base::TimePoint deadline) override;
    void close(base::TimePoint deadline) noexcept override;

private:
    using Event = std::function<void()>;

    void call(std::string const& what);
    void require_open() const;
    void send();
    bool tell();
    void settle(std::uint64_t tag, bool multiple);

    std::shared_ptr<FakeBroker> m_broker;
    base::Stop const* m_stop;
    amqp::Listener* m_listener = nullptr;
    int const m_number;
    std::deque<Sent> m_unsent;
    std::deque<Event> m_events;
    std::set<std::uint64_t> m_in_flight;
    std::uint64_t m_next_tag = 1;
    bool m_open = true;
    bool m_lost = false;
    bool m_blocked = false;
    bool m_confirms = false;
};

} // namespace rmqha::test
