#include "base/error.hpp"
#include "base/file.hpp"
#include "provision/manifest.hpp"
#include "provision/probe.hpp"
#include "provision/processes.hpp"
#include "support/brokers.hpp"
#include "support/catch.hpp"

#include <nlohmann/json.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

using namespace rmqha;
using namespace std::chrono_literals;
namespace fs = std::filesystem;
using Catch::Matchers::Contains;

namespace {

/// A cluster of the test's own, of the version under test; taken down at the end whatever happens.
class OwnCluster {
public:
    explicit OwnCluster(provision::Server const& server) : m_server(server), m_name(test::unique_name("own")) {}
    OwnCluster(OwnCluster const&) = delete;
    OwnCluster& operator=(OwnCluster const&) = delete;
    ~OwnCluster() { command("down"); }

    std::string const& name() const { return m_name; }
    fs::path folder() const { return provision::clusters_home() / m_name; }

    std::vector<std::string> up_words(int nodes) const
    {
        std::vector<std::string> words{"cluster",  "up",         "--name", m_name, "--nodes", std::to_string(nodes),
                                       "--server", m_server.home};
        if (!m_server.chroot.empty()) {
            words.insert(words.end(), {"--chroot", m_server.chroot});
        }
        return words;
    }
    base::Finished up(int nodes) const { return test::run_rmqha(up_words(nodes)); }
    base::Finished command(std::string const& verb, std::vector<std::string> const& more = {}) const
    {
        std::vector<std::string> words{"cluster", verb, "--name", m_name};
        words.insert(words.end(), more.begin(), more.end());
        return test::run_rmqha(words);
    }
    nlohmann::json status() const { return nlohmann::json::parse(command("status", {"--format", "json"}).output); }

private:
    provision::Server m_server;
    std::string m_name;
};

/// `rmqha cluster up` under way in the background; killed and reaped at the end.
class Underway {
public:
    explicit Underway(std::vector<std::string> words)
    {
        words.insert(words.begin(), test::rmqha_binary());
        m_pid = base::start_detached({.argv = words}, "/dev/null");
    }
    Underway(Underway const&) = delete;
    Underway& operator=(Underway const&) = delete;
    ~Underway() { end(SIGKILL); }

    /// Sends the signal and returns the exit code, 128 + signal when killed by one.
    int end(int signal)
    {
        if (m_pid == 0) {
            return -1;
        }
        ::kill(m_pid, signal);
        int status = 0;
        ::waitpid(m_pid, &status, 0);
        m_pid = 0;
        return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }

private:
    int m_pid = 0;
};

bool mounted(std::string const& folder)
{
    auto const mounts = base::read_file("/proc/self/mounts").value_or("");
    return mounts.find(" " + folder + "/") != std::string::npos;
}

std::string first_node(nlohmann::json const& status, char const* key)
{
    return status.at("nodes").at(0).at(key).dump();
}

} // namespace

TEST_CASE("a cluster comes up, serves, is refused twice, goes down without a trace, and comes up again", "[cluster]")
{
    test::LiveCluster const live;
    OwnCluster const own(live.server());
    for (int round = 1; round <= 2; ++round) {
        auto const up = own.up(1);
        CAPTURE(round, up.output, up.errors);
        REQUIRE(up.status == 0);
        CHECK_THAT(up.output, Contains("1 node of RabbitMQ " + live.version()));
        auto const id = provision::require_manifest(own.name()).id;
        CHECK_FALSE(provision::processes_of(id).empty());

        auto const again = own.up(1);
        CHECK(again.status == 69);
        CHECK_THAT(again.errors, Contains("is already there") && Contains("cluster down --name " + own.name()));

        auto const down = own.command("down");
        CAPTURE(down.errors);
        CHECK(down.status == 0);
        CHECK(provision::processes_of(id).empty());
        CHECK_FALSE(fs::exists(own.folder()));
        CHECK_FALSE(mounted(live.server().chroot.empty() ? "/nothing" : live.server().chroot));
    }
    CHECK(own.command("down").status == 64);
}

TEST_CASE("the cluster's folder is closed to others, and guest cannot log in", "[live]")
{
    test::LiveCluster live;
    auto const folder = provision::clusters_home() / live.name();
    CHECK((fs::status(folder).permissions() & (fs::perms::group_all | fs::perms::others_all)) == fs::perms::none);
    CHECK((fs::status(folder / ".erlang.cookie").permissions() & fs::perms::mask) == fs::perms::owner_read);
    CHECK_FALSE(base::readable_by_others(folder / provision::k_password_file));
    CHECK(live.manage(1, "GET", "/api/whoami").status == 200);
    auto const guest = live.tool(1, {"rabbitmqctl", "-q", "list_users"});
    CHECK_THAT(guest, Contains("rmqha") && !Contains("guest"));
}

TEST_CASE("kill, pause, resume and restart leave a node in the state they promise", "[cluster]")
{
    test::LiveCluster live;
    auto const run = [&](std::string const& verb, std::string const& node) {
        return test::run_rmqha({"cluster", verb, "--name", live.name(), node});
    };
    auto const second = [&] {
        auto const status = test::run_rmqha({"cluster", "status", "--name", live.name(), "--format", "json"});
        auto node = nlohmann::json::parse(status.output).at("nodes").at(1);
        node["exit"] = status.status;
        return node;
    };
    live.resume(2); // counts as disturbing it: whatever fails below, the cluster is made whole again

    REQUIRE(second().at("state") == "running");
    CHECK(second().at("exit") == 0);

    REQUIRE(run("pause", "rabbit2@localhost").status == 0);
    CHECK(second().at("state") == "paused");
    CHECK(second().at("serves") == false);
    CHECK(second().at("exit") == 1);

    REQUIRE(run("resume", "rabbit2").status == 0);
    CHECK(second().at("state") == "running");
    CHECK(test::wait_until(3min, [&] { return second().at("serves") == true; }));

    auto const pid = second().at("pid");
    REQUIRE(run("kill", "2").status == 0);
    CHECK(second().at("state") == "dead");
    CHECK(second().at("pid").is_null());
    auto const manifest = provision::require_manifest(live.name());
    CHECK(provision::processes_of(manifest.id, "rabbit2@localhost").empty());
    CHECK(run("kill", "2").status == 69);
    CHECK(run("pause", "2").status == 69);

    REQUIRE(run("restart", "2").status == 0);
    CHECK(second().at("state") == "running");
    CHECK(second().at("serves") == true);
    CHECK(second().at("pid") != pid);
    CHECK(run("restart", "9").status == 64);
}

TEST_CASE("killing cluster up with SIGKILL at any moment leaves what cluster down clears away", "[cluster]")
{
    test::LiveCluster const live;
    OwnCluster const own(live.server());
    auto const manifest = [&]() { return provision::load_manifest(own.name()); };
    auto const moment = GENERATE(0, 1, 2, 3, 4);
    auto const reached = [&]() -> bool {
        base::Stop const never;
        switch (moment) {
        case 0:
            return fs::exists(own.folder());
        case 1:
            return fs::exists(own.folder() / "enabled_plugins");
        case 2:
            return manifest() && manifest()->epmd_pid != 0;
        case 3:
            return manifest() && manifest()->nodes[0].pid != 0;
        default:
            return manifest() &&
                   provision::amqp_answers(manifest()->nodes, std::chrono::steady_clock::now() + 1s, never)[0];
        }
    };
    CAPTURE(moment);
    Underway underway(own.up_words(2));
    REQUIRE(test::wait_until(2min, reached));
    REQUIRE(underway.end(SIGKILL) == 128 + SIGKILL);
    auto const left = manifest();
    auto const down = own.command("down");
    CAPTURE(down.errors);
    CHECK(down.status == 0);
    CHECK_FALSE(fs::exists(own.folder()));
    if (left) {
        CHECK(provision::processes_of(left->id).empty());
    }
    CHECK_FALSE(mounted(live.server().chroot.empty() ? "/nothing" : live.server().chroot));
}

TEST_CASE("interrupting cluster up stops what it started and ends with the signal's code", "[cluster]")
{
    test::LiveCluster const live;
    auto const signal = GENERATE(SIGINT, SIGTERM);
    OwnCluster const own(live.server());
    Underway underway(own.up_words(2));
    auto const started = [&] {
        auto const cluster = provision::load_manifest(own.name());
        return cluster && cluster->nodes[1].pid != 0;
    };
    REQUIRE(test::wait_until(3min, started));
    auto const id = provision::require_manifest(own.name()).id;
    CHECK(underway.end(signal) == 128 + signal);
    CHECK(provision::processes_of(id).empty());
    CHECK_FALSE(fs::exists(own.folder()));
}

TEST_CASE("two clusters run side by side, and list tells both", "[cluster]")
{
    test::LiveCluster const live;
    OwnCluster const own(live.server());
    auto const up = own.up(1);
    CAPTURE(up.errors);
    REQUIRE(up.status == 0);
    auto const listed = test::run_rmqha({"cluster", "list", "--format", "json"});
    REQUIRE(listed.status == 0);
    auto const json = nlohmann::json::parse(listed.output);
    CHECK(json.at("schema_version") == 1);
    std::map<std::string, nlohmann::json> by_name;
    for (auto const& cluster : json.at("clusters")) {
        by_name[cluster.at("name")] = cluster;
    }
    CHECK(by_name.at(live.name()).at("state") == "running");
    CHECK(by_name.at(own.name()).at("state") == "running");
    CHECK(by_name.at(own.name()).at("version") == live.version());
    CHECK(by_name.at(own.name()).at("nodes").size() == 1);
    CHECK(first_node(by_name.at(own.name()), "amqp_port") != first_node(by_name.at(live.name()), "amqp_port"));
    auto const table = test::run_rmqha({"cluster", "list"});
    CHECK_THAT(table.output, Contains(own.name()) && Contains(live.name()));
}

TEST_CASE("a cluster whose processes are gone is told apart from a running one", "[cluster]")
{
    test::LiveCluster const live;
    OwnCluster const own(live.server());
    REQUIRE(own.up(1).status == 0);
    REQUIRE(own.command("kill", {"1"}).status == 0);
    auto const cluster = provision::require_manifest(own.name());
    CHECK(own.status().at("state") == "stopped");
    provision::send_signal(cluster.id, provision::processes_of(cluster.id),
                           SIGKILL); // the port mapper, as a reboot would
    REQUIRE(test::wait_until(10s, [&] { return provision::processes_of(cluster.id).empty(); }));
    auto const again = own.up(1);
    CHECK(again.status == 69);
    CHECK_THAT(again.errors, Contains("stopped") && Contains("cluster down --name " + own.name()));

    SECTION("restart brings it back, port mapper and all")
    {
        CHECK(own.command("restart", {"1"}).status == 0);
        CHECK(own.status().at("state") == "running");
    }
}

TEST_CASE("a node that ends while it boots fails cluster up, and nothing is left", "[cluster]")
{
    test::LiveCluster const live;
    OwnCluster const own(live.server());
    Underway underway(own.up_words(1));
    auto const pid = [&] {
        auto const cluster = provision::load_manifest(own.name());
        return cluster ? cluster->nodes[0].pid : 0;
    };
    REQUIRE(test::wait_until(3min, [&] { return pid() != 0; }));
    auto const id = provision::require_manifest(own.name()).id;
    // As if it had ended by itself.
    REQUIRE(test::wait_until(3min, [&] { return !provision::processes_of(id, "rabbit1@localhost").empty(); }));
    provision::send_signal(id, provision::processes_of(id, "rabbit1@localhost"), SIGKILL);
    CHECK(underway.end(0) == 69);
    CHECK(provision::processes_of(id).empty());
    CHECK_FALSE(fs::exists(own.folder()));
}

TEST_CASE("an ordinary user has clusters of their own, and a chroot is root's", "[cluster]")
{
    test::LiveCluster const live;
    auto const home = fs::temp_directory_path() / test::unique_name("rmqha-user");
    fs::create_directory(home);
    fs::permissions(home, fs::perms::all);
    // Where scripts/test finds it, should this test not come to its end.
    auto const users = provision::clusters_home().parent_path().parent_path() / "users";
    fs::create_directories(users);
    fs::create_directory_symlink(home, users / home.filename());
    fs::copy_file(test::rmqha_binary(), home / "rmqha"); // the build may be in a folder that only root may enter
    auto const run = [&](std::vector<std::string> const& words) {
        base::Command command{.argv = {(home / "rmqha").string(), "cluster"},
                              .environment = {"HOME=" + home.string(), "XDG_STATE_HOME=" + (home / "state").string(),
                                              "XDG_CONFIG_HOME=" + (home / "config").string()},
                              .input = {},
                              .folder = home.string()};
        if (::geteuid() == 0) {
            command.argv.insert(command.argv.begin(),
                                {"setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--"});
        }
        command.argv.insert(command.argv.end(), words.begin(), words.end());
        base::Stop const never;
        return base::run(command, std::chrono::steady_clock::now() + 5min, never);
    };
    if (live.server().chroot.empty()) {
        auto const up = run({"up", "--nodes", "2", "--server", live.server().home});
        CAPTURE(up.output, up.errors);
        CHECK(up.status == 0);
        CHECK(run({"status"}).status == 0);
        CHECK(run({"kill", "2"}).status == 0);
        CHECK(run({"restart", "2"}).status == 0);
        CHECK(run({"down"}).status == 0);
        CHECK_FALSE(fs::exists(home / "state/rmqha/clusters/local"));
    } else {
        auto const up = run({"up", "--chroot", live.server().chroot});
        CHECK(up.status == 64);
        CHECK_THAT(up.errors, Contains("--chroot needs root"));
    }
    run({"down", "--all"});
    fs::remove_all(home);
    fs::remove(users / home.filename());
}
