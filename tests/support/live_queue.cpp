#include "support/live_queue.hpp"

#include "support/live_connector.hpp"

namespace rmqha::test {

namespace {

using namespace std::chrono_literals;

class Deliveries final : public amqp::Listener {
public:
    void on_delivery(amqp::Delivery&& delivery) override { all.push_back(std::move(delivery)); }

    std::vector<amqp::Delivery> all;
};

std::size_t ready(amqp::Channel& channel, std::string const& queue, base::TimePoint deadline)
{
    return channel.declare_queue({.name = queue, .passive = true}, deadline).messages;
}

Taken take(amqp::Channel& channel, std::string const& queue, std::size_t count)
{
    auto const deadline = std::chrono::steady_clock::now() + 1min;
    Deliveries arrived;
    if (count > 0) {
        channel.listen(&arrived);
        channel.set_prefetch(static_cast<std::uint16_t>(count), deadline);
        auto const consumer = channel.consume(queue, {}, deadline);
        while (arrived.all.size() < count && std::chrono::steady_clock::now() < deadline) {
            channel.pump({.deadline = deadline});
        }
        channel.cancel(consumer, deadline + 1min); // before the acknowledgement, which would bring more
        if (!arrived.all.empty()) {
            channel.ack(arrived.all.back().delivery_tag, true);
        }
        channel.listen(nullptr);
    }
    // The answer also says that the queue has seen the acknowledgement: closing at once might overtake it.
    auto const left = ready(channel, queue, deadline + 1min);
    return {std::move(arrived.all), left};
}

template <typename Act>
Taken with_channel(LiveCluster const& cluster, Act const& act)
{
    base::SystemClock clock;
    base::Stop stop;
    auto connector = make_live_connector(cluster, clock, stop);
    auto const attempt = connector.connect(clock.now() + 1min);
    auto taken = act(*attempt.channel);
    attempt.channel->close(clock.now() + 3s);
    return taken;
}

} // namespace

std::vector<std::string> Taken::bodies() const
{
    std::vector<std::string> result;
    for (auto const& delivery : deliveries) {
        result.push_back(delivery.body);
    }
    return result;
}

Taken take(LiveCluster const& cluster, std::string const& queue, std::size_t count)
{
    return with_channel(cluster, [&](amqp::Channel& channel) { return take(channel, queue, count); });
}

Taken take_all(LiveCluster const& cluster, std::string const& queue)
{
    return with_channel(cluster, [&](amqp::Channel& channel) {
        auto const count = ready(channel, queue, std::chrono::steady_clock::now() + 1min);
        return take(channel, queue, count);
    });
}

} // namespace rmqha::test
