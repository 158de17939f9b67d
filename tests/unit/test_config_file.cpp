#include "base/error.hpp"
#include "config/file.hpp"
#include "support/catch.hpp"

using namespace rmqha;
using config::parse_file;
using config::Values;
using config::Vocabulary;

namespace {

Vocabulary const& commands()
{
    static Vocabulary const known{{"", {"color", "format"}},
                                  {"publish", {"window", "header"}},
                                  {"queue.declare", {"type"}},
                                  {"queue.list", {"limit"}}};
    return known;
}

struct Refusal {
    std::string message;
    std::string hint;
};

Refusal refusal(std::string const& text)
{
    try {
        parse_file(text, "/etc/c.toml", commands());
    } catch (base::Error const& error) {
        CHECK(error.code() == base::ExitCode::config);
        return {error.what(), error.hint()};
    }
    return {"accepted", ""};
}

} // namespace

TEST_CASE("a configuration file is read whole", "[config]")
{
    auto const file = parse_file(R"(current = "prod"
color = "never"

[publish]
window = 1000
header = ["a=1", "b=2"]

[queue.declare]
type = "classic"

[contexts.prod]
user = "ops"
password_file = "prod.password"
cacert = "/etc/ca.pem"
tls = true
connection_attempts = 5
uri = "amqp://u"
publish = { window = 5 }
[[contexts.prod.nodes]]
host = "rabbit1"
port = 5673
management_port = 1
prometheus_port = 2
weight = 10
name = "rabbit@rabbit1"
[[contexts.prod.nodes]]
host = "::1"
[contexts.prod.thresholds]
memory_usage_max = 70
disk_usage_max = "80,95"
mirror_sync_delay_max = "60s"
[contexts.prod.runner]
kind = "ssh"
user = "root"

[contexts.test]
node = ["a", "b:1"]
)",
                                 "/etc/c.toml", commands());
    CHECK(file.current == "prod");
    CHECK(file.commands.at("").values == Values{{"color", {"never"}}});
    CHECK(file.commands.at("publish").values == Values{{"window", {"1000"}}, {"header", {"a=1", "b=2"}}});
    CHECK(file.commands.at("queue.declare").values == Values{{"type", {"classic"}}});
    CHECK(config::place(file.commands.at("queue.declare"), "type") == "/etc/c.toml:9: type");
    REQUIRE(file.contexts.size() == 2);
    auto const& prod = file.contexts[0];
    CHECK(prod.name == "prod");
    CHECK(prod.source.values ==
          Values{{"user", {"ops"}},
                 {"password_file", {"/etc/prod.password"}},
                 {"cacert", {"/etc/ca.pem"}},
                 {"tls", {"true"}},
                 {"connection_attempts", {"5"}},
                 {"uri", {"amqp://u"}},
                 {"node", {"rabbit1:5673,management=1,prometheus=2,weight=10,name=rabbit@rabbit1", "[::1]"}},
                 {"thresholds.memory_usage_max", {"70"}},
                 {"thresholds.disk_usage_max", {"80,95"}},
                 {"thresholds.mirror_sync_delay_max", {"60s"}},
                 {"runner.kind", {"ssh"}},
                 {"runner.user", {"root"}}});
    CHECK(prod.commands.at("publish").values == Values{{"window", {"5"}}});
    CHECK(file.contexts[1].source.values == Values{{"node", {"a", "b:1"}}});
}

TEST_CASE("the body of a context stands alone beside a local cluster", "[config]")
{
    auto const entry =
        config::parse_context("user = \"u\"\npassword_file = \"/p\"\n[[nodes]]\nhost = \"localhost\"\nport = 1\n",
                              "/state/c/context.toml", "c");
    CHECK(entry.name == "c");
    CHECK(entry.local);
    CHECK(entry.source.values == Values{{"user", {"u"}}, {"password_file", {"/p"}}, {"node", {"localhost:1"}}});
}

TEST_CASE("what a file cannot say is refused with its line", "[config]")
{
    struct Row {
        char const* text;
        char const* message;
    };
    auto const row = GENERATE(values<Row>({
        {"\ncurrent = 3", "/etc/c.toml:2: current: must be a string; this is an integer"},
        {"a = [", "/etc/c.toml:1: not TOML: "},
        {"\n\ncurent = \"a\"", "/etc/c.toml:3: unknown key \"curent\""},
        {"\n[context.a]", "/etc/c.toml:2: unknown table \"context\""},
        {"contexts = 1", "/etc/c.toml:1: contexts: must be a table, not an integer"},
        {"[contexts]\na = 1", "/etc/c.toml:2: contexts.a: must be a table"},
        {"[contexts.a]\n\nvhots = \"x\"", "/etc/c.toml:3: unknown key \"vhots\""},
        {"[contexts.a]\ntls = \"true\"", "/etc/c.toml:2: tls: must be true or false, without quotes; this is a string"},
        {"[contexts.a]\nconnection_attempts = \"3\"", "/etc/c.toml:2: connection_attempts: must be a whole number"},
        {"[contexts.a]\nconnection_attempts = 1.5", "this is a number with a fraction"},
        {"[contexts.a]\nheartbeat = 30", "/etc/c.toml:2: heartbeat: must be a string with its unit, such as \"30s\""},
        {"[contexts.a]\nuser = [\"a\"]", "/etc/c.toml:2: user: must be a string; this is an array"},
        {"[contexts.a]\nnode = [1]", "/etc/c.toml:2: node: must be a string; this is an integer"},
        {"[contexts.a]\nnodes = \"b\"", "/etc/c.toml:2: nodes: must be an array of tables; this is a string"},
        {"[contexts.a]\nnodes = [\"b\"]", "nodes: must be an array of tables"},
        {"[[contexts.a.nodes]]\nport = 1", "/etc/c.toml:1: a node needs a host"},
        {"[[contexts.a.nodes]]\nhost = \"a\"\nport = 0", "/etc/c.toml:1: port \"0\": not a number from 1 to 65535"},
        {"[[contexts.a.nodes]]\nhost = \"a:1\"", "/etc/c.toml:1: host \"a:1\": the port has a key of its own"},
        {"[[contexts.a.nodes]]\nhost = \"a,weight=3\"", "/etc/c.toml:1: a node needs a host"},
        {"[[contexts.a.nodes]]\nhost = \"a\"\nwieght = 3", "/etc/c.toml:3: unknown key \"wieght\""},
        {"[[contexts.a.nodes]]\nhost = \"a\"\nport = \"1\"", "/etc/c.toml:3: port: must be a whole number"},
        {"[contexts.a.thresholds]\nmemory_max = 3", "/etc/c.toml:2: unknown key \"memory_max\""},
        {"[contexts.a.thresholds]\nmemory_usage_max = \"3\"",
         "/etc/c.toml:2: thresholds.memory_usage_max: must be a whole"},
        {"[contexts.a.runner]\nkind = \"shh\"", "/etc/c.toml:2: runner.kind: \"shh\" is not a way"},
        {"[contexts.a.runner]\nuser = \"x\"", "/etc/c.toml:1: runner: its kind is missing"},
        {"[contexts.a.runner]\nkind = \"ssh\"\nport = 22", "/etc/c.toml:3: runner.port: must be a string"},
        {"[publsh]\nwindow = 1", "/etc/c.toml:1: unknown table \"publsh\""},
        {"[publish]\nwindwo = 1", "/etc/c.toml:2: unknown key \"windwo\""},
        {"[queue]\ntype = \"x\"", "/etc/c.toml:2: unknown key \"type\""},
        {"[queue.declrae]\ntype = \"x\"", "/etc/c.toml:1: unknown table \"declrae\""},
        {"[publish]\nwindow = { a = 1 }", "/etc/c.toml:2: window: a table cannot be an option's value"},
        {"[contexts.a.publish]\nwindwo = 1", "/etc/c.toml:2: unknown key \"windwo\""},
    }));
    CAPTURE(row.text);
    CHECK_THAT(refusal(row.text).message, Catch::Contains(row.message));
}

TEST_CASE("an unknown key is met with the nearest known one", "[config]")
{
    auto const nearest = [](char const* text) { return refusal(text).hint; };
    CHECK_THAT(nearest("curent = 1"), Catch::Contains("Did you mean \"current\"?"));
    CHECK_THAT(nearest("[context.a]"), Catch::Contains("Did you mean \"contexts\"?"));
    CHECK_THAT(nearest("[contexts.a]\nvhots = 1"), Catch::Contains("Did you mean \"vhost\"?"));
    CHECK_THAT(nearest("[[contexts.a.node]]\nhost = 1"), !Catch::Contains("unknown"));
    CHECK_THAT(nearest("[[contexts.a.nodes]]\nwieght = 1"), Catch::Contains("Did you mean \"weight\"?"));
    CHECK_THAT(nearest("[contexts.a.thresholds]\nmemory_usage_mx = 1"),
               Catch::Contains("Did you mean \"memory_usage_max\"?"));
    CHECK_THAT(nearest("[publish]\nwindwo = 1"), Catch::Contains("Did you mean \"window\"?"));
    CHECK_THAT(nearest("[queue.declrae]\n"), Catch::Contains("Did you mean \"declare\"?"));
}
