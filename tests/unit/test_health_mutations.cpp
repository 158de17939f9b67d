#include "support/answer_bodies.hpp"
#include "support/catch.hpp"
#include "support/mutation.hpp"

#include <nlohmann/json.hpp>

using namespace rmqha;
using health::Severity;
using test::AnswerBodies;

namespace {

constexpr std::array<char const*, 2> k_versions{"3.10", "4.0"};
constexpr auto* k_alarmed = R"({"status":"failed","reason":"There are alarms in effect in the cluster",)"
                            R"("alarms":[{"node":"r1-7772@localhost","resource":"memory"}]})";

} // namespace

TEST_CASE("ten thousand spoilt answers: no crash, and never OK of what cannot be read")
{
    constexpr int k_mutations = 10'000;
    std::array const samples{test::recorded_bodies(k_versions[0]), test::recorded_bodies(k_versions[1])};
    std::mt19937 random(20260131); // NOLINT(cert-msc51-cpp): the same each time
    int unreadable = 0;
    for (int i = 0; i < k_mutations; ++i) {
        auto bodies = samples.at(random() % samples.size());
        auto const which = test::k_answer_bodies.at(random() % test::k_answer_bodies.size());
        bodies.*which = test::mutated(bodies.*which, random);
        CAPTURE(i, which == &AnswerBodies::nodes, which == &AnswerBodies::queues, which == &AnswerBodies::overview);
        auto const verdict = test::verdict_on(bodies);
        if (test::must_be_json(which) && !nlohmann::json::accept(bodies.*which)) {
            ++unreadable;
            CHECK(verdict != Severity::ok);
        }
    }
    CHECK(unreadable > 1000); // the mutations are not beside the point
}

TEST_CASE("an alarm is never called OK, however spoilt its list is")
{
    constexpr int k_mutations = 2'000;
    std::mt19937 random(20260131); // NOLINT(cert-msc51-cpp)
    auto bodies = test::recorded_bodies("4.0");
    bodies.alarms_status = 503;
    for (int i = 0; i < k_mutations; ++i) {
        bodies.alarms = i == 0 ? k_alarmed : test::mutated(k_alarmed, random);
        CAPTURE(i, bodies.alarms);
        CHECK(test::verdict_on(bodies) != Severity::ok);
    }
}

TEST_CASE("the recorded cluster that is spoilt there is OK as it is")
{
    for (auto const* const version : k_versions) {
        CAPTURE(version);
        CHECK(test::verdict_on(test::recorded_bodies(version)) == Severity::ok);
    }
}
