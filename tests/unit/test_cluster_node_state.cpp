#include "cluster/node_state.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <thread>

using namespace rmqha;
using namespace std::chrono_literals;
using cluster::NodeStateFile;
using cluster::SharedState;

namespace {

std::chrono::system_clock::time_point const k_now{std::chrono::hours(24 * 365 * 50)};

} // namespace

TEST_CASE("the second failure in a row, or the first time-out, puts a node in quarantine; a success ends it")
{
    SharedState state;
    record_failure(state, "a:1", "refused", false, k_now);
    CHECK_FALSE(quarantined(state, "a:1", k_now));
    record_failure(state, "a:1", "refused", false, k_now);
    CHECK(quarantined(state, "a:1", k_now + 4999ms));
    CHECK_FALSE(quarantined(state, "a:1", k_now + 5s));
    CHECK_FALSE(quarantined(state, "b:2", k_now));
    record_failure(state, "b:2", "no answer", true, k_now);
    CHECK(quarantined(state, "b:2", k_now + 4999ms));
    record_success(state, "a:1");
    CHECK_FALSE(quarantined(state, "a:1", k_now));
}

TEST_CASE("a quarantine doubles with each failure, up to a minute")
{
    SharedState state;
    record_failure(state, "a", "refused", false, k_now);
    for (auto const time : {5s, 10s, 20s, 40s, 60s, 60s, 60s}) {
        record_failure(state, "a", "refused", false, k_now);
        CHECK(quarantined(state, "a", k_now + time - 1ms));
        CHECK_FALSE(quarantined(state, "a", k_now + time));
    }
}

TEST_CASE("what one process writes another reads")
{
    test::TemporaryFolder const folder;
    NodeStateFile one(folder / "new" / "state.json");
    one.update([](SharedState& state) {
        state.rotation.next = 7;
        state.rotation.weights = {{"a:1", -3}};
        record_failure(state, "a:1", "no \xff answer", true, k_now);
    });
    CHECK(one.problem().empty());
    auto const state = NodeStateFile(folder / "new" / "state.json").read();
    CHECK(state.rotation.next == 7);
    CHECK(state.rotation.weights.at("a:1") == -3);
    CHECK(state.nodes.at("a:1").failures == 1);
    CHECK(quarantined(state, "a:1", k_now));
}

TEST_CASE("a file that is damaged or another version's is started afresh")
{
    for (auto const* const content :
         {"", "{", "[]", "{\"next\": 3}", "{\"next\": \"x\", \"weights\": {}, \"nodes\": {}}",
          "{\"next\": 3, \"weights\": {}, \"nodes\": {\"a\": 5}}", "\x00\xff"}) {
        test::TemporaryFolder const folder;
        std::ofstream(folder / "state.json") << content;
        NodeStateFile file(folder / "state.json");
        CHECK(file.read().rotation.next == 0);
        CHECK(file.read().nodes.empty());
        file.update([](SharedState& state) { state.rotation.next = 5; });
        CHECK(file.problem().empty());
        CHECK(NodeStateFile(folder / "state.json").read().rotation.next == 5);
    }
}

TEST_CASE("numbers in a file that are out of all proportion do no harm")
{
    for (auto const* const number : {"9223372036854775807", "-9223372036854775808", "2147483647", "-2147483648"}) {
        INFO(number);
        test::TemporaryFolder const folder;
        std::ofstream(folder / "state.json")
            << fmt::format(R"({{"next": 1, "weights": {{"a": {0}}}, "nodes": {{"a": )"
                           R"({{"failures": {0}, "quarantined_until_ms": {0}, "reason": "x"}}}}}})",
                           number);
        auto state = NodeStateFile(folder / "state.json").read();
        CHECK(std::abs(state.rotation.weights.at("a")) == 1'000'000);
        CHECK((state.nodes.at("a").failures == 0 || state.nodes.at("a").failures == 1000));
        CHECK_FALSE(quarantined(state, "a", k_now));
        record_failure(state, "a", "no answer", true, k_now);
        CHECK(quarantined(state, "a", k_now));
        CHECK_FALSE(quarantined(state, "a", k_now + 60s));
    }
}

TEST_CASE("a quarantine that would last longer than the longest there is counts for nothing")
{
    SharedState state;
    state.nodes["a"] = {.failures = 2, .quarantined_until = k_now + 60s + 1ms, .reason = "refused"};
    CHECK_FALSE(quarantined(state, "a", k_now));
    CHECK(quarantined(state, "a", k_now + 1ms));
}

TEST_CASE("where no file can be written the state is kept in memory, and why is told")
{
    test::TemporaryFolder const folder;
    std::ofstream(folder / "file") << "in the way";
    NodeStateFile file(folder / "file" / "state.json");
    for (int i = 0; i < 3; ++i) {
        file.update([](SharedState& state) { ++state.rotation.next; });
    }
    CHECK(file.read().rotation.next == 3);
    CHECK_THAT(file.problem(), Catch::Contains((folder / "file").string()));
}

TEST_CASE("of many updates at once none is lost")
{
    test::TemporaryFolder const folder;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            NodeStateFile file(folder / "state.json");
            for (int j = 0; j < 25; ++j) {
                file.update([](SharedState& state) { ++state.rotation.next; });
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    CHECK(NodeStateFile(folder / "state.json").read().rotation.next == 100);
}

TEST_CASE("the same nodes in any order share a file, others have their own")
{
    config::Node const a{.host = "a", .port = 1};
    config::Node const b{.host = "b", .port = 1};
    CHECK(NodeStateFile::path_for({a, b}) == NodeStateFile::path_for({b, a}));
    CHECK(NodeStateFile::path_for({a, b}) != NodeStateFile::path_for({a}));
}
