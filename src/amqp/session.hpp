#pragma once

// Internal to src/amqp.

#include "amqp/connection.hpp"
#include "amqp/content.hpp"
#include "amqp/link.hpp"

#include <string>

namespace rmqha::amqp {

/// Methods over a Link: sends them, waits for the answers, and gives everything else that arrives to the listener.
class Session final : public FrameSink {
public:
    Session(std::unique_ptr<Transport> transport, base::Stop const& stop) : m_link(std::move(transport), stop, *this) {}

    Link& link() noexcept { return m_link; }
    void listen(Listener* listener) noexcept { m_listener = listener; }
    bool blocked() const noexcept { return m_blocked; }

    static constexpr std::uint16_t k_channel = 1;

    /// Sends the protocol header, logs in and opens the channel; fills in what the server said. Throws Failure.
    void log_in(OpenOptions const& options, Server& server, base::TimePoint deadline);
    /// Closes the channel if it is open and opens it afresh; confirms and deliveries of the old one are dropped.
    void reopen_channel(base::TimePoint deadline);
    /// Says goodbye and waits for the answer. Throws Failure, never Interrupted.
    void close(base::TimePoint deadline);

    /// Sends a method on the channel; pump() does the rest.
    template <typename Method>
    void send(amqp_method_number_t id, Method method)
    {
        write_method(k_channel, id, &method);
    }

    /// Sends a method and waits for its answer, which stays valid until the next call.
    template <typename Reply, typename Method>
    Reply const& call(amqp_method_number_t id, Method method, amqp_method_number_t reply, base::TimePoint deadline)
    {
        require_channel();
        write_method(k_channel, id, &method);
        return await<Reply>(reply, deadline, id);
    }

    void require_channel() const;

private:
    void write_method(std::uint16_t channel, amqp_method_number_t id, void* decoded)
    {
        append_method(m_link.out(), channel, id, decoded, m_link.frame_max());
    }
    void on_frame(Frame const& frame) override;
    void on_channel_method(amqp_method_number_t id, std::span<char const> arguments);
    void on_connection_method(amqp_method_number_t id, std::span<char const> arguments);
    Listener* channel_listener() const noexcept { return m_leaving ? nullptr : m_listener; }
    bool keep_reply(amqp_method_number_t id, std::span<char const> arguments);

    template <typename Reply>
    Reply const& await(amqp_method_number_t reply, base::TimePoint deadline, amqp_method_number_t asked,
                       bool heed_stop = true)
    {
        await_reply(reply, deadline, asked, heed_stop);
        return m_reply_decoder.method<Reply>(reply, m_reply);
    }
    void await_reply(amqp_method_number_t reply, base::TimePoint deadline, amqp_method_number_t asked,
                     bool heed_stop = true);
    void open_channel(base::TimePoint deadline);
    void await_greeting(Server& server, OpenOptions const& options, base::TimePoint deadline);
    void tune(OpenOptions const& options, Server& server, base::TimePoint deadline);

    Link m_link;
    Decoder m_decoder;       ///< for what is dispatched
    Decoder m_reply_decoder; ///< for answers, which callers read after more may have been dispatched
    ContentAssembler m_content;
    Listener* m_listener = nullptr;
    std::string m_reply; ///< arguments of the awaited method
    amqp_method_number_t m_awaited = 0;
    bool m_replied = false;
    bool m_channel_open = false;
    bool m_blocked = false;
    bool m_leaving = false; ///< the channel: what still comes of it is dropped
};

} // namespace rmqha::amqp
