#include "amqp/connection.hpp"

#include "amqp/resolver.hpp"
#include "amqp/session.hpp"

#include <sys/socket.h>

#include <utility>

namespace rmqha::amqp {

class Connection::Impl {
public:
    Impl(std::unique_ptr<Transport> transport, base::Stop const& stop) : session(std::move(transport), stop) {}

    Session session;
    Server server;
    bool alive = true;
};

namespace {

/// Adds up how long each step of opening takes.
class Stopwatch {
public:
    base::Duration lap()
    {
        auto const now = std::chrono::steady_clock::now();
        return now - std::exchange(m_last, now);
    }

private:
    base::TimePoint m_last = std::chrono::steady_clock::now();
};

std::string peer_address(int fd)
{
    SocketAddress address;
    address.length = sizeof address.storage;
    return ::getpeername(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.length) == 0 ? to_string(address)
                                                                                                  : std::string{};
}

} // namespace

Connection::Connection(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}

Connection::~Connection()
{
    if (m_impl->alive && m_impl->session.link().unsent() > 0) {
        m_impl->session.link().transport().abandon();
    }
}

std::unique_ptr<Connection> Connection::open(Target const& target, OpenOptions const& options, base::TimePoint deadline,
                                             base::Stop const& stop, Timings* timings)
{
    Timings unused;
    Timings& took = timings != nullptr ? *timings : unused;
    took = {};
    Stopwatch watch;
    auto const addresses = resolve(target.host, target.port, deadline, stop);
    took.dns = watch.lap();
    auto fd = connect_any(addresses, deadline, stop);
    took.tcp = watch.lap();
    std::unique_ptr<Transport> transport;
    if (target.tls.enabled) {
        transport = make_tls_transport(std::move(fd), target.host, target.tls, deadline, stop);
        took.tls = watch.lap();
    } else {
        transport = make_tcp_transport(std::move(fd));
    }
    auto impl = std::make_unique<Impl>(std::move(transport), stop);
    auto& established = impl->session.link().transport();
    impl->server.address = peer_address(established.fd());
    impl->server.encryption = established.encryption();
    impl->server.certificate_days_left = established.certificate_days_left();
    impl->session.log_in(options, impl->server, deadline);
    took.login = watch.lap();
    return std::unique_ptr<Connection>(new Connection(std::move(impl)));
}

Server const& Connection::server() const noexcept
{
    return m_impl->server;
}

int Connection::fd() const noexcept
{
    return m_impl->session.link().transport().fd();
}

void Connection::listen(Listener* listener)
{
    m_impl->session.listen(listener);
}

void Connection::heed(base::Stop const& stop)
{
    m_impl->session.link().heed(stop);
}

QueueState Connection::declare_queue(QueueSpec const& queue, base::TimePoint deadline)
{
    WireTable arguments(queue.arguments);
    auto const& ok =
        m_impl->session.call<amqp_queue_declare_ok_t>(AMQP_QUEUE_DECLARE_METHOD,
                                                      amqp_queue_declare_t{.ticket = 0,
                                                                           .queue = bytes_of(queue.name),
                                                                           .passive = queue.passive,
                                                                           .durable = queue.durable,
                                                                           .exclusive = queue.exclusive,
                                                                           .auto_delete = queue.auto_delete,
                                                                           .nowait = 0,
                                                                           .arguments = arguments.get()},
                                                      AMQP_QUEUE_DECLARE_OK_METHOD, deadline);
    return {.name = text(ok.queue), .messages = ok.message_count, .consumers = ok.consumer_count};
}

std::uint32_t Connection::delete_queue(std::string const& name, base::TimePoint deadline)
{
    return m_impl->session
        .call<amqp_queue_delete_ok_t>(
            AMQP_QUEUE_DELETE_METHOD,
            amqp_queue_delete_t{.ticket = 0, .queue = bytes_of(name), .if_unused = 0, .if_empty = 0, .nowait = 0},
            AMQP_QUEUE_DELETE_OK_METHOD, deadline)
        .message_count;
}

void Connection::select_confirms(base::TimePoint deadline)
{
    m_impl->session.call<amqp_confirm_select_ok_t>(AMQP_CONFIRM_SELECT_METHOD, amqp_confirm_select_t{.nowait = 0},
                                                   AMQP_CONFIRM_SELECT_OK_METHOD, deadline);
}

void Connection::set_prefetch(std::uint16_t count, base::TimePoint deadline)
{
    m_impl->session.call<amqp_basic_qos_ok_t>(
        AMQP_BASIC_QOS_METHOD, amqp_basic_qos_t{.prefetch_size = 0, .prefetch_count = count, .global = 0},
        AMQP_BASIC_QOS_OK_METHOD, deadline);
}

std::string Connection::consume(std::string const& queue, ConsumeOptions const& options, base::TimePoint deadline)
{
    WireTable arguments(options.arguments);
    auto const& ok = m_impl->session.call<amqp_basic_consume_ok_t>(AMQP_BASIC_CONSUME_METHOD,
                                                                   amqp_basic_consume_t{.ticket = 0,
                                                                                        .queue = bytes_of(queue),
                                                                                        .consumer_tag = {},
                                                                                        .no_local = 0,
                                                                                        .no_ack = options.no_ack,
                                                                                        .exclusive = options.exclusive,
                                                                                        .nowait = 0,
                                                                                        .arguments = arguments.get()},
                                                                   AMQP_BASIC_CONSUME_OK_METHOD, deadline);
    return text(ok.consumer_tag);
}

void Connection::cancel(std::string const& consumer_tag, base::TimePoint deadline)
{
    m_impl->session.call<amqp_basic_cancel_ok_t>(
        AMQP_BASIC_CANCEL_METHOD, amqp_basic_cancel_t{.consumer_tag = bytes_of(consumer_tag), .nowait = 0},
        AMQP_BASIC_CANCEL_OK_METHOD, deadline);
}

void Connection::publish(Publication const& message)
{
    m_impl->session.require_channel();
    auto& link = m_impl->session.link();
    auto const before = link.unsent();
    try {
        m_impl->session.send(AMQP_BASIC_PUBLISH_METHOD,
                             amqp_basic_publish_t{.ticket = 0,
                                                  .exchange = bytes_of(message.exchange),
                                                  .routing_key = bytes_of(message.routing_key),
                                                  .mandatory = message.mandatory,
                                                  .immediate = 0});
        append_content(link.out(), Session::k_channel, message.properties, message.body, link.frame_max());
    } catch (base::Error const&) {
        link.out().truncate(before);
        throw;
    }
}

void Connection::ack(std::uint64_t tag, bool multiple)
{
    m_impl->session.require_channel();
    m_impl->session.send(AMQP_BASIC_ACK_METHOD, amqp_basic_ack_t{.delivery_tag = tag, .multiple = multiple});
}

void Connection::reject(std::uint64_t tag, bool multiple, bool requeue)
{
    m_impl->session.require_channel();
    m_impl->session.send(AMQP_BASIC_NACK_METHOD,
                         amqp_basic_nack_t{.delivery_tag = tag, .multiple = multiple, .requeue = requeue});
}

std::size_t Connection::unsent() const
{
    return m_impl->session.link().unsent();
}

bool Connection::blocked() const
{
    return m_impl->session.blocked();
}

bool Connection::pump(Wait const& wait)
{
    return m_impl->session.link().pump(wait);
}

Readiness Connection::readiness() const
{
    return m_impl->session.link().readiness();
}

void Connection::reopen(base::TimePoint deadline)
{
    m_impl->session.reopen_channel(deadline);
}

void Connection::close(base::TimePoint deadline) noexcept
{
    m_impl->session.listen(nullptr);
    try {
        // A blocked connection reads nothing, not even our goodbye: do not wait for an answer to it.
        m_impl->session.close(blocked() ? std::chrono::steady_clock::now() : deadline);
        m_impl->alive = false;
    } catch (...) {
        m_impl->session.link().transport().abandon();
    }
}

} // namespace rmqha::amqp
