#include "base/error.hpp"
#include "config/edit.hpp"
#include "support/catch.hpp"

using rmqha::config::Values;
using rmqha::config::with_current;

namespace {

std::string with_context(std::string const& text, std::string const& name, Values const& changes)
{
    return rmqha::config::with_context(text, "/c.toml", name, changes);
}

char const* const k_file = R"(# mine
current = "prod" # the real one

[contexts.prod] # keep
user = "ops" # who
strategy = "random"

# the first
[[contexts.prod.nodes]]
host = "a"
weight = 2 # strong

# the second
[[contexts.prod.nodes]]
host = "b"

# limits
[contexts.prod.thresholds]
memory_usage_max = 70
)";

/// k_file with the one place changed.
std::string changed(std::string const& from, std::string const& to)
{
    std::string text = k_file;
    auto const at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

} // namespace

TEST_CASE("the current context is changed in its place, or set at the top", "[config]")
{
    CHECK(with_current(k_file, "test") == changed("\"prod\" # the", "\"test\" # the"));
    CHECK(with_current("", "a") == "current = \"a\"\n");
    CHECK(with_current("[contexts.a]\n", "a") == "current = \"a\"\n\n[contexts.a]\n");
    CHECK(with_current("current = \"ü\" # ü", "é\"\\") == "current = \"é\\\"\\\\\" # ü");
}

TEST_CASE("a context's value is changed in its place, comments kept", "[config]")
{
    CHECK(with_context(k_file, "prod", {{"user", {"me"}}}) == changed("\"ops\" # who", "\"me\" # who"));
    CHECK(with_context(k_file, "prod", {{"thresholds.memory_usage_max", {"71"}}}) == changed("= 70", "= 71"));
    CHECK(with_context(k_file, "prod", {{"thresholds.memory_usage_max", {"71,90"}}}) == changed("= 70", "= \"71,90\""));
}

TEST_CASE("a new value stands after the context's other ones, as its type is written", "[config]")
{
    auto const after = [](std::string const& line) { return changed("\"random\"\n", "\"random\"\n" + line + "\n"); };
    CHECK(with_context(k_file, "prod", {{"vhost", {"a\"b"}}}) == after("vhost = \"a\\\"b\""));
    CHECK(with_context(k_file, "prod", {{"tls", {"true"}}}) == after("tls = true"));
    CHECK(with_context(k_file, "prod", {{"connection_attempts", {"5"}}}) == after("connection_attempts = 5"));
    CHECK(with_context(k_file, "prod", {{"heartbeat", {"5s"}}}) == after("heartbeat = \"5s\""));
    CHECK(with_context(k_file, "prod", {{"runner.kind", {"ssh"}}}) ==
          k_file + std::string("\n[contexts.prod.runner]\nkind = \"ssh\"\n"));
}

TEST_CASE("a value is taken out with its line", "[config]")
{
    CHECK(with_context(k_file, "prod", {{"user", {}}}) == changed("user = \"ops\" # who\n", ""));
    CHECK(with_context(k_file, "prod", {{"vhost", {}}}) == k_file);
}

TEST_CASE("nodes take the place of those before, however these were written", "[config]")
{
    auto const text = with_context(k_file, "prod", {{"node", {"c", "d:1,weight=2"}}});
    CHECK(text == R"(# mine
current = "prod" # the real one

[contexts.prod] # keep
user = "ops" # who
strategy = "random"
node = ["c", "d:1,weight=2"]

# the first

# the second

# limits
[contexts.prod.thresholds]
memory_usage_max = 70
)");
    CHECK(with_context("[contexts.a]\nnodes = [\n  {host = \"x\"},\n]\n", "a", {{"node", {"c"}}}) ==
          "[contexts.a]\nnode = [\"c\"]\n");
    CHECK(with_context("[[contexts.a.nodes]]\nhost = \"x\"\n", "a", {{"node", {"c"}}}) ==
          "[contexts.a]\nnode = [\"c\"]\n");
    CHECK(with_context("[contexts.a]\nnode = [\n  \"x\", # one\n  \"y\",\n]\n", "a", {{"node", {"c"}}}) ==
          "[contexts.a]\nnode = [\"c\"]\n");
}

TEST_CASE("a new context stands at the end, whatever its name", "[config]")
{
    CHECK(with_context("", "a", {{"user", {"me"}}}) == "[contexts.a]\nuser = \"me\"\n");
    CHECK(with_context("current = \"a\"", "my cluster", {{"user", {"me"}}}) ==
          "current = \"a\"\n\n[contexts.\"my cluster\"]\nuser = \"me\"\n");
    CHECK(with_context("[[contexts.a.nodes]]\nhost = \"x\"\n", "a", {{"user", {"me"}}}) ==
          "[[contexts.a.nodes]]\nhost = \"x\"\n\n[contexts.a]\nuser = \"me\"\n");
}

TEST_CASE("a file that cannot be changed in place is refused, not spoilt", "[config]")
{
    for (auto const* text :
         {"contexts = { a = { user = \"x\" } }\n", "contexts.a.user = \"x\"\n", "[contexts]\na = { user = \"x\" }\n"}) {
        CAPTURE(text);
        CHECK_THROWS_WITH(with_context(text, "a", {{"vhost", {"v"}}}), Catch::Contains("cannot change context \"a\""));
    }
}

TEST_CASE("a change that makes the file wrong is refused with the place", "[config]")
{
    CHECK_THROWS_WITH(with_context(k_file, "prod", {{"runner.user", {"root"}}}),
                      "/c.toml:21: runner: its kind is missing");
}
