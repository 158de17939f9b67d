#include "amqp/failure.hpp"
#include "support/catch.hpp"

using namespace rmqha;
using amqp::Failure;
using amqp::FailureKind;
using amqp::Retry;
using base::ExitCode;

namespace {

struct Close {
    std::uint16_t code = 0;
    char const* text = "";
    FailureKind kind{};
    Retry retry{};
    ExitCode exit_code{};
};

void check(bool on_channel, Close const& close)
{
    INFO(close.code << ' ' << close.text);
    auto const failure = amqp::failure_of_close(on_channel, close.code, close.text);
    CHECK(failure.kind() == close.kind);
    CHECK(failure.retry() == close.retry);
    CHECK(failure.code() == close.exit_code);
    CHECK(failure.reply_code() == close.code);
    CHECK_THAT(failure.what(), Catch::Contains(close.text));
}

} // namespace

TEST_CASE("what helps after the server closed a connection follows from its code and text")
{
    using enum FailureKind;
    using enum Retry;
    for (auto const& close : std::vector<Close>{
             {320, "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'", closed, other_node,
              ExitCode::unavailable},
             {320, "CONNECTION_FORCED - Node was put into maintenance mode", closed, other_node, ExitCode::unavailable},
             {320, "CONNECTION_FORCED - vhost 'x' is deleted", denied, never, ExitCode::denied},
             {320, "CONNECTION_FORCED - user 'u' is deleted", denied, never, ExitCode::denied},
             {320, "CONNECTION_FORCED - Closed via management plugin", closed, other_node, ExitCode::unavailable},
             {402, "INVALID_PATH", closed, never, ExitCode::unavailable},
             {403, "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN", denied, never,
              ExitCode::denied},
             {501, "FRAME_ERROR - frame too large", closed, other_node, ExitCode::unavailable},
             {504, "CHANNEL_ERROR - expected 'channel.open'", closed, other_node, ExitCode::unavailable},
             {530, "NOT_ALLOWED - vhost x not found", denied, never, ExitCode::denied},
             {530, "NOT_ALLOWED - access to vhost 'x' refused for user 'u'", denied, never, ExitCode::denied},
             {530, "NOT_ALLOWED - access to vhost 'x' refused for user 'u': connection limit (1) is reached", closed,
              wait, ExitCode::unavailable},
             {530, "NOT_ALLOWED - access to vhost 'x' refused for user 'u': vhost 'x' is down", closed, wait,
              ExitCode::unavailable},
             {540, "NOT_IMPLEMENTED - automatic acknowledgement not supported by stream queue 's'", closed, never,
              ExitCode::data},
             {541, "INTERNAL_ERROR", closed, other_node, ExitCode::unavailable}}) {
        check(false, close);
    }
}

TEST_CASE("what helps after the server closed a channel follows from its code and text")
{
    using enum Retry;
    constexpr auto k_kind = FailureKind::channel_closed;
    for (auto const& close : std::vector<Close>{
             {406,
              "PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out. Timeout value used: 1800000 ms",
              k_kind, wait, ExitCode::data},
             {403, "ACCESS_REFUSED - access to queue 'q' refused for user 'u'", k_kind, never, ExitCode::denied},
             {404, "NOT_FOUND - no exchange 'x' in vhost '/'", k_kind, never, ExitCode::data},
             {404, "NOT_FOUND - home node 'rabbit@b' of durable queue 'q' in vhost '/' is down or inaccessible", k_kind,
              wait, ExitCode::data},
             {404, "NOT_FOUND - queue 'q' in vhost '/' process is stopped by supervisor", k_kind, wait, ExitCode::data},
             {405, "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue 'q'", k_kind, never,
              ExitCode::unavailable},
             {406, "PRECONDITION_FAILED - inequivalent arg 'durable'", k_kind, never, ExitCode::data},
             {406, "PRECONDITION_FAILED - queue 'q' in vhost '/' did not answer due to timeout", k_kind, wait,
              ExitCode::data},
             {406, "PRECONDITION_FAILED - queue 'queue 's' in vhost '/'' does not have a replica on the local node",
              k_kind, other_node, ExitCode::data},
             {406, "PRECONDITION_FAILED - stream queue 's' does not have a running replica on the local node", k_kind,
              other_node, ExitCode::data},
             {506, "RESOURCE_ERROR", k_kind, wait, ExitCode::unavailable},
             {541, "INTERNAL_ERROR - Cannot declare a queue 'q' due to timeout", k_kind, wait, ExitCode::unavailable},
             {541, "INTERNAL_ERROR", k_kind, never, ExitCode::unavailable}}) {
        check(true, close);
    }
}

TEST_CASE("refusals of a login or a vhost say what to check")
{
    auto const login = amqp::failure_of_close(false, 403, "ACCESS_REFUSED - Login was refused");
    CHECK_THAT(login.what(), Catch::StartsWith("login refused: "));
    CHECK_THAT(login.hint(), Catch::Contains("--password-file"));
    CHECK_THAT(amqp::failure_of_close(false, 530, "NOT_ALLOWED - vhost x not found").hint(),
               Catch::Contains("--vhost"));
    auto const external = amqp::failure_of_close(
        false, 403, "ACCESS_REFUSED - Login was refused using authentication mechanism EXTERNAL");
    CHECK_THAT(external.hint(), Catch::Contains("certificate"));
    CHECK_THAT(amqp::failure_of_close(false, 320, "CONNECTION_FORCED - vhost 'x' is deleted").hint(),
               Catch::Contains("removed while connected"));
    CHECK_THAT(amqp::failure_of_close(false, 530, "NOT_ALLOWED - connection limit (1) is reached").hint(),
               Catch::Contains("limit"));
}

TEST_CASE("each kind of failure ends the program with its own exit code, and all but a refusal let other nodes try")
{
    using enum FailureKind;
    struct Row {
        FailureKind kind;
        ExitCode exit_code;
    };
    for (auto const& [kind, exit_code] :
         {Row{unknown_host, ExitCode::no_host}, Row{refused, ExitCode::unavailable},
          Row{unreachable, ExitCode::unavailable}, Row{timed_out, ExitCode::timeout}, Row{lost, ExitCode::unavailable},
          Row{heartbeat, ExitCode::unavailable}, Row{tls, ExitCode::protocol}, Row{not_amqp, ExitCode::protocol},
          Row{denied, ExitCode::denied}, Row{closed, ExitCode::unavailable},
          Row{channel_closed, ExitCode::unavailable}}) {
        Failure const failure(kind, "reason", 0, "hint");
        INFO(static_cast<int>(kind));
        CHECK(failure.code() == exit_code);
        CHECK(failure.retry() == (kind == denied ? Retry::never : Retry::other_node));
        CHECK(failure.reply_code() == 0);
        CHECK(failure.what() == std::string("reason"));
        CHECK(failure.hint() == "hint");
    }
}

TEST_CASE("what a stream refuses, and what another queue refuses of a stream's, has a hint with the option")
{
    auto const hint = [](bool on_channel, std::uint16_t code, std::string const& text) {
        return amqp::failure_of_close(on_channel, code, text).hint();
    };
    CHECK_THAT(hint(true, 406, "PRECONDITION_FAILED - invalid arg 'x-stream-offset' for queue 'q' in vhost '/'"),
               Catch::Contains("leave --offset out"));
    CHECK_THAT(hint(true, 406, "PRECONDITION_FAILED - consumer prefetch count is not set for stream queue 's'"),
               Catch::Contains("instead of --peek"));
    CHECK_THAT(hint(false, 540, "NOT_IMPLEMENTED - automatic acknowledgement not supported by stream queue 's'"),
               Catch::Contains("Leave --auto-ack out"));
}
