#include "queues/arguments.hpp"
#include "queues/balance.hpp"
#include "queues/members.hpp"
#include "queues/repair.hpp"

#include "support/catch.hpp"

#include <fmt/format.h>

using namespace rmqha;
using queues::RepairStep;

namespace {

health::Queue quorum(std::vector<std::string> members, std::vector<std::string> online = {})
{
    health::Queue queue;
    queue.type = "quorum";
    queue.leader = members.front();
    queue.members = std::move(members);
    queue.online = online.empty() ? queue.members : std::move(online);
    return queue;
}

health::Queue mirrored(std::string leader, std::vector<std::string> mirrors, std::vector<std::string> synchronised)
{
    health::Queue queue;
    queue.type = "classic";
    queue.leader = std::move(leader);
    queue.mirrors = std::move(mirrors);
    queue.synchronised_mirrors = std::move(synchronised);
    return queue;
}

std::set<std::string> const k_abc{"a", "b", "c"};

std::string text_of(queues::Repair const& repair)
{
    std::string text;
    for (auto const& step : repair.steps) {
        text += (step.kind == RepairStep::Kind::add ? "+" : "-") + step.node;
    }
    return text;
}

std::string text_of(std::vector<queues::Copy> const& copies)
{
    std::string text;
    for (auto const& copy : copies) {
        text += fmt::format("{}{}:{}:{}", text.empty() ? "" : " ", copy.node, copy.role, copy.state);
    }
    return text;
}

} // namespace

TEST_CASE("a whole quorum queue needs no repair")
{
    auto const repair = queues::repair_of(quorum({"a", "b", "c"}), {.running = k_abc, .members = k_abc, .target = 3});
    CHECK(repair.steps.empty());
    CHECK(repair.refusal.empty());
    CHECK(repair.short_of == 0);
}

TEST_CASE("missing members are added on running nodes before those of nodes that left the cluster are removed")
{
    std::set<std::string> const members{"a", "b", "c", "d"};
    CHECK(text_of(queues::repair_of(quorum({"a", "x", "b"}), {.running = members, .members = members, .target = 3})) ==
          "+c-x");
    CHECK(text_of(queues::repair_of(quorum({"a"}), {.running = members, .members = members, .target = 3})) == "+b+c");
}

TEST_CASE("a member on a node that is only down counts and stays, and gets no copy")
{
    auto const repair =
        queues::repair_of(quorum({"a", "b", "c"}, {"a", "b"}), {.running = {"a", "b"}, .members = k_abc, .target = 3});
    CHECK(text_of(repair).empty());
    auto const more = queues::repair_of(quorum({"a"}), {.running = {"a", "b"}, .members = k_abc, .target = 3});
    CHECK(text_of(more) == "+b");
    CHECK(more.short_of == 1);
}

TEST_CASE("without leader or majority nothing is done, and it is said why")
{
    auto lost = quorum({"a", "b", "c"}, {"a"});
    auto const minority = queues::repair_of(lost, {.running = {"a"}, .members = k_abc, .target = 3});
    CHECK(minority.steps.empty());
    CHECK_THAT(minority.refusal, Catch::Contains("1 of 3 members online"));
    lost = quorum({"a", "b", "c"});
    lost.leader = "";
    CHECK_THAT(queues::repair_of(lost, {.running = k_abc, .members = k_abc, .target = 3}).refusal,
               Catch::Contains("no leader"));
}

TEST_CASE("other queues are no matter of repair")
{
    health::Queue stream = quorum({"a"});
    stream.type = "stream";
    CHECK_FALSE(queues::repair_of(stream, {.running = k_abc, .members = k_abc, .target = 3}).refusal.empty());
    CHECK_THAT(queues::repair_of(mirrored("a", {"b"}, {}), {.running = k_abc, .members = k_abc, .target = 3}).remedy,
               Catch::Contains("set-ha"));
}

TEST_CASE("leaders are counted for every running node, and what would move")
{
    std::vector<health::Queue> list;
    for (int i = 0; i < 7; ++i) {
        list.push_back(quorum({"a", "b", "c"}));
    }
    list.push_back(mirrored("b", {"a"}, {"a"}));
    list.push_back(mirrored("b", {}, {})); // nowhere to go
    health::Queue plain;
    plain.type = "classic";
    plain.leader = "b";
    list.push_back(plain);
    auto dead = quorum({"d", "b", "c"});
    list.push_back(dead);
    std::vector<health::Queue const*> pointers;
    for (auto const& queue : list) {
        pointers.push_back(&queue);
    }
    auto const leaders = queues::leaders_of(pointers, k_abc);
    CHECK(leaders.total == 8);
    CHECK(leaders.of_node == std::map<std::string, std::size_t>{{"a", 7}, {"b", 1}, {"c", 0}});
    CHECK(leaders.balanced() == std::map<std::string, std::size_t>{{"a", 3}, {"b", 3}, {"c", 2}});
    CHECK(leaders.moves() == 4);
    CHECK_FALSE(leaders.even());
    CHECK(queues::Leaders{.of_node = {{"a", 5}, {"b", 3}, {"c", 3}}, .total = 11}.even());
    CHECK_FALSE(queues::Leaders{.of_node = {{"a", 6}, {"b", 3}, {"c", 2}}, .total = 11}.even());
    CHECK(queues::Leaders{}.moves() == 0);
}

TEST_CASE("copies are told with their role and state, the leader first")
{
    auto queue = quorum({"b", "a", "c"}, {"b", "a"});
    CHECK(text_of(queues::copies(queue, k_abc, {})) == "b:leader:online a:member:online c:member:offline");
    CHECK(text_of(queues::copies(queue, {"a", "b"}, {})) == "b:leader:online a:member:online c:member:node down");
    CHECK(text_of(queues::copies(mirrored("b", {"c", "a"}, {"c"}), k_abc, {})) ==
          "b:leader:online a:mirror:unsynchronised c:mirror:synchronised");
    CHECK(text_of(queues::copies(mirrored("b", {}, {}), k_abc, {})) == "b:only copy:online");
    CHECK(text_of(queues::copies(mirrored("x", {}, {}), k_abc, {})) == "x:only copy:node down");
}

TEST_CASE("the lag is what the leader has committed and the member not applied")
{
    auto const copies = queues::copies(
        quorum({"a", "b", "c"}), k_abc,
        {{.node = "a", .state = "leader", .last_applied = 10, .commit_index = 10},
         {.node = "b", .state = "follower", .last_applied = 7, .commit_index = 8},
         {.node = "c", .state = "follower", .membership = "promotable", .last_applied = 12, .commit_index = 12}});
    CHECK(copies[0].lag == 0U);
    CHECK(copies[1].lag == 3U);
    CHECK(copies[2].lag == 0U); // asked later than the leader
    CHECK(copies[2].raft == "follower, promotable");
}

TEST_CASE("a queue that is there is told apart by type and arguments, whatever says the type")
{
    management::PolicyQueue asked;
    asked.type = "quorum";
    asked.arguments = {{"x-queue-type", "\"quorum\""}, {"x-max-length", "5"}, {"x-expires", "1000"}};
    auto there = asked;
    there.arguments.erase("x-queue-type");
    CHECK(queues::differences_of(asked, there).empty());
    there.type = "classic";
    there.arguments = {{"x-max-length", "6"}, {"x-overflow", "\"drop-head\""}};
    std::string text;
    for (auto const& one : queues::differences_of(asked, there)) {
        text += fmt::format("{}:{}:{} ", one.what, one.asked, one.there);
    }
    CHECK(text == "type:quorum:classic x-expires:1000: x-max-length:5:6 x-overflow::\"drop-head\" ");
}
