#include "health/end_to_end.hpp"

#include "amqp/channel.hpp"
#include "amqp/failure.hpp"
#include "base/error.hpp"
#include "base/random.hpp"
#include "base/units.hpp"

#include <fmt/format.h>

#include <optional>

namespace rmqha::health {
namespace {

using std::chrono::steady_clock;

/// What becomes of the one message.
class Fate final : public amqp::Listener {
public:
    explicit Fate(std::string body) : m_body(std::move(body)) {}

    void on_confirm(amqp::Confirm const& confirm) override
    {
        if (confirm.positive) {
            m_confirmed = steady_clock::now();
        } else {
            fail("the node did not accept the message");
        }
    }
    void on_return(amqp::Returned&& /*returned*/) override { fail("the message was returned: its queue is gone"); }
    void on_delivery(amqp::Delivery&& delivery) override
    {
        if (delivery.body == m_body) {
            m_consumed = steady_clock::now();
        } else {
            fail("another message came back");
        }
    }
    void on_cancel(std::string const& /*tag*/) override { fail("the consumer was cancelled: its queue is gone"); }
    void on_blocked(std::string const& reason) override { m_blocked = reason.empty() ? "blocked" : reason; }
    void on_unblocked() override { m_blocked.clear(); }

    bool over() const { return !m_failure.empty() || (m_confirmed && m_consumed); }
    std::string const& failure() const { return m_failure; }
    std::string why_not_over() const
    {
        if (!m_blocked.empty()) {
            return "publishers are blocked: " + m_blocked;
        }
        return m_confirmed ? "confirmed, but not delivered in time" : "not confirmed in time";
    }
    steady_clock::time_point confirmed() const { return *m_confirmed; }
    steady_clock::time_point consumed() const { return *m_consumed; }

private:
    void fail(char const* why) { m_failure = m_failure.empty() ? why : m_failure; }

    std::string m_body;
    std::string m_failure;
    std::string m_blocked;
    std::optional<steady_clock::time_point> m_confirmed;
    std::optional<steady_clock::time_point> m_consumed;
};

EndToEnd send_through(amqp::Channel& channel, Fate& fate, amqp::Publication const& message, base::TimePoint deadline)
{
    EndToEnd result;
    channel.declare_queue({.name = message.routing_key, .durable = false, .exclusive = true, .auto_delete = true},
                          deadline);
    channel.select_confirms(deadline);
    channel.consume(message.routing_key, {.no_ack = true}, deadline);
    auto const start = steady_clock::now();
    channel.publish(message);
    while (!fate.over() && steady_clock::now() < deadline) {
        channel.pump({.deadline = deadline});
    }
    if (fate.over() && fate.failure().empty()) {
        result.asked.outcome = Asked::Outcome::answered;
        result.asked.took = fate.consumed() - start;
        result.confirmed = fate.confirmed() - start;
        channel.delete_queue(message.routing_key, deadline);
    } else {
        result.asked.outcome = Asked::Outcome::failed;
        result.asked.reason = fate.failure().empty() ? fate.why_not_over() : fate.failure();
    }
    return result;
}

} // namespace

EndToEnd run_end_to_end(amqp::Channel& channel, base::TimePoint deadline)
{
    auto const id = base::random_name();
    std::string const exchange;
    auto const queue = k_end_to_end_prefix + id;
    amqp::Properties const properties;
    Fate fate(id);
    channel.listen(&fate);
    auto const start = steady_clock::now();
    EndToEnd result;
    try {
        result = send_through(
            channel, fate,
            {.exchange = exchange, .routing_key = queue, .mandatory = true, .properties = properties, .body = id},
            deadline);
    } catch (amqp::Failure const& failure) {
        constexpr int k_access_refused = 403;
        bool const denied = failure.kind() == amqp::FailureKind::denied || failure.reply_code() == k_access_refused;
        result.asked = {denied ? Asked::Outcome::denied : Asked::Outcome::failed, failure.what(),
                        steady_clock::now() - start};
    } catch (base::Error const& error) {
        result.asked = {Asked::Outcome::failed, error.what(), steady_clock::now() - start};
    }
    channel.listen(nullptr);
    return result;
}

} // namespace rmqha::health
