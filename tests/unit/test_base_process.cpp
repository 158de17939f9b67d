#include "base/error.hpp"
#include "base/file.hpp"
#include "base/process.hpp"
#include "base/stop.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

#include <csignal>
#include <filesystem>
#include <thread>

using namespace rmqha;
using namespace rmqha::base;
using namespace std::chrono_literals;

namespace {

TimePoint in(Duration time)
{
    return std::chrono::steady_clock::now() + time;
}

Command shell(std::string const& script)
{
    return {.argv = {"sh", "-c", script}, .environment = {}, .input = {}, .folder = {}};
}

Finished run_now(Command const& command)
{
    return run(command, in(30s), Stop());
}

template <typename Condition>
bool eventually(Condition const& condition)
{
    for (auto const deadline = in(10s); std::chrono::steady_clock::now() < deadline;) {
        if (condition()) {
            return true;
        }
        std::this_thread::yield();
    }
    return false;
}

/// Gone, or dead and not yet reaped by whoever inherited it.
bool is_dead(int pid)
{
    std::string stat;
    try {
        stat = read_file("/proc/" + std::to_string(pid) + "/stat").value_or("");
    } catch (Error const&) {
        return true; // went away while it was read
    }
    auto const name_end = stat.rfind(") ");
    return name_end == std::string::npos || stat[name_end + 2] == 'Z' || stat[name_end + 2] == 'X';
}

} // namespace

TEST_CASE("a command's output, errors and status are gathered", "[base]")
{
    auto const finished = run_now(shell("echo out; echo err >&2; exit 7"));
    CHECK(finished.status == 7);
    CHECK(finished.output == "out\n");
    CHECK(finished.errors == "err\n");
    CHECK(run_now(shell("kill -TERM $$")).status == 128 + SIGTERM);
}

TEST_CASE("arguments reach the program as they are", "[base]")
{
    Command const command{
        .argv = {"printf", "%s|", "a b", "$HOME", "'\"", ""}, .environment = {}, .input = {}, .folder = {}};
    CHECK(run_now(command).output == "a b|$HOME|'\"||");
}

TEST_CASE("large input and output pass each other without a jam", "[base]")
{
    auto command = shell("tee /dev/stderr");
    command.input.assign(3'000'000, 'x');
    command.input += "end";
    auto const finished = run_now(command);
    CHECK(finished.status == 0);
    CHECK((finished.output == command.input));
    CHECK((finished.errors == command.input));
}

TEST_CASE("a command that does not read its input is no trouble", "[base]")
{
    std::signal(SIGPIPE, SIG_IGN); // as SignalWatch does in the program
    auto command = shell("exec true");
    command.input.assign(1'000'000, 'x');
    CHECK_NOTHROW(run_now(command));
}

TEST_CASE("without input a command reads its end, not our terminal", "[base]")
{
    CHECK(run_now(shell("cat")).output.empty());
}

TEST_CASE("the environment is ours with what the command adds and replaces", "[base]")
{
    ::setenv("RMQHA_TEST_KEPT", "kept", 1);
    ::setenv("RMQHA_TEST_OLD", "old", 1);
    // Not by a shell, which would itself make one of two variables of the same name.
    auto const output = run_now({.argv = {"env"},
                                 .environment = {"RMQHA_TEST_OLD=replaced", "RMQHA_TEST_NEW=new"},
                                 .input = {},
                                 .folder = {}})
                            .output;
    CHECK_THAT(output, Catch::Contains("RMQHA_TEST_KEPT=kept\n"));
    CHECK_THAT(output, Catch::Contains("RMQHA_TEST_OLD=replaced\n"));
    CHECK_THAT(output, Catch::Contains("RMQHA_TEST_NEW=new\n"));
    CHECK_THAT(output, !Catch::Contains("RMQHA_TEST_OLD=old"));
    ::unsetenv("RMQHA_TEST_KEPT");
    ::unsetenv("RMQHA_TEST_OLD");
}

TEST_CASE("a command runs in the folder it is given", "[base]")
{
    test::TemporaryFolder const folder;
    auto command = shell("pwd -P");
    command.folder = folder.path();
    CHECK(run_now(command).output == std::filesystem::canonical(folder.path()).string() + "\n");
}

TEST_CASE("a program that is not there is named with the reason", "[base]")
{
    try {
        run_now({.argv = {"rmqha-no-such-program"}, .environment = {}, .input = {}, .folder = {}});
        FAIL("it ran");
    } catch (Error const& error) {
        CHECK(error.code() == ExitCode::unavailable);
        CHECK(std::string(error.what()) == "cannot run rmqha-no-such-program: No such file or directory");
    }
}

TEST_CASE("at the deadline the command is killed with all it started", "[base]")
{
    test::TemporaryFolder const folder;
    auto const pids = folder / "pids";
    Stop stop;
    std::string seen;
    auto const script = shell("sleep 1000 & echo $$ $! > '" + pids.string() + ".new' && mv '" + pids.string() +
                              ".new' '" + pids.string() + "'; wait");
    auto time = 100ms;
    do { // a machine that is too slow for one deadline gets the next
        try {
            run(script, in(time), stop);
            FAIL("it ended");
        } catch (Error const& error) {
            CHECK(error.code() == ExitCode::timeout);
            CHECK(std::string(error.what()) == "sh did not end in time and was killed");
        }
        seen = read_file(pids).value_or("");
        time *= 4;
    } while (seen.empty() && time < 30s);
    int parent = 0;
    int child = 0;
    REQUIRE(std::sscanf(seen.c_str(), "%d %d", &parent, &child) == 2);
    CHECK(eventually([&] { return is_dead(parent) && is_dead(child); }));
}

TEST_CASE("a stop kills the command and is passed on", "[base]")
{
    test::TemporaryFolder const folder;
    auto const pid_file = folder / "pid";
    Stop stop;
    std::thread asking([&] {
        eventually([&] { return !read_file(pid_file).value_or("").empty(); });
        stop.request(SIGINT);
    });
    try {
        run(shell("echo $$ > '" + pid_file.string() + "'; exec sleep 1000"), in(30s), stop);
        FAIL("it ended");
    } catch (Interrupted const& interrupted) {
        CHECK(interrupted.signal == SIGINT);
    }
    asking.join();
    CHECK(is_dead(std::stoi(*read_file(pid_file))));
}

TEST_CASE("a grandchild that keeps the pipes open does not keep us", "[base]")
{
    auto const finished = run_now(shell("sleep 1000 & echo $!"));
    CHECK(finished.status == 0);
    auto const left = std::stoi(finished.output);
    CHECK_FALSE(is_dead(left));
    ::kill(left, SIGKILL);
}

TEST_CASE("a detached command writes its log and leaves our session", "[base]")
{
    test::TemporaryFolder const folder;
    auto const log = folder / "log";
    auto const pid = start_detached(shell("cut -d' ' -f6 /proc/$$/stat; cat; echo err >&2"), log.string());
    CHECK(eventually([&] { return read_file(log).value_or("").find("err\n") != std::string::npos; }));
    CHECK(*read_file(log) == std::to_string(pid) + "\nerr\n"); // field 6 is the session: its own
    CHECK_FALSE(readable_by_others(log));
    CHECK(eventually([&] { return is_dead(pid); }));
    CHECK_THROWS_AS(
        start_detached({.argv = {"rmqha-no-such-program"}, .environment = {}, .input = {}, .folder = {}}, log.string()),
        Error);
}

TEST_CASE("many commands run a few at a time, and each has its own result in its place")
{
    test::TemporaryFolder const folder;
    auto const at_work = (folder / "at-work-").string();
    std::vector<Command> commands;
    for (int i = 0; i < 20; ++i) {
        // Tells how many there are besides itself while it is at work.
        auto command =
            shell("at_work=" + at_work + "; : >$at_work$$; cat; set -- $at_work*; echo $# >&2; rm $at_work$$; exit " +
                  std::to_string(i));
        command.input = std::to_string(i);
        commands.push_back(command);
    }
    auto const results = run_all(commands, {.deadline = in(1min), .at_once = 4}, Stop());
    REQUIRE(results.size() == 20);
    int most = 0;
    for (int i = 0; i < 20; ++i) {
        auto const& finished = std::get<Finished>(results[static_cast<std::size_t>(i)]);
        CHECK(finished.status == i);
        CHECK(finished.output == std::to_string(i));
        most = std::max(most, std::stoi(finished.errors));
    }
    CHECK(most <= 4);
}

TEST_CASE("what cannot be started among many, and what is not done in time, says so in its place")
{
    std::vector<Command> commands{{.argv = {"/does/not/exist"}, .environment = {}, .input = {}, .folder = {}},
                                  shell("sleep 1000"),
                                  shell("true")};
    auto const results = run_all(commands, {.deadline = in(500ms), .at_once = 1}, Stop());
    REQUIRE(results.size() == 3);
    CHECK(std::get<Error>(results[0]).code() == ExitCode::unavailable);
    CHECK_THAT(std::get<Error>(results[1]).what(), Catch::Contains("did not end in time and was killed"));
    CHECK_THAT(std::get<Error>(results[2]).what(), Catch::Contains("could not be begun in time"));
    CHECK(run_all({}, {.deadline = in(1min)}, Stop()).empty());
}
