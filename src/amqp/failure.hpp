#pragma once

#include "base/error.hpp"

#include <cstdint>

namespace rmqha::amqp {

enum class FailureKind {
    unknown_host,   ///< the name does not resolve
    refused,        ///< nothing listens there
    unreachable,    ///< no route, network down
    timed_out,      ///< no connection, or connected and silent
    lost,           ///< the peer closed or reset the connection without a reason
    heartbeat,      ///< nothing received for two heartbeat intervals
    tls,            ///< the TLS handshake or verification failed
    not_amqp,       ///< the peer speaks something else, or AMQP wrongly
    denied,         ///< user, password, vhost or permission refused, or removed while connected
    closed,         ///< connection.close with another reason
    channel_closed, ///< channel.close: the connection lives on, the channel must be reopened
    cancelled,      ///< basic.cancel: the consumer is no more, what it held goes back when the channel is reopened
};

/// What helps after a failure.
enum class Retry {
    other_node, ///< try the next node at once
    wait,       ///< the same again after a pause
    never,      ///< it will fail the same way everywhere
};

/// An AMQP connection or channel that is no more, or never was. what() is the reason alone ("refused", "closed by the
/// server: 320 CONNECTION_FORCED - ..."): whoever knows the node puts it in front.
class Failure : public base::Error {
public:
    Failure(FailureKind kind, std::string const& reason, std::uint16_t reply_code = 0, std::string hint = {});

    FailureKind kind() const noexcept { return m_kind; }
    /// AMQP reply code of a close, 0 when there was none.
    std::uint16_t reply_code() const noexcept { return m_reply_code; }
    Retry retry() const noexcept { return m_retry; }

private:
    FailureKind m_kind;
    std::uint16_t m_reply_code;
    Retry m_retry;
};

/// The failure that a connection.close (`on_channel` false) or channel.close stands for. The classification follows
/// what RabbitMQ 3.8 to 4.3 send: the reply code first, then the text where one code means several things.
Failure failure_of_close(bool on_channel, std::uint16_t reply_code, std::string const& text);

} // namespace rmqha::amqp
