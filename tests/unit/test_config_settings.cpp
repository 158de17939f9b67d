#include "base/error.hpp"
#include "config/settings.hpp"
#include "support/catch.hpp"

#include <array>

using namespace rmqha;
using namespace std::chrono_literals;
using config::Levels;
using config::resolve;
using config::Settings;
using config::Source;
using config::SourceKind;
using config::Values;

namespace {

Source flags(Values values)
{
    return {.kind = SourceKind::flag, .values = std::move(values), .origin = {}, .lines = {}};
}

Source variables(Values values)
{
    return {.kind = SourceKind::environment, .values = std::move(values), .origin = {}, .lines = {}};
}

Source file(Values values)
{
    return {.kind = SourceKind::file, .values = std::move(values), .origin = "/c.toml", .lines = {{"heartbeat", 7}}};
}

std::vector<std::string> hosts(Settings const& settings)
{
    std::vector<std::string> names;
    for (auto const& node : settings.nodes) {
        names.push_back(config::label(node));
    }
    return names;
}

using Names = std::vector<std::string>;

/// An option, two values it may have, and whether the settings hold the first or the second.
struct Row {
    char const* name;
    char const* first;
    char const* second;
    bool (*is_first)(Settings const&);
    bool (*is_second)(Settings const&);
};

#define RMQHA_ROW(name, first, second, member, first_value, second_value)                                              \
    Row                                                                                                                \
    {                                                                                                                  \
        name, first, second, [](Settings const& s) { return s.member == (first_value); },                              \
            [](Settings const& s) { return s.member == (second_value); }                                               \
    }

std::vector<Row> const& rows()
{
    static std::vector<Row> const table{
        {"node", "a", "b:1", [](Settings const& s) { return hosts(s) == Names{"a:5672"}; },
         [](Settings const& s) { return hosts(s) == Names{"b:1"}; }},
        {"uri", "amqp://a", "amqp://b:1", [](Settings const& s) { return hosts(s) == Names{"a:5672"}; },
         [](Settings const& s) { return hosts(s) == Names{"b:1"}; }},
        RMQHA_ROW("user", "x", "y", user, "x", "y"),
        RMQHA_ROW("password_file", "x", "y", password_file, "x", "y"),
        RMQHA_ROW("password_command", "x", "y", password_command, "x", "y"),
        RMQHA_ROW("vhost", "x", "y", vhost, "x", "y"),
        RMQHA_ROW("tls", "true", "false", tls.enabled, true, false),
        RMQHA_ROW("cacert", "x", "y", tls.cacert, "x", "y"),
        RMQHA_ROW("cert", "x", "y", tls.cert, "x", "y"),
        RMQHA_ROW("server_name", "x", "y", tls.server_name, "x", "y"),
        RMQHA_ROW("insecure", "true", "false", tls.insecure, true, false),
        RMQHA_ROW("strategy", "random", "in_order", strategy, config::Strategy::random, config::Strategy::in_order),
        RMQHA_ROW("connection_attempts", "0", "7", connection_attempts, 0, 7),
        RMQHA_ROW("retry_delay", "2s", "1m", retry_delay, 2s, 1min),
        RMQHA_ROW("heartbeat", "0s", "65535s", heartbeat, 0s, 65535s),
        RMQHA_ROW("connection_timeout", "250ms", "1h", connection_timeout, 250ms, 1h),
        RMQHA_ROW("blocked_timeout", "1ms", "1d", blocked_timeout, 1ms, 24h),
        RMQHA_ROW("deadline", "1s", "2s", deadline, 1s, 2s),
        RMQHA_ROW("thresholds.cluster_health_min", "0", "100", thresholds.cluster_health_min, 0, 100),
        RMQHA_ROW("thresholds.queue_backlog_max", "0", "9,9000000000", thresholds.queue_backlog_max, Levels{0},
                  (Levels{9, 9'000'000'000})),
        RMQHA_ROW("thresholds.memory_usage_max", "1", "50,100", thresholds.memory_usage_max, Levels{1},
                  (Levels{50, 100})),
        RMQHA_ROW("thresholds.disk_usage_max", "1", "100,100", thresholds.disk_usage_max, Levels{1},
                  (Levels{100, 100})),
        RMQHA_ROW("thresholds.mirror_sync_delay_max", "0s", "10s", thresholds.mirror_sync_delay_max, 0s, 10s),
    };
    return table;
}

std::string refusal(Source const& source, base::ExitCode code)
{
    try {
        resolve({source});
    } catch (base::Error const& error) {
        CHECK(error.code() == code);
        return error.what();
    }
    return "accepted";
}

} // namespace

TEST_CASE("without any source the defaults hold", "[config]")
{
    auto const settings = resolve({});
    CHECK(hosts(settings) == Names{"localhost:5672"});
    CHECK(settings.nodes[0].management_port == 15672);
    CHECK(settings.nodes[0].prometheus_port == 15692);
    CHECK(settings.user == "guest");
    CHECK(settings.vhost == "/");
    CHECK_FALSE(settings.tls.enabled);
    CHECK(settings.strategy == config::Strategy::health_based);
    CHECK(settings.connection_attempts == 3);
    CHECK(settings.retry_delay == 1s);
    CHECK(settings.heartbeat == 30s);
    CHECK(settings.connection_timeout == 3s);
    CHECK(settings.blocked_timeout == 300s);
    CHECK_FALSE(settings.deadline);
    CHECK_FALSE(settings.login_given);
}

TEST_CASE("every option of the table is honoured, and the stronger of two sources has the last word", "[config]")
{
    for (auto const& row : rows()) {
        CAPTURE(row.name);
        Values const first{{row.name, {row.first}}};
        Values const second{{row.name, {row.second}}};
        CHECK(row.is_first(resolve({flags(first)})));
        CHECK(row.is_second(resolve({flags(second)})));
        CHECK(row.is_first(resolve({flags(first), variables(second)})));
        CHECK(row.is_second(resolve({flags(second), variables(first)})));
        CHECK(row.is_first(resolve({flags({}), variables(first), file(second)})));
        CHECK(row.is_second(resolve({flags({}), variables(second), file(first)})));
        CHECK(row.is_first(resolve({flags(first), variables({}), file(second)})));
        CHECK(row.is_second(resolve({flags(second), variables({}), file(first)})));
    }
    for (auto const* table : {&config::options(), &config::threshold_options()}) {
        for (auto const& option : *table) {
            CAPTURE(option.name);
            bool const tested =
                std::any_of(rows().begin(), rows().end(), [&](Row const& row) { return row.name == option.name; });
            CHECK((tested || option.name == "key")); // below: a key needs its certificate
        }
    }
}

TEST_CASE("a client key is used with its certificate and refused without", "[config]")
{
    CHECK(resolve({flags({{"key", {"k"}}}), variables({{"key", {"other"}}, {"cert", {"c"}}})}).tls.key == "k");
    CHECK_THAT(refusal(flags({{"key", {"k"}}}), base::ExitCode::usage), Catch::StartsWith("--key: "));
}

TEST_CASE("nodes of two sources are not mixed, those of one are", "[config]")
{
    CHECK(hosts(resolve({flags({{"node", {"a", "b"}}}), file({{"node", {"c"}}})})) == Names{"a:5672", "b:5672"});
    CHECK(hosts(resolve({flags({{"node", {"a"}}, {"uri", {"amqp://b"}}})})) == Names{"a:5672", "b:5672"});
    CHECK(hosts(resolve({variables({{"node", {"a b:1,weight=2"}}})})) == Names{"a:5672", "b:1"});
    CHECK_THAT(refusal(flags({{"node", {"a", "a:5672"}}}), base::ExitCode::usage),
               Catch::Contains("node a:5672 is named twice"));
}

TEST_CASE("TLS moves the default ports", "[config]")
{
    auto const settings = resolve({flags({{"node", {"a", "b:1,management=2,prometheus=3"}}, {"tls", {"true"}}})});
    CHECK(settings.nodes[0].port == 5671);
    CHECK(settings.nodes[0].management_port == 15671);
    CHECK(settings.nodes[0].prometheus_port == 15691);
    CHECK(settings.nodes[1].port == 1);
    CHECK(settings.nodes[1].management_port == 2);
    CHECK(settings.nodes[1].prometheus_port == 3);
    CHECK(hosts(resolve({flags({{"uri", {"amqps://a"}}})})) == Names{"a:5671"});
}

TEST_CASE("an option that needs TLS switches it on unless its own source says no", "[config]")
{
    for (auto const* name : {"cacert", "cert", "server_name"}) {
        CAPTURE(name);
        CHECK(resolve({flags({{name, {"x"}}})}).tls.enabled);
        CHECK(resolve({flags({{name, {"x"}}}), file({{"tls", {"false"}}})}).tls.enabled);
        CHECK_FALSE(resolve({flags({{"tls", {"false"}}}), file({{name, {"x"}}})}).tls.enabled);
        CHECK(resolve({flags({{name, {"x"}}, {"uri", {"amqp://a"}}})}).tls.enabled);
    }
    CHECK(resolve({flags({{"insecure", {"true"}}})}).tls.enabled);
    CHECK_FALSE(resolve({flags({{"insecure", {"false"}}})}).tls.enabled);
}

TEST_CASE("a URI counts in its source, below what is given there one by one", "[config]")
{
    Values const uri{{"uri", {"amqp://ops:pw@a/shop?heartbeat=5"}}};
    auto settings = resolve({flags(uri), variables({{"vhost", {"other"}}, {"user", {"me"}}, {"heartbeat", {"9s"}}})});
    CHECK(settings.vhost == "shop");
    CHECK(settings.user == "ops");
    CHECK(settings.uri_password == "pw");
    CHECK(settings.heartbeat == 5s);
    auto both = uri;
    both["vhost"] = {"mine"};
    CHECK(resolve({flags(both)}).vhost == "mine");
    CHECK(resolve({flags({{"uri", {"amqp://a"}}}), variables({{"vhost", {"shop"}}})}).vhost == "shop");
}

TEST_CASE("a URI whose nodes are overruled says nothing at all", "[config]")
{
    auto const settings = resolve({flags({{"node", {"b"}}}), variables({{"uri", {"amqp://ops:pw@a/shop"}}})});
    CHECK(hosts(settings) == Names{"b:5672"});
    CHECK(settings.user == "guest");
    CHECK(settings.uri_password.empty());
    CHECK(settings.vhost == "/");
}

TEST_CASE("of the ways to give a password only the strongest source's counts", "[config]")
{
    auto settings = resolve({flags({{"password_command", {"c"}}}), file({{"password_file", {"f"}}})});
    CHECK(settings.password_command == "c");
    CHECK(settings.password_file.empty());
    settings = resolve({flags({{"password_file", {"f"}}}), variables({{"uri", {"amqp://u:pw@a"}}})});
    CHECK(settings.password_file == "f");
    CHECK(settings.uri_password.empty());
    settings = resolve({flags({{"password_file", {"f"}}, {"uri", {"amqp://u:pw@a"}}})});
    CHECK(settings.password_file == "f");
    CHECK(settings.uri_password.empty());
    CHECK_THAT(refusal(flags({{"password_file", {"f"}}, {"password_command", {"c"}}}), base::ExitCode::usage),
               Catch::Contains("together with --password-file"));
}

TEST_CASE("a password is not used for another user than it was given for", "[config]")
{
    auto const ops = file({{"user", {"ops"}}, {"password_file", {"f"}}});
    CHECK(resolve({flags({{"user", {"ops"}}}), ops}).password_file == "f");
    CHECK(resolve({flags({{"user", {"eve"}}}), ops}).password_file.empty());
    CHECK(resolve({flags({{"user", {"eve"}}}), variables({{"password_file", {"f"}}})}).password_file == "f");
    CHECK(resolve({flags({{"user", {"eve"}}}), variables({{"uri", {"amqp://ops:pw@a"}}})}).uri_password.empty());
}

TEST_CASE("a URI's password belongs to the URI's user, also beside another user in the same place", "[config]")
{
    auto const both = [](char const* uri, char const* user) {
        return resolve({flags({{"uri", {uri}}, {"user", {user}}})});
    };
    CHECK(both("amqp://a:pw@h", "b").user == "b");
    CHECK(both("amqp://a:pw@h", "b").uri_password.empty());
    CHECK(both("amqp://a:pw@h", "a").uri_password == "pw");
    auto const of_b = file({{"user", {"b"}}, {"password_file", {"f"}}});
    CHECK(resolve({flags({{"uri", {"amqp://a:pw@h"}}, {"user", {"b"}}}), of_b}).password_file == "f");
}

TEST_CASE("whether a login was given is told, so that a certificate alone may log in", "[config]")
{
    CHECK_FALSE(resolve({flags({{"cert", {"c"}}})}).login_given);
    CHECK(resolve({flags({{"user", {"guest"}}})}).login_given);
    CHECK(resolve({file({{"password_file", {"f"}}})}).login_given);
    CHECK(resolve({flags({{"uri", {"amqp://u@a"}}})}).login_given);
}

TEST_CASE("the runner's keys are kept", "[config]")
{
    auto const settings = resolve({file({{"runner.kind", {"ssh"}}, {"runner.user", {"root"}}})});
    CHECK(settings.runner == std::map<std::string, std::string>{{"kind", "ssh"}, {"user", "root"}});
}

TEST_CASE("a refused value is quoted with its place and what is allowed", "[config]")
{
    using base::ExitCode;
    CHECK(refusal(flags({{"connection_attempts", {"x"}}}), ExitCode::usage) ==
          "--connection-attempts: \"x\" is not a number from 0 to 1000000");
    CHECK(refusal(variables({{"retry_delay", {"3"}}}), ExitCode::usage) ==
          "RMQHA_RETRY_DELAY: \"3\" is not a duration");
    CHECK(refusal(file({{"heartbeat", {"65536s"}}}), ExitCode::config) ==
          "/c.toml:7: heartbeat: \"65536s\" is not between 0s and 65535s");
    CHECK(refusal(flags({{"connection_timeout", {"0s"}}}), ExitCode::usage) ==
          "--connection-timeout: \"0s\" is not between 1ms and 3600s");
    CHECK(refusal(flags({{"deadline", {"0s"}}}), ExitCode::usage) ==
          "--deadline: \"0s\" is not between 1ms and 86400000s");
    CHECK(refusal(variables({{"tls", {"yes"}}}), ExitCode::usage) == "RMQHA_TLS: \"yes\" is neither true nor false");
    CHECK(refusal(flags({{"vhost", {""}}}), ExitCode::usage) == "--vhost: must not be empty");
    CHECK(refusal(flags({{"vhost", {std::string(256, 'v')}}}), ExitCode::usage) == "--vhost: longer than 255 bytes");
    CHECK(refusal(flags({{"strategy", {"rand"}}}), ExitCode::usage) == "--strategy: \"rand\" is not a strategy");
    CHECK(refusal(variables({{"node", {"a:x"}}}), ExitCode::usage) ==
          "RMQHA_NODE: port \"x\": not a number from 1 to 65535");
    CHECK(refusal(variables({{"node", {" "}}}), ExitCode::usage) == "RMQHA_NODE: names no node");
    CHECK(refusal(flags({{"uri", {"amqp://h?heartbeat=70000"}}}), ExitCode::usage) ==
          "--uri, heartbeat: \"70000s\" is not between 0s and 65535s");
    CHECK(refusal(variables({{"thresholds.memory_usage_max", {"101"}}}), ExitCode::usage) ==
          "RMQHA_THRESHOLDS_MEMORY_USAGE_MAX: \"101\" is not a whole number from 1 to 100, or two such as 85,95, the "
          "second not below the first");
    for (auto const* wrong : {"90,80", "80,", ",80", "80,90,95", "80, 90", "0,90", "80,101", "85%"}) {
        CAPTURE(wrong);
        CHECK_THAT(refusal(variables({{"thresholds.disk_usage_max", {wrong}}}), ExitCode::usage),
                   Catch::Contains("is not a whole number from 1 to 100, or two"));
    }
    auto url = variables({{"uri", {"amqp://u:secret@h/"}}});
    url.origin = "AMQP_URL";
    CHECK_THAT(refusal(url, ExitCode::usage), Catch::StartsWith("AMQP_URL: \"amqp://u:***@h/\": it ends in a slash"));
}
