#include "base/error.hpp"
#include "base/process.hpp"
#include "provision/boot.hpp"
#include "provision/manifest.hpp"
#include "provision/ports.hpp"
#include "provision/probe.hpp"
#include "provision/processes.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

#include <sys/wait.h>

#include <csignal>

using namespace rmqha;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using test::error_of;

namespace {

provision::LocalCluster sample()
{
    provision::LocalCluster cluster{.name = "trial",
                                    .id = "k7",
                                    .folder = "/state/clusters/trial",
                                    .created = "2026-01-01T00:00:00.000Z",
                                    .server = {"/opt/rabbit", "4.0.5", "/srv/trixie"},
                                    .plugins = {"rabbitmq_management", "rabbitmq_stomp"},
                                    .base_port = 21000,
                                    .epmd_pid = 17};
    cluster.nodes = {{1, "rabbit1@localhost", provision::node_ports(21000, 1, cluster.plugins), 18},
                     {2, "rabbit2@localhost", provision::node_ports(21000, 2, cluster.plugins), 0}};
    return cluster;
}

} // namespace

TEST_CASE("a manifest read back is what was written", "[provision]")
{
    auto const cluster = sample();
    CHECK(provision::parse_manifest(provision::manifest_text(cluster), cluster.folder) == cluster);
}

TEST_CASE("a manifest that is damaged or of another release is an error that names the file", "[provision]")
{
    for (auto const* const text :
         {"", "{}", "[1]", "{\"schema_version\": 2}", "{\"schema_version\": 1, \"name\": 7}"}) {
        CAPTURE(text);
        auto const error = error_of([&] { provision::parse_manifest(text, "/state/x"); });
        CHECK(error.code() == base::ExitCode::config);
        CHECK_THAT(error.what(), Contains("/state/x/manifest.json"));
        CHECK_FALSE(error.hint().empty());
    }
}

TEST_CASE("a node is found by number, short name and full name", "[provision]")
{
    auto cluster = sample();
    for (auto const* const text : {"2", "rabbit2", "rabbit2@localhost"}) {
        CHECK(provision::find_node(cluster, text).number == 2);
    }
    auto const error = error_of([&] { provision::find_node(cluster, "rabit2"); });
    CHECK(error.code() == base::ExitCode::usage);
    CHECK_THAT(error.hint(), Contains("Did you mean \"rabbit2\"?"));
    CHECK_THROWS_AS(provision::find_node(cluster, "3"), base::Error);
    CHECK_THROWS_AS(provision::find_node(cluster, ""), base::Error);
}

TEST_CASE("a cluster's name can be a folder's, and nothing else", "[provision]")
{
    for (auto const& good :
         {std::string("local"), std::string("test-3.10"), std::string("a_b"), std::string("1"), std::string(40, 'a')}) {
        CHECK_NOTHROW(provision::check_cluster_name(good));
    }
    for (auto const& bad : {std::string(), std::string(".."), std::string("a/b"), std::string("-a"), std::string("A"),
                            std::string("a b"), std::string(41, 'a')}) {
        CAPTURE(bad);
        CHECK(error_of([&] { provision::check_cluster_name(bad); }).code() == base::ExitCode::usage);
    }
}

TEST_CASE("the base port is the same for the same cluster, and moves on past ports in use", "[provision]")
{
    auto const free = [](std::uint16_t) { return true; };
    auto const first = provision::find_base_port("/state/clusters/local", free);
    CHECK(provision::find_base_port("/state/clusters/local", free) == first);
    CHECK(provision::find_base_port("/state/clusters/other", free) != first);
    CHECK(first + provision::k_port_block <= 32768);
    auto const last_of_block = static_cast<std::uint16_t>(first + provision::k_port_block - 1);
    auto const next =
        provision::find_base_port("/state/clusters/local", [&](std::uint16_t port) { return port != last_of_block; });
    CHECK(next != first);
}

TEST_CASE("without free ports the search ends in an error, and a given base port names the one in use", "[provision]")
{
    auto const error = error_of([] { provision::find_base_port("x", [](std::uint16_t) { return false; }); });
    CHECK(error.code() == base::ExitCode::unavailable);
    CHECK_THAT(error.hint(), Contains("--base-port"));
    auto const taken = error_of([] { provision::check_base_port(21000, [](std::uint16_t p) { return p != 21040; }); });
    CHECK_THAT(taken.what(), Contains("21040"));
    CHECK_NOTHROW(provision::check_base_port(21000, [](std::uint16_t) { return true; }));
}

TEST_CASE("a process's state and age are read from its stat line, whatever it is called", "[provision]")
{
    // proc(5): the start time is field 22, here 5000 ticks of 1/100 s.
    std::string const fields = " 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 5000 1000 10";
    auto const running = provision::parse_stat("7 (beam.smp) S" + fields, 60s, 100);
    REQUIRE(running);
    CHECK(running->program == "beam.smp");
    CHECK_FALSE(running->paused);
    CHECK(running->age == 10s);
    auto const odd = provision::parse_stat("7 (a) T (b) T" + fields, 60s, 100);
    REQUIRE(odd);
    CHECK(odd->program == "a) T (b");
    CHECK(odd->paused);
    CHECK_FALSE(provision::parse_stat("7 (beam.smp) Z" + fields, 60s, 100));
    CHECK_FALSE(provision::parse_stat("", 60s, 100));
    CHECK_FALSE(provision::parse_stat("7 (x) S 1 2", 60s, 100));
}

TEST_CASE("the Erlang machine speaks for a node's processes", "[provision]")
{
    CHECK_FALSE(provision::machine_of({}));
    CHECK(provision::machine_of({{3, "n", "inet_gethost"}, {2, "n", "beam.smp"}})->pid == 2);
    CHECK(provision::machine_of({{3, "n", "sh"}})->pid == 3);
}

TEST_CASE("running nodes are counted in what the management API answers, and nothing else is taken for it",
          "[provision]")
{
    CHECK(provision::running_in(R"([{"name":"a","running":true},{"name":"b","running":false},{"name":"c"}])") == 1);
    CHECK(provision::running_in("[]") == 0);
    CHECK(provision::running_in(R"({"error":"x"})") == -1);
    CHECK(provision::running_in("<html>") == -1);
    CHECK(provision::running_in(R"([{"running":"yes"},3,null])") == 0);
}

TEST_CASE("the last lines of a log are told without blank ends", "[provision]")
{
    using Lines = std::vector<std::string>;
    CHECK(provision::last_lines("", 3) == Lines{});
    CHECK(provision::last_lines("\n\n", 3) == Lines{});
    CHECK(provision::last_lines("one", 3) == Lines{"one"});
    CHECK(provision::last_lines("one\ntwo\r\nthree\r\n\r\n", 2) == Lines{"two", "three"});
    CHECK(provision::last_lines("one\n\ntwo\n", 5) == Lines{"one", "", "two"});
}

TEST_CASE("a process that only has a node's old number is never touched", "[provision]")
{
    auto const pid = base::start_detached({.argv = {"sleep", "60"}}, "/dev/null");
    provision::send_signal("some-cluster", {{.pid = pid, .node = "rabbit1@localhost", .program = "sleep"}}, SIGKILL);
    // Had it been sent, the SIGKILL would have come first.
    ::kill(pid, SIGTERM);
    int status = 0;
    REQUIRE(::waitpid(pid, &status, 0) == pid);
    CHECK(WTERMSIG(status) == SIGTERM);
}
