#include "amqp/session.hpp"

#include <cctype>
#include <string_view>
#include <utility>

namespace rmqha::amqp {

namespace {

/// "queue.declare" for AMQP_QUEUE_DECLARE_METHOD, as the protocol writes it.
std::string name_of(amqp_method_number_t id)
{
    char const* const known = amqp_method_name(id);
    std::string_view constant = known != nullptr ? known : "";
    constexpr std::string_view k_prefix = "AMQP_";
    constexpr std::string_view k_suffix = "_METHOD";
    if (!constant.starts_with(k_prefix) || !constant.ends_with(k_suffix)) {
        return fmt::format("method {:#x}", id);
    }
    constant.remove_prefix(k_prefix.size());
    constant.remove_suffix(k_suffix.size());
    std::string name(constant);
    for (char& letter : name) {
        letter = letter == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    }
    if (auto const dash = name.find('-'); dash != std::string::npos) {
        name[dash] = '.';
    }
    return name;
}

constexpr std::size_t k_method_id = 4; // bytes

} // namespace

void Session::require_channel() const
{
    if (!m_channel_open) {
        throw Failure(FailureKind::channel_closed, "the channel is closed");
    }
}

void Session::on_frame(Frame const& frame)
{
    if (frame.type != FrameType::method) {
        m_content.take(frame, m_decoder, channel_listener());
        return;
    }
    auto const id = method_id(frame.payload);
    auto const arguments = frame.payload.subspan(k_method_id);
    if (frame.channel == 0) {
        on_connection_method(id, arguments);
    } else {
        on_channel_method(id, arguments);
    }
}

bool Session::keep_reply(amqp_method_number_t id, std::span<char const> arguments)
{
    if (id != m_awaited || m_replied) {
        return false;
    }
    m_reply.assign(arguments.data(), arguments.size());
    m_replied = true;
    return true;
}

void Session::on_connection_method(amqp_method_number_t id, std::span<char const> arguments)
{
    if (keep_reply(id, arguments)) {
        return;
    }
    switch (id) {
    case AMQP_CONNECTION_CLOSE_METHOD: {
        auto const& close = m_decoder.method<amqp_connection_close_t>(id, arguments);
        m_channel_open = false;
        amqp_connection_close_ok_t answer{};
        write_method(0, AMQP_CONNECTION_CLOSE_OK_METHOD, &answer);
        m_link.send_some();
        throw failure_of_close(false, close.reply_code, text(close.reply_text));
    }
    case AMQP_CONNECTION_BLOCKED_METHOD:
        m_blocked = true;
        if (m_listener != nullptr) {
            m_listener->on_blocked(text(m_decoder.method<amqp_connection_blocked_t>(id, arguments).reason));
        }
        return;
    case AMQP_CONNECTION_UNBLOCKED_METHOD:
        m_blocked = false;
        if (m_listener != nullptr) {
            m_listener->on_unblocked();
        }
        return;
    default:
        throw Failure(FailureKind::not_amqp, fmt::format("the peer broke the protocol: {} came unasked", name_of(id)));
    }
}

void Session::on_channel_method(amqp_method_number_t id, std::span<char const> arguments)
{
    auto* const listener = channel_listener();
    if (m_content.busy() && id != AMQP_CHANNEL_CLOSE_METHOD) {
        throw Failure(FailureKind::not_amqp,
                      fmt::format("the peer broke the protocol: {} within a message", name_of(id)));
    }
    switch (id) {
    case AMQP_BASIC_ACK_METHOD: {
        auto const& ack = m_decoder.method<amqp_basic_ack_t>(id, arguments);
        if (listener != nullptr) {
            listener->on_confirm({.tag = ack.delivery_tag, .multiple = ack.multiple != 0, .positive = true});
        }
        return;
    }
    case AMQP_BASIC_NACK_METHOD: {
        auto const& nack = m_decoder.method<amqp_basic_nack_t>(id, arguments);
        if (listener != nullptr) {
            listener->on_confirm({.tag = nack.delivery_tag, .multiple = nack.multiple != 0, .positive = false});
        }
        return;
    }
    case AMQP_BASIC_DELIVER_METHOD: {
        auto const& deliver = m_decoder.method<amqp_basic_deliver_t>(id, arguments);
        m_content.begin(Delivery{.consumer_tag = text(deliver.consumer_tag),
                                 .delivery_tag = deliver.delivery_tag,
                                 .redelivered = deliver.redelivered != 0,
                                 .exchange = text(deliver.exchange),
                                 .routing_key = text(deliver.routing_key),
                                 .properties = {},
                                 .body = {}});
        return;
    }
    case AMQP_BASIC_RETURN_METHOD: {
        auto const& returned = m_decoder.method<amqp_basic_return_t>(id, arguments);
        m_content.begin(Returned{.reply_code = returned.reply_code,
                                 .reply_text = text(returned.reply_text),
                                 .exchange = text(returned.exchange),
                                 .routing_key = text(returned.routing_key),
                                 .properties = {},
                                 .body = {}});
        return;
    }
    case AMQP_BASIC_CANCEL_METHOD: {
        auto const& cancel = m_decoder.method<amqp_basic_cancel_t>(id, arguments);
        auto const tag = text(cancel.consumer_tag);
        if (cancel.nowait == 0) {
            send(AMQP_BASIC_CANCEL_OK_METHOD, amqp_basic_cancel_ok_t{.consumer_tag = bytes_of(tag)});
        }
        if (listener != nullptr) {
            listener->on_cancel(tag);
        }
        return;
    }
    case AMQP_CHANNEL_FLOW_METHOD: { // RabbitMQ never sends it; the answer costs nothing
        auto const active = m_decoder.method<amqp_channel_flow_t>(id, arguments).active;
        send(AMQP_CHANNEL_FLOW_OK_METHOD, amqp_channel_flow_ok_t{.active = active});
        return;
    }
    case AMQP_CHANNEL_CLOSE_METHOD: {
        auto const& close = m_decoder.method<amqp_channel_close_t>(id, arguments);
        m_channel_open = false;
        m_content.reset();
        send(AMQP_CHANNEL_CLOSE_OK_METHOD, amqp_channel_close_ok_t{});
        m_link.send_some(); // until it has it, the broker may close once more
        if (m_awaited == AMQP_CHANNEL_CLOSE_OK_METHOD) {
            return; // it crossed our own close, which will be answered as well
        }
        throw failure_of_close(true, close.reply_code, text(close.reply_text));
    }
    default:
        if (!keep_reply(id, arguments)) {
            throw Failure(FailureKind::not_amqp,
                          fmt::format("the peer broke the protocol: {} came unasked", name_of(id)));
        }
    }
}

void Session::await_reply(amqp_method_number_t reply, base::TimePoint deadline, amqp_method_number_t asked,
                          bool heed_stop)
{
    m_awaited = reply;
    m_replied = false;
    while (!m_replied) {
        if (std::chrono::steady_clock::now() >= deadline) {
            throw Failure(FailureKind::timed_out, fmt::format("no answer to {} in time", name_of(asked)));
        }
        m_link.pump({.deadline = deadline, .heed_stop = heed_stop});
    }
    m_awaited = 0;
}

void Session::open_channel(base::TimePoint deadline)
{
    m_content.reset();
    amqp_channel_open_t open{};
    write_method(k_channel, AMQP_CHANNEL_OPEN_METHOD, &open);
    await_reply(AMQP_CHANNEL_OPEN_OK_METHOD, deadline, AMQP_CHANNEL_OPEN_METHOD);
    m_channel_open = true;
}

void Session::reopen_channel(base::TimePoint deadline)
{
    if (m_channel_open) {
        m_channel_open = false;
        m_leaving = true;
        send(AMQP_CHANNEL_CLOSE_METHOD,
             amqp_channel_close_t{.reply_code = AMQP_REPLY_SUCCESS, .reply_text = {}, .class_id = 0, .method_id = 0});
        await_reply(AMQP_CHANNEL_CLOSE_OK_METHOD, deadline, AMQP_CHANNEL_CLOSE_METHOD);
        m_leaving = false;
    }
    open_channel(deadline);
}

void Session::close(base::TimePoint deadline)
{
    amqp_connection_close_t goodbye{
        .reply_code = AMQP_REPLY_SUCCESS, .reply_text = bytes_of("done"), .class_id = 0, .method_id = 0};
    write_method(0, AMQP_CONNECTION_CLOSE_METHOD, &goodbye);
    await_reply(AMQP_CONNECTION_CLOSE_OK_METHOD, deadline, AMQP_CONNECTION_CLOSE_METHOD, false);
}

} // namespace rmqha::amqp
