#include "base/spelling.hpp"
#include "support/catch.hpp"

#include <vector>

using rmqha::base::nearest_word;

TEST_CASE("the nearest known word is the one few letters away", "[base]")
{
    std::vector<std::string> const known{"publish", "consume", "connect", "connection_timeout"};
    CHECK(nearest_word("publsh", known) == "publish");
    CHECK(nearest_word("pubblish", known) == "publish");
    CHECK(nearest_word("pubilhs", known) == "publish"); // two swaps
    CHECK(nearest_word("conect", known) == "connect");
    CHECK(nearest_word("connection_timeuot", known) == "connection_timeout");
    CHECK_FALSE(nearest_word("monitor", known));
    CHECK_FALSE(nearest_word("", known));
}

TEST_CASE("a short word is not taken for another by half its letters", "[base]")
{
    std::vector<std::string> const known{"up", "down", "prod"};
    CHECK_FALSE(nearest_word("ab", known));
    CHECK(nearest_word("dwon", known) == "down");
    CHECK(nearest_word("prdo", known) == "prod");
    CHECK_FALSE(nearest_word("pear", known));
}

TEST_CASE("the beginning of a word is near it from three letters on", "[base]")
{
    std::vector<std::string> const known{"round_robin", "weighted_round_robin"};
    CHECK(nearest_word("rou", known) == "round_robin");
    CHECK(nearest_word("weighted", known) == "weighted_round_robin");
    CHECK_FALSE(nearest_word("ro", known));
}

TEST_CASE("the question is ready to be appended to a hint, or nothing", "[base]")
{
    std::vector<std::string> const known{"vhost"};
    CHECK(rmqha::base::did_you_mean("vhots", known) == " Did you mean \"vhost\"?");
    CHECK(rmqha::base::did_you_mean("user", known).empty());
}
