#include "amqp/session.hpp"
#include "base/units.hpp"
#include "base/version.hpp"

#include <algorithm>

namespace rmqha::amqp {

namespace {

std::string const* find_text(Table const& table, std::string_view name)
{
    auto const found = std::ranges::find(table, name, &Field::name);
    return found != table.end() ? std::get_if<std::string>(&found->value.data) : nullptr;
}

std::string text_or_nothing(Table const& table, std::string_view name)
{
    auto const* const found = find_text(table, name);
    return found != nullptr ? *found : std::string{};
}

/// Without these, the broker drops a refused login after 3 s without a word, stays silent when a queue we consume
/// from is deleted, and blocks us under an alarm without saying so.
Table client_properties(std::string const& connection_name)
{
    Table capabilities;
    for (auto const* const name : {"authentication_failure_close", "basic.nack", "connection.blocked",
                                   "consumer_cancel_notify", "publisher_confirms"}) {
        capabilities.push_back({name, {true}});
    }
    return {{"product", {std::string("rmqha")}},
            {"version", {std::string(base::version())}},
            {"connection_name", {connection_name}},
            {"capabilities", {capabilities}}};
}

bool offers(std::string_view mechanisms, std::string_view wanted)
{
    while (!mechanisms.empty()) {
        auto const end = mechanisms.find(' ');
        if (mechanisms.substr(0, end) == wanted) {
            return true;
        }
        mechanisms.remove_prefix(end == std::string_view::npos ? mechanisms.size() : end + 1);
    }
    return false;
}

template <typename Number>
Number agreed(Number theirs, Number ours)
{
    return theirs == 0 ? ours : std::min(theirs, ours);
}

} // namespace

void Session::await_greeting(Server& server, OpenOptions const& options, base::TimePoint deadline)
{
    constexpr std::string_view k_header("AMQP\x00\x00\x09\x01", 8);
    m_link.out().append(k_header);
    try {
        await_reply(AMQP_CONNECTION_START_METHOD, deadline, 0);
    } catch (Failure const& failure) {
        if (failure.kind() == FailureKind::timed_out) {
            throw Failure(
                FailureKind::timed_out, "connected, but no AMQP greeting in time", 0,
                "The node may be paused, overloaded or starting, or it is another port (such as the management port).");
        }
        if (failure.kind() == FailureKind::lost) {
            throw Failure(
                FailureKind::lost, failure.what() + std::string(" before its AMQP greeting"), 0,
                "A load balancer without a live node behind it does this, and so does a port that expects TLS.");
        }
        throw;
    }
    auto const& start = m_reply_decoder.method<amqp_connection_start_t>(AMQP_CONNECTION_START_METHOD, m_reply);
    auto const properties = table_of(start.server_properties);
    server.product = text_or_nothing(properties, "product");
    server.version = text_or_nothing(properties, "version");
    server.cluster_name = text_or_nothing(properties, "cluster_name");
    std::string_view const mechanism = options.credentials.external ? "EXTERNAL" : "PLAIN";
    if (!offers(view(start.mechanisms), mechanism)) {
        throw Failure(
            FailureKind::denied,
            fmt::format("the server does not offer {} logins, only: {}", mechanism, view(start.mechanisms)), 0,
            options.credentials.external ? "Enable rabbitmq_auth_mechanism_ssl on the nodes, or log in with --user."
                                         : "");
    }
}

void Session::tune(OpenOptions const& options, Server& server, base::TimePoint deadline)
{
    auto const& theirs =
        await<amqp_connection_tune_t>(AMQP_CONNECTION_TUNE_METHOD, deadline, AMQP_CONNECTION_START_OK_METHOD);
    constexpr std::uint32_t k_smallest_frame_max = 4096; // AMQP 0-9-1, 2.3.5: below it frames cannot be counted on
    if (theirs.frame_max != 0 && theirs.frame_max < k_smallest_frame_max) {
        throw Failure(FailureKind::not_amqp,
                      fmt::format("the peer broke the protocol: it allows frames of {} bytes only", theirs.frame_max));
    }
    constexpr std::int64_t k_most_heartbeat = 65535;
    auto const ours =
        std::min<std::int64_t>(std::chrono::ceil<std::chrono::seconds>(options.heartbeat).count(), k_most_heartbeat);
    auto const heartbeat = ours == 0 ? std::uint16_t{0} : agreed(theirs.heartbeat, static_cast<std::uint16_t>(ours));
    amqp_connection_tune_ok_t answer{.channel_max = agreed(theirs.channel_max, k_channel),
                                     .frame_max = agreed(theirs.frame_max, k_frame_max),
                                     .heartbeat = heartbeat};
    write_method(0, AMQP_CONNECTION_TUNE_OK_METHOD, &answer);
    server.heartbeat = std::chrono::seconds(heartbeat);
    server.frame_max = answer.frame_max;
    m_link.agree(answer.frame_max, answer.channel_max, server.heartbeat);
}

void Session::log_in(OpenOptions const& options, Server& server, base::TimePoint deadline)
{
    await_greeting(server, options, deadline);

    auto const properties = client_properties(options.connection_name);
    WireTable wire(properties);
    auto const& credentials = options.credentials;
    auto const response = credentials.external ? std::string() : '\0' + credentials.user + '\0' + credentials.password;
    amqp_connection_start_ok_t start{.client_properties = wire.get(),
                                     .mechanism = bytes_of(credentials.external ? "EXTERNAL" : "PLAIN"),
                                     .response = bytes_of(response),
                                     .locale = bytes_of("en_US")};
    write_method(0, AMQP_CONNECTION_START_OK_METHOD, &start);
    tune(options, server, deadline);

    amqp_connection_open_t open{.virtual_host = bytes_of(options.vhost), .capabilities = {}, .insist = 0};
    write_method(0, AMQP_CONNECTION_OPEN_METHOD, &open);
    await_reply(AMQP_CONNECTION_OPEN_OK_METHOD, deadline, AMQP_CONNECTION_OPEN_METHOD);
    open_channel(deadline);
}

} // namespace rmqha::amqp
