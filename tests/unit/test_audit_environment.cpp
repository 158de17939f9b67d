#include "audit/environment.hpp"

#include "support/catch.hpp"
#include "support/error_of.hpp"

using namespace rmqha;

TEST_CASE("a node's environment is read for what the management API does not tell")
{
    auto const read = audit::parse_environment(R"({"kernel":{},"rabbit":{"cluster_partition_handling":"ignore",
        "vm_memory_high_watermark":0.4,"heartbeat":60}})",
                                               "env.json");
    CHECK(read.origin == "env.json");
    CHECK(read.partition_handling == "ignore");
    CHECK(read.memory_watermark == 0.4);
    CHECK(read.heartbeat == 60);
}

TEST_CASE("an environment may hold other values, or none")
{
    auto const odd = audit::parse_environment(R"({"rabbit":{"cluster_partition_handling":
        ["pause_if_all_down",["a@b"],"autoheal"],"vm_memory_high_watermark":{"absolute":1000},"heartbeat":-1}})",
                                              "x");
    CHECK(odd.partition_handling == R"(["pause_if_all_down",["a@b"],"autoheal"])");
    CHECK_FALSE(odd.memory_watermark);
    CHECK_FALSE(odd.heartbeat);
    auto const none = audit::parse_environment(R"({"rabbit":{}})", "x");
    CHECK_FALSE(none.partition_handling);
}

TEST_CASE("what is no environment is refused with how to make one")
{
    auto const [text, reason] = GENERATE(table<char const*, char const*>(
        {{" \n", "env: empty"},
         {"Application environment of node r1@h1 ...\n[{accept,[]}", "env: not a JSON object"},
         {"[]", "env: not a JSON object"},
         {R"({"kernel":{}})", "env: has no configuration of the application rabbit"},
         {R"({"rabbit":[]})", "env: has no configuration of the application rabbit"}}));
    auto const error = test::error_of([&, text = text] { audit::parse_environment(text, "env"); });
    CHECK(error.what() == std::string(reason));
    CHECK(error.code() == base::ExitCode::data);
    CHECK_THAT(error.hint(), Catch::Contains("--formatter json"));
}
