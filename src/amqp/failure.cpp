#include "amqp/failure.hpp"

#include <string_view>

namespace rmqha::amqp {

namespace {

using base::ExitCode;

constexpr std::uint16_t k_not_implemented = 540; ///< what this kind of queue cannot do

ExitCode exit_code_of(FailureKind kind, std::uint16_t reply_code)
{
    switch (kind) {
    case FailureKind::unknown_host:
        return ExitCode::no_host;
    case FailureKind::timed_out:
        return ExitCode::timeout;
    case FailureKind::tls:
    case FailureKind::not_amqp:
        return ExitCode::protocol;
    case FailureKind::denied:
        return ExitCode::denied;
    case FailureKind::channel_closed:
        return reply_code == 403                        ? ExitCode::denied
               : reply_code == 404 || reply_code == 406 ? ExitCode::data
                                                        : ExitCode::unavailable;
    case FailureKind::closed:
        return reply_code == k_not_implemented ? ExitCode::data : ExitCode::unavailable;
    default:
        return ExitCode::unavailable;
    }
}

bool contains(std::string_view text, std::string_view part)
{
    return text.find(part) != std::string_view::npos;
}

/// The vhost or the user went away under the connection.
bool gone_for_good(std::uint16_t code, std::string_view text)
{
    return code == 320 && contains(text, "is deleted");
}

/// A limit that others use up now, or a vhost that does not run on this node.
bool refused_for_now(std::uint16_t code, std::string_view text)
{
    return code == 530 && (contains(text, "connection limit") || contains(text, "is down"));
}

/// The broker's consumer_timeout: the message was taken away.
bool is_consumer_timeout(std::string_view text)
{
    return contains(text, "delivery acknowledgement on channel") && contains(text, "timed out");
}

/// What to do where a queue is of another kind than the consumer took it for.
std::string hint_on_kind(std::string_view text)
{
    if (contains(text, "invalid arg 'x-stream-offset'")) {
        return "The queue is no stream: leave --offset out; it gives its oldest message first.";
    }
    if (contains(text, "prefetch count is not set")) {
        return "A stream keeps what is read: instead of --peek, read it with --offset first --idle-timeout 1s.";
    }
    if (contains(text, "automatic acknowledgement not supported")) {
        return "Leave --auto-ack out: a stream keeps its messages, acknowledged or not.";
    }
    return "";
}

Retry retry_of_close(bool on_channel, std::uint16_t code, std::string_view text)
{
    if (on_channel) {
        // The home node of a classic queue is down, or a leader is being elected: the queue comes back with it.
        bool const queue_is_down = contains(text, "is down or inaccessible") || contains(text, "process is stopped") ||
                                   contains(text, "due to timeout");
        if (contains(text, "replica on the local node")) { // a stream is read where it has a member, and that runs
            return Retry::other_node;
        }
        return queue_is_down || code == 506 || is_consumer_timeout(text) ? Retry::wait : Retry::never;
    }
    if (refused_for_now(code, text)) {
        return Retry::wait;
    }
    bool const for_good =
        gone_for_good(code, text) || code == 530 || code == 403 || code == 402 || code == k_not_implemented;
    return for_good ? Retry::never : Retry::other_node;
}

Retry retry_of(FailureKind kind)
{
    return kind == FailureKind::denied      ? Retry::never
           : kind == FailureKind::cancelled ? Retry::wait
                                            : Retry::other_node;
}

} // namespace

Failure::Failure(FailureKind kind, std::string const& reason, std::uint16_t reply_code, std::string hint)
    : Error(exit_code_of(kind, reply_code), reason, std::move(hint)),
      m_kind(kind),
      m_reply_code(reply_code),
      m_retry(reply_code == 0 ? retry_of(kind)
                              : retry_of_close(kind == FailureKind::channel_closed, reply_code, reason))
{
}

Failure failure_of_close(bool on_channel, std::uint16_t reply_code, std::string const& text)
{
    if (on_channel) {
        auto const hint = is_consumer_timeout(text)
                              ? "Acknowledge sooner, or raise the broker's consumer_timeout (usually 30 minutes)."
                              : hint_on_kind(text);
        return {FailureKind::channel_closed, fmt::format("{} ({})", text, reply_code), reply_code, hint};
    }
    if (reply_code == 403) {
        return {FailureKind::denied, fmt::format("login refused: {}", text), reply_code,
                contains(text, "mechanism EXTERNAL")
                    ? "The broker must have a user of the client certificate's name (ssl_cert_login_from says which)."
                    : "Check user and password (--user, --password-file)."};
    }
    if (gone_for_good(reply_code, text)) {
        return {FailureKind::denied, fmt::format("closed by the server: {} ({})", text, reply_code), reply_code,
                "It was removed while connected; make it again, or choose another (--vhost, --user)."};
    }
    if (refused_for_now(reply_code, text)) {
        return {FailureKind::closed, fmt::format("{} ({})", text, reply_code), reply_code,
                contains(text, "connection limit")
                    ? "Close other connections, or raise the limit of the vhost or the user."
                    : "Another node may have the vhost running; the log of this one says why it does not."};
    }
    if (reply_code == 530) {
        return {FailureKind::denied, text, reply_code, "Check --vhost and the user's permissions in it."};
    }
    return {FailureKind::closed, fmt::format("closed by the server: {} ({})", text, reply_code), reply_code,
            hint_on_kind(text)};
}

} // namespace rmqha::amqp
