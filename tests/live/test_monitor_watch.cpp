#include "support/brokers.hpp"
#include "support/catch.hpp"
#include "support/live_queue.hpp"
#include "support/terminal.hpp"

#include <fmt/format.h>

#include <csignal>

using namespace rmqha;
using namespace std::chrono_literals;
using test::Terminal;
using test::TerminalPage;

namespace {

/// Behind a line of a shell, so that there is something to come back to.
std::vector<std::string> watch_command(test::LiveCluster const& cluster, std::vector<std::string> const& options)
{
    std::vector<std::string> argv{"sh",
                                  "-c",
                                  "unset NO_COLOR; echo before; TERM=xterm exec \"$0\" \"$@\"",
                                  test::rmqha_binary(),
                                  "--context",
                                  cluster.name(),
                                  "monitor",
                                  "watch"};
    argv.insert(argv.end(), options.begin(), options.end());
    return argv;
}

/// `rmqha monitor watch` on a terminal, once it has taken it.
class Watch {
public:
    explicit Watch(test::LiveCluster const& cluster, std::vector<std::string> const& options = {},
                   Terminal::Size size = {})
        : terminal(watch_command(cluster, options), size), before(test::to_text(terminal.settings_before()))
    {
        REQUIRE(terminal.until(1min, [](TerminalPage const& page) { return page.alternate(); }));
        CHECK_FALSE(terminal.page().cursor());
        CHECK(test::to_text(terminal.settings()) != before);
    }

    /// As it ended, and with the terminal as it was.
    void ends_with(int status)
    {
        auto const ended = terminal.wait(30s);
        INFO(terminal.page().text());
        CHECK(ended == status);
        CHECK_FALSE(terminal.page().alternate());
        CHECK(terminal.page().cursor());
        CHECK(terminal.page().wraps());
        CHECK(terminal.page().lines().front() == "before");
        CHECK(test::to_text(terminal.settings()) == before);
    }

    Terminal terminal;
    std::string before;
};

} // namespace

TEST_CASE("monitor watch shows nodes, queues and rates, obeys keys and leaves the terminal as it was", "[live]")
{
    test::LiveCluster cluster;
    test::TemporaryQueue const shallow(cluster, "watch-shallow");
    test::TemporaryQueue const deep(cluster, "watch-deep");
    for (auto const* queue : {&shallow, &deep}) {
        REQUIRE(test::run_rmqha({"--context", cluster.name(), "queue", "declare", queue->name()}).status == 0);
    }
    Watch watch(cluster, {"--interval", "1s"});
    auto& terminal = watch.terminal;
    CHECK(terminal.shows("rabbit3@localhost  running"));
    CHECK(terminal.shows("publish"));
    CHECK(terminal.shows(" old"));

    // Until it is seen: rates are of the time between two collections.
    bool const seen = test::wait_until(3min, [&] {
        test::run_rmqha(
            {"--context", cluster.name(), "publish", "-r", deep.name(), "--rate", "200", "--repeat", "200", "message"});
        return terminal.until(2s, [](TerminalPage const& page) {
            auto const line = page.lines().at(2);
            return line.starts_with("publish ") && line.find("publish   0/s") == std::string::npos &&
                   line.find("/s") != std::string::npos;
        });
    });
    INFO(terminal.page().text());
    CHECK(seen);

    terminal.type("3");
    CHECK(terminal.shows("── queues:"));
    terminal.type("m");
    CHECK(terminal.shows("MESSAGES▼"));
    CHECK(terminal.until(
        1min, [&](TerminalPage const& page) { return page.lines().at(4).starts_with(deep.name().substr(0, 10)); }));
    terminal.type("/watch-shal");
    CHECK(terminal.shows("filter: watch-shal_"));
    CHECK(terminal.until(30s, [&](TerminalPage const& page) {
        return page.text().find("queues: 1 of") != std::string::npos &&
               page.text().find("watch-deep") == std::string::npos;
    }));
    terminal.type("\r?");
    CHECK(terminal.shows("leave"));
    CHECK(terminal.shows("── keys"));
    terminal.type(" \033");
    CHECK(terminal.shows("events:"));

    terminal.resize({10, 40});
    CHECK(terminal.until(30s, [](TerminalPage const& page) {
        return page.lines().size() == 10 && page.lines().back().starts_with("q leave") &&
               page.lines().at(2).starts_with("NODE");
    }));
    INFO(terminal.page().text());
    terminal.resize({24, 80});
    CHECK(terminal.shows("rabbit3@localhost  running"));
    CHECK(terminal.page().coloured());
    terminal.type("q");
    watch.ends_with(0);
}

TEST_CASE("monitor watch gives the terminal back whatever ends it", "[live]")
{
    test::LiveCluster const cluster;
    struct End {
        int signal;
        int status;
    };
    auto const end = GENERATE(End{SIGINT, 130}, End{SIGTERM, 143}, End{SIGHUP, 129}, End{SIGSEGV, 139},
                              End{SIGABRT, 134}, End{SIGQUIT, 131});
    INFO("signal " << end.signal);
    Watch watch(cluster, {"--color", "never"});
    CHECK(watch.terminal.shows("rabbit3@localhost"));
    CHECK_FALSE(watch.terminal.page().coloured());
    watch.terminal.signal(end.signal);
    watch.ends_with(end.status);
}

TEST_CASE("Ctrl-C ends monitor watch", "[live]")
{
    test::LiveCluster const cluster;
    Watch watch(cluster);
    CHECK(watch.terminal.shows("rabbit3@localhost"));
    watch.terminal.type("\x03");
    watch.ends_with(130);
}

TEST_CASE("monitor watch tells an error on a terminal that is as it was", "[live]")
{
    test::LiveCluster const cluster;
    // An authority that is none, which only the collector sees.
    Terminal terminal(watch_command(cluster, {"--tls", "--cacert", "/dev/null"}), {});
    CHECK(terminal.wait(3min) == 78);
    INFO(terminal.page().text());
    CHECK_FALSE(terminal.page().alternate());
    CHECK(terminal.page().cursor());
    CHECK(terminal.page().lines().front() == "before");
    CHECK(terminal.shows("rmqha: error: ", 1s));
    CHECK(test::to_text(terminal.settings()) == test::to_text(terminal.settings_before()));
}

TEST_CASE("monitor watch answers keys at once and tells of a node that is silent, and when it is back", "[cluster]")
{
    test::LiveCluster cluster;
    Watch watch(cluster, {"--interval", "1s"});
    auto& terminal = watch.terminal;
    CHECK(terminal.shows("rabbit2@localhost  running"));
    cluster.pause(2);
    CHECK(terminal.shows("rabbit2@localhost  silent"));
    CHECK(terminal.shows("CRITICAL  NODE-SILENT rabbit2@localhost"));
    terminal.type("5");
    CHECK(terminal.shows("+ CRITICAL NODE-SILENT rabbit2@localhost"));
    terminal.type("2");
    CHECK(terminal.shows("── nodes: 3 of 3"));
    cluster.resume(2);
    CHECK(terminal.shows("rabbit2@localhost  running"));
    terminal.type("5");
    CHECK(terminal.shows("- gone     NODE-SILENT rabbit2@localhost"));

    cluster.kill(3);
    CHECK(terminal.shows("NODE-DOWN rabbit3@localhost"));
    cluster.restart(3);
    CHECK(terminal.shows("- gone     NODE-DOWN rabbit3@localhost"));
    CHECK(terminal.shows("NODE-RESTARTED rabbit3@localhost"));
    terminal.type("q");
    watch.ends_with(0);
}

TEST_CASE("monitor watch keeps the last figures, with their age, while no node answers", "[cluster]")
{
    test::LiveCluster cluster;
    Watch watch(cluster, {"--interval", "1s", "--deadline", "3s"});
    auto& terminal = watch.terminal;
    CHECK(terminal.shows("rabbit2@localhost  running"));
    for (int node = 1; node <= 3; ++node) {
        cluster.pause(node);
    }
    CHECK(terminal.shows("cannot reach any of 3 nodes"));
    CHECK(terminal.shows("rabbit2@localhost  silent"));
    CHECK(terminal.shows("UNREACHABLE"));
    for (int node = 1; node <= 3; ++node) {
        cluster.resume(node);
    }
    CHECK(terminal.shows("rabbit2@localhost  running"));
    CHECK(terminal.shows("- gone     UNREACHABLE"));
    terminal.type("q");
    watch.ends_with(0);
}
