#include "base/error.hpp"
#include "base/file.hpp"
#include "health/check_state_file.hpp"
#include "support/catch.hpp"
#include "support/health_samples.hpp"
#include "support/temporary_folder.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <thread>

using namespace rmqha;
using namespace rmqha::health;
using namespace std::chrono_literals;

namespace {

Finding finding(std::string const& code, Severity severity, std::string const& object = "r1")
{
    return {code, severity, object, "seen", "do something", code};
}

Finding not_asked(std::string const& code, std::vector<std::string> also = {})
{
    auto result = finding(code, Severity::unknown, "queues");
    result.also = std::move(also);
    return result;
}

/// A check that runs once a minute.
class Runs {
public:
    explicit Runs(int wanted, CheckState state = {}) : m_state(std::move(state))
    {
        m_options.runs = wanted;
        m_options.codes = {"NODE-DOWN", "QUEUE-DOWN", "QUEUE-BACKLOG"};
    }

    Judgement next(std::vector<Finding> const& findings)
    {
        m_options.now = std::chrono::system_clock::time_point(1'000'000s + std::chrono::minutes(m_count++));
        // Through the file's text, as between two processes.
        auto states = parse_check_states(to_text({{"c", m_state}}, m_options.now));
        REQUIRE(states);
        if (m_count > 1) {
            m_state = states->at("c");
        }
        return judge(m_state, findings, m_options);
    }

    JudgeOptions& options() { return m_options; }

private:
    CheckState m_state;
    JudgeOptions m_options;
    int m_count = 0;
};

Severity state_after(Judgement const& judgement)
{
    auto worst = Severity::ok;
    for (auto const& one : judgement.counting) {
        worst = one.severity == Severity::skipped ? worst : std::max(worst, one.severity);
    }
    return worst;
}

} // namespace

TEST_CASE("a problem counts when it was seen as often in a row as wanted, and is gone at once")
{
    Runs runs(3);
    auto const down = finding("NODE-DOWN", Severity::critical);
    CHECK_FALSE(runs.next({}).changed);
    auto judgement = runs.next({down});
    CHECK(judgement.counting.empty());
    REQUIRE(judgement.pending.size() == 1);
    CHECK(judgement.pending.front().runs == 1);
    CHECK_FALSE(judgement.changed);
    CHECK(runs.next({down}).counting.empty());
    judgement = runs.next({down});
    CHECK(state_after(judgement) == Severity::critical);
    CHECK(judgement.changed);
    CHECK(judgement.begun.size() == 1);
    judgement = runs.next({down});
    CHECK_FALSE(judgement.changed);
    CHECK(judgement.begun.empty());
    judgement = runs.next({});
    CHECK(judgement.counting.empty());
    CHECK(judgement.changed);
    REQUIRE(judgement.gone.size() == 1);
    CHECK(judgement.gone.front().object == "r1");
    CHECK(judgement.gone.front().since == std::chrono::system_clock::time_point(1'000'060s));
}

TEST_CASE("a run without the problem starts the count anew, and nothing is gone that never counted")
{
    Runs runs(2);
    auto const down = finding("NODE-DOWN", Severity::critical);
    for (int i = 0; i < 3; ++i) {
        CHECK(runs.next({down}).counting.empty());
        auto const without = runs.next({});
        CHECK(without.gone.empty());
        CHECK_FALSE(without.changed);
    }
}

TEST_CASE("a problem is critical once all wanted runs saw it critical, till then a warning")
{
    Runs runs(2);
    auto const warning = finding("QUEUE-BACKLOG", Severity::warning);
    auto const critical = finding("QUEUE-BACKLOG", Severity::critical);
    runs.next({warning});
    CHECK(state_after(runs.next({critical})) == Severity::warning);
    auto const worse = runs.next({critical});
    CHECK(state_after(worse) == Severity::critical);
    CHECK(worse.changed);
    auto const better = runs.next({warning});
    CHECK(state_after(better) == Severity::warning);
    CHECK(better.changed);
}

TEST_CASE("objects are counted apart")
{
    Runs runs(2);
    runs.next({finding("NODE-DOWN", Severity::critical, "r1")});
    auto const judgement =
        runs.next({finding("NODE-DOWN", Severity::critical, "r1"), finding("NODE-DOWN", Severity::critical, "r2")});
    REQUIRE(judgement.counting.size() == 1);
    CHECK(judgement.counting.front().object == "r1");
    CHECK(judgement.pending.size() == 1);
}

TEST_CASE("a problem that could not be looked for stays as it was")
{
    Runs runs(1);
    runs.next({finding("QUEUE-DOWN", Severity::critical, "queue \"q\"")});
    auto const blind = runs.next({not_asked("QUEUE-BACKLOG", {"QUEUE-DOWN"})});
    CHECK(state_after(blind) == Severity::critical);
    CHECK(blind.gone.empty());
    CHECK_THAT(blind.counting.front().evidence, Catch::Contains("now it could not be asked"));
    auto const seen = runs.next({});
    CHECK(seen.counting.empty());
    CHECK(seen.gone.size() == 2);
}

TEST_CASE("what could not be asked counts at once while no run has ever known it, else as often as wanted")
{
    Runs runs(3);
    auto const blind = not_asked("QUEUE-DOWN");
    for (int i = 0; i < 3; ++i) {
        CHECK(state_after(runs.next({blind})) == Severity::unknown);
    }
    CHECK(runs.next({}).counting.empty());
    CHECK(runs.next({blind}).counting.empty());
    CHECK(runs.next({blind}).counting.empty());
    CHECK(state_after(runs.next({blind})) == Severity::unknown);

    Runs first(3);
    auto unreachable = finding("UNREACHABLE", Severity::critical, "cluster");
    unreachable.also = {"NODE-DOWN", "QUEUE-DOWN"};
    CHECK(state_after(first.next({unreachable})) == Severity::unknown);
    CHECK(state_after(first.next({unreachable})) == Severity::unknown);
    CHECK(state_after(first.next({unreachable})) == Severity::critical);
}

TEST_CASE("a run leaves alone what it did not look for")
{
    Runs runs(1);
    runs.next({finding("QUEUE-DOWN", Severity::critical)});
    auto const all = runs.options().codes;
    runs.options().codes = {"NODE-DOWN"};
    auto const nodes_only = runs.next({});
    CHECK(nodes_only.counting.empty());
    CHECK_FALSE(nodes_only.changed);
    runs.options().codes = all;
    CHECK_FALSE(runs.next({finding("QUEUE-DOWN", Severity::critical)}).changed);
}

TEST_CASE("what was skipped is told and never counted")
{
    Runs runs(3);
    auto const judgement = runs.next({finding("NODE-DOWN", Severity::skipped)});
    CHECK(judgement.counting.size() == 1);
    CHECK_FALSE(judgement.changed);
    CHECK(judgement.pending.empty());
}

TEST_CASE("an object whose name is not UTF-8 is the same in the next run")
{
    Runs runs(2);
    auto const odd = finding("QUEUE-DOWN", Severity::critical, "queue \"\xff\xfe\"");
    runs.next({odd});
    CHECK(state_after(runs.next({odd})) == Severity::critical);
}

TEST_CASE("a damaged state is told from an empty one")
{
    CHECK(parse_check_states(to_text({}, {}))->empty());
    for (auto const* text :
         {"", "{", "[]", "null", R"({"schema_version":2,"clusters":{}})", R"({"schema_version":1})",
          R"({"schema_version":1,"clusters":{"c":{}}})", R"({"schema_version":1,"clusters":{"c":[1]}})",
          R"({"schema_version":1,"clusters":{"c":{"updated_ms":"x","problems":[]}}})",
          R"({"schema_version":1,"clusters":{"c":{"updated_ms":1e300,"uptimes_ms":{},"problems":[]}}})",
          R"({"schema_version":1,"clusters":{"c":{"updated_ms":1,"uptimes_ms":{"r1":"x"},"problems":[]}}})",
          R"({"schema_version":1,"clusters":{"c":{"updated_ms":1,"uptimes_ms":{},"problems":[{"code":"A"}]}}})",
          "\xff\xfe"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_check_states(text));
    }
    auto const huge = parse_check_states(
        R"({"schema_version":1,"clusters":{"c":{"updated_ms":18446744073709551615,"uptimes_ms":{"r1":-1},"problems":[{"code":"A","object":"o",
            "runs":9223372036854775807,"critical_runs":-5,"since_ms":-1,"counted_as":"?","evidence":"","remedy":""}]}}})");
    REQUIRE(huge);
    auto state = huge->at("c");
    CHECK(state.problems.at({"A", "o"}).critical_runs == 0);
    JudgeOptions options{.runs = 1, .codes = {"A"}};
    CHECK(judge(state, {finding("A", Severity::warning, "o")}, options).counting.size() == 1);
}

TEST_CASE("NODE-RESTARTED: a node up for less than when last seen, told once and at once")
{
    auto snapshot = test::healthy_snapshot();
    CheckState state;
    CHECK(restarts_of(state, snapshot).empty());
    snapshot.nodes[0].uptime.reset(); // down
    snapshot.nodes[1].uptime = std::chrono::hours(4);
    CHECK(restarts_of(state, snapshot).empty());
    snapshot.nodes[0].uptime = 30s;
    auto const restarts = restarts_of(state, snapshot);
    REQUIRE(restarts.size() == 1);
    CHECK(restarts.front().object == "r1@h1");
    CHECK(restarts.front().severity == Severity::warning);
    CHECK(restarts.front().evidence == "up for 30.0s; it had been up for 3h in an earlier run");
    CHECK(restarts_of(state, snapshot).empty());

    Runs runs(3);
    runs.options().codes.insert("NODE-RESTARTED");
    CHECK(state_after(runs.next(restarts)) == Severity::warning);
    CHECK(runs.next({}).gone.size() == 1);

    auto const kept = parse_check_states(to_text({{"c", state}}, {}));
    REQUIRE(kept);
    CHECK(kept->at("c").uptimes == state.uptimes);
}

TEST_CASE("MIRROR-UNSYNCED: a warning at first, critical when it has lasted for mirror_sync_delay_max")
{
    Runs runs(1); // one a minute
    runs.options().codes = {"MIRROR-UNSYNCED"};
    runs.options().mirror_sync_delay_max = 2min;
    auto const behind = finding("MIRROR-UNSYNCED", Severity::warning, "queue \"q\"");
    CHECK(state_after(runs.next({behind})) == Severity::warning);
    CHECK(state_after(runs.next({behind})) == Severity::warning);
    auto const late = runs.next({behind});
    CHECK(state_after(late) == Severity::critical);
    CHECK(late.counting.front().evidence == "seen for 2m (mirror_sync_delay_max 2m)");
    runs.next({});
    CHECK(state_after(runs.next({behind})) == Severity::warning);
}

TEST_CASE("a cluster nobody checked for a month is forgotten")
{
    std::chrono::system_clock::time_point const now(std::chrono::hours(24 * 100));
    CheckStates states;
    states["old"].updated = now - std::chrono::hours(24 * 31);
    states["new"].updated = now - std::chrono::hours(24);
    auto const kept = parse_check_states(to_text(states, now));
    REQUIRE(kept);
    CHECK(kept->size() == 1);
    CHECK(kept->contains("new"));
}

TEST_CASE("the state file counts every run of several processes at once, apart for each cluster")
{
    test::TemporaryFolder const folder;
    auto const path = folder / "check.json";
    JudgeOptions options{.runs = 40, .codes = {"NODE-DOWN"}, .now = std::chrono::system_clock::now()};
    auto const deadline = std::chrono::steady_clock::now() + 1min;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 10; ++i) {
                CheckStateFile(path).judge("shared", {finding("NODE-DOWN", Severity::critical)}, nullptr, options,
                                           deadline);
                CheckStateFile(path).judge(std::to_string(t), {}, nullptr, options, deadline);
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    auto const states = parse_check_states(base::read_file(path).value());
    REQUIRE(states);
    CHECK(states->size() == 5);
    CHECK(states->at("shared").problems.at({"NODE-DOWN", "r1"}).runs == 40);
    struct stat info {};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777U) == 0600);
}

TEST_CASE("a damaged state file is told of and begun anew; one that cannot be used is an error")
{
    test::TemporaryFolder const folder;
    auto const path = folder / "check.json";
    base::write_file(path, "{ not json");
    JudgeOptions const options{.runs = 1, .codes = {"NODE-DOWN"}, .now = std::chrono::system_clock::now()};
    auto const soon = std::chrono::steady_clock::now() + 10s;
    CheckStateFile file(path);
    CHECK(file.judge("c", {finding("NODE-DOWN", Severity::critical)}, nullptr, options, soon).counting.size() == 1);
    REQUIRE(file.notes().size() == 1);
    CHECK_THAT(file.notes().front(), Catch::Contains("is damaged: what earlier runs saw is forgotten"));
    CheckStateFile again(path);
    CHECK_FALSE(again.judge("c", {finding("NODE-DOWN", Severity::critical)}, nullptr, options, soon).changed);
    CHECK(again.notes().empty());

    std::filesystem::create_directory(folder / "folder");
    CHECK_THROWS_WITH(CheckStateFile(folder / "folder").judge("c", {}, nullptr, options, soon),
                      Catch::Contains("not a regular file"));
    CHECK_THROWS_WITH(CheckStateFile("/dev/null").judge("c", {}, nullptr, options, soon),
                      Catch::Contains("not a regular file"));
}

TEST_CASE("a state file that somebody else holds is waited for until the deadline")
{
    test::TemporaryFolder const folder;
    base::FileLock const held((folder / "check.json.lock"));
    JudgeOptions const options{.runs = 1, .codes = {}, .now = std::chrono::system_clock::now()};
    try {
        CheckStateFile(folder / "check.json").judge("c", {}, nullptr, options, std::chrono::steady_clock::now() + 20ms);
        FAIL("did not notice");
    } catch (base::Error const& error) {
        CHECK(error.code() == base::ExitCode::timeout);
        CHECK_THAT(error.what(), Catch::Contains("another process holds it"));
    }
}
