#include "management/answer.hpp"
#include "support/catch.hpp"
#include "support/recorded.hpp"

using namespace rmqha;
using management::PolicyKind;
using test::answered;

namespace {

template <typename Value>
Value got(management::Answer<Value> const& answer)
{
    if (auto const* const problem = management::problem_of(answer)) {
        throw std::runtime_error(problem->reason);
    }
    return std::get<Value>(answer);
}

} // namespace

TEST_CASE("policies are read whole, with what brokers leave out filled in")
{
    auto const policies = got(management::read_policies(answered(R"([
        {"vhost":"/","name":"a","pattern":"^a","apply-to":"queues","priority":1.5,
         "definition":{"max-length":10,"overflow":"drop-head","ha-params":["r1","r2"]}},
        {"vhost":"v","name":"b","pattern":"","definition":null}])"),
                                                        PolicyKind::operator_policy));
    REQUIRE(policies.size() == 2);
    CHECK(policies[0].kind == PolicyKind::operator_policy);
    CHECK(policies[0].apply_to == "queues");
    CHECK(policies[0].priority == 1.5);
    CHECK(policies[0].definition == management::PolicyDefinition{{"max-length", "10"},
                                                                 {"overflow", "\"drop-head\""},
                                                                 {"ha-params", R"(["r1","r2"])"}});
    CHECK(policies[1].apply_to == "all");
    CHECK(policies[1].priority == 0);
    CHECK(policies[1].definition.empty());
}

TEST_CASE("no policy of a name is an answer, not a problem")
{
    auto const none = answered(R"({"error":"Object Not Found","reason":"Not Found"})", 404);
    CHECK_FALSE(got(management::read_policy(none, PolicyKind::policy)));
    CHECK_FALSE(got(management::read_policy_queue(none)));
    CHECK(got(management::read_policy(answered(R"({"vhost":"/","name":"a","pattern":"x"})"), PolicyKind::policy))
              ->pattern == "x");
}

TEST_CASE("a queue's policies: none is null or left out, and no key at all tells nothing")
{
    auto const queues = got(management::read_policy_queues(answered(R"([
        {"vhost":"/","name":"a","type":"quorum","arguments":{"x-max-length":5},"policy":"p","operator_policy":null,
         "effective_policy_definition":{"max-length":5}},
        {"vhost":"/","name":"b","policy":null,"operator_policy":null,"effective_policy_definition":[]},
        {"vhost":"/","name":"c","arguments":{"x-queue-type":"stream"}},
        {"vhost":"/","name":"d","operator_policy":"o","effective_policy_definition":{"max-length":5}},
        {"vhost":"/","name":"a","type":"quorum"}])")));
    REQUIRE(queues.size() == 4);
    CHECK(queues[0].policy == "p");
    CHECK(queues[0].operator_policy == "");
    CHECK(queues[0].arguments.at("x-max-length") == "5");
    CHECK(queues[0].effective->at("max-length") == "5");
    CHECK(queues[1].policy == "");
    CHECK(queues[1].effective->empty());
    CHECK(queues[1].type == "classic");
    CHECK_FALSE(queues[2].policy);
    CHECK_FALSE(queues[2].effective);
    CHECK(queues[2].type == "stream");
    CHECK(queues[3].policy == "");
}

TEST_CASE("whether classic queues can be mirrored is what the broker says of its deprecated features")
{
    CHECK(got(management::read_mirroring(answered("{}", 404)))); // before 3.13 nobody is asked
    CHECK(got(management::read_mirroring(
        answered(R"([{"name":"classic_queue_mirroring","deprecation_phase":"permitted_by_default"}])"))));
    CHECK_FALSE(got(
        management::read_mirroring(answered(R"([{"name":"classic_queue_mirroring","deprecation_phase":"removed"}])"))));
    CHECK_FALSE(got(management::read_mirroring(answered("[]")))); // gone so long that it is not listed any more
}

TEST_CASE("what came of a PUT or a DELETE")
{
    CHECK(got(management::read_written(answered("", 201))));
    CHECK_FALSE(got(management::read_written(answered("", 204))));
    auto const refused =
        management::read_written(answered(R"({"error":"bad_request","reason":"Validation failed\n\nx\n"})", 400));
    REQUIRE(management::problem_of(refused) != nullptr);
    CHECK(management::problem_of(refused)->reason == "Validation failed\n\nx\n");
}
