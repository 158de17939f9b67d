#include "support/brokers.hpp"
#include "support/catch.hpp"

using namespace rmqha;
using namespace std::chrono_literals;

namespace {

/// What is offered at the last of these words.
std::string offered(std::vector<std::string> words)
{
    words.insert(words.begin(), "__complete");
    auto const answer = test::run_rmqha(words);
    CHECK(answer.status == 0);
    CHECK(answer.errors.empty());
    return answer.output;
}

/// The cluster has a second to tell; what it does not is not offered.
void offers(std::vector<std::string> const& words, std::string const& wanted)
{
    std::string got;
    bool const came = test::wait_until(3min, [&] {
        got = offered(words);
        return got == wanted;
    });
    INFO(got);
    CHECK(came);
}

} // namespace

TEST_CASE("completion offers the cluster's queues, exchanges, policies and vhosts", "[live]")
{
    test::LiveCluster cluster;
    test::TemporaryVhost const vhost(cluster);
    auto const in_vhost = [&](std::vector<std::string> words) {
        words.insert(words.begin(), {"--context", cluster.name(), "--vhost", vhost.name()});
        return words;
    };
    REQUIRE(test::run_rmqha(in_vhost({"queue", "declare", "a+b", "--type", "classic"})).status == 0);
    REQUIRE(test::run_rmqha(in_vhost({"queue", "declare", "aab", "--type", "classic"})).status == 0);
    REQUIRE(test::run_rmqha(in_vhost({"policy", "set", "short", "^a", "max-length=5", "--yes"})).status == 0);

    offers(in_vhost({"consume", "a"}), "a+b\t\naab\t\n");
    offers(in_vhost({"consume", "a+"}), "a+b\t\n"); // no regular expression
    offers(in_vhost({"publish", "--routing-key", "aa"}), "aab\t\n");
    offers(in_vhost({"publish", "--exchange=amq.d"}), "--exchange=amq.direct\t\n");
    offers(in_vhost({"policy", "show", ""}), "short\t\n");
    CHECK(offered(in_vhost({"policy", "show", "--operator", ""})).empty());
    CHECK(test::wait_until(3min, [&] {
        auto const vhosts = offered({"--context", cluster.name(), "consume", "--vhost", ""});
        return vhosts.find(vhost.name() + "\t\n") != std::string::npos;
    }));
}

TEST_CASE("completion is silent where the cluster gives no answer", "[live]")
{
    test::LiveCluster const cluster;
    CHECK(offered({"--node", "127.0.0.1:1", "consume", ""}).empty());
    CHECK(offered({"--context", cluster.name(), "--vhost", "none of this name", "consume", ""}).empty());
    CHECK(offered({"--context", cluster.name(), "--user", "guest", "consume", ""}).empty()); // wrong password
}
