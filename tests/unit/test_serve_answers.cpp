#include "serve/answers.hpp"
#include "support/catch.hpp"
#include "support/health_samples.hpp"

using namespace rmqha;
using namespace std::chrono_literals;
using Catch::Contains;
using serve::Collected;
using serve::Collection;

namespace {

constexpr base::TimePoint k_then{1h};
serve::Terms const k_terms{.cluster = "prod", .patience = 45s};

Collection collection_of(health::Snapshot snapshot, base::TimePoint ended = k_then)
{
    Collection collection;
    collection.snapshot = std::move(snapshot);
    collection.ended = ended;
    return collection;
}

/// Nobody answers, in this way.
Collection failed_collection(health::Asked::Outcome outcome, base::TimePoint ended)
{
    auto collection = collection_of(test::healthy_snapshot(), ended);
    for (int i = 1; i <= 3; ++i) {
        test::take_down(collection.snapshot, i);
    }
    for (auto& node : collection.snapshot.nodes) {
        node.amqp.outcome = outcome;
        node.name.clear();
    }
    collection.snapshot.queues.reset();
    collection.snapshot.cluster_name.clear();
    collection.problem = "cannot reach any of 3 nodes";
    return collection;
}

Collected collected(health::Snapshot snapshot = test::healthy_snapshot())
{
    return after({}, collection_of(std::move(snapshot)));
}

serve::Response ask(std::string const& path, Collected const& what, base::TimePoint now = k_then,
                    serve::Terms const& terms = k_terms)
{
    return respond({.path = path}, what, terms, {.now = now, .scrapes = 7});
}

std::string agent(Collected const& what, base::TimePoint now = k_then, std::string const& node = "r2@h2")
{
    return agent_answer(node, what, k_terms, now);
}

} // namespace

TEST_CASE("a node is served for load balancers by its name or address")
{
    auto snapshot = test::healthy_snapshot();
    test::take_down(snapshot, 2);
    snapshot.nodes[2].state = health::NodeState::draining;
    snapshot.nodes[2].why = "in maintenance\nmode";
    auto const what = collected(snapshot);
    CHECK(ask("/nodes/r1@h1", what).status == 200);
    CHECK(ask("/nodes/r1@h1", what).body == "running\n");
    CHECK(ask("/nodes/h1:5672", what).status == 200);
    CHECK(ask("/nodes/r2@h2", what).status == 503);
    CHECK(ask("/nodes/r2@h2", what).body == "down: h2:5672 refused; peers say it is not running\n");
    CHECK(ask("/nodes/r3@h3", what).status == 503);
    CHECK(ask("/nodes/r3@h3", what).body == "in maintenance: in maintenance mode\n");
    CHECK(ask("/nodes/r4@h4", what).status == 404);
    CHECK(ask("/nodes/", what).status == 404);
}

TEST_CASE("before the first collection nothing is claimed of the cluster")
{
    Collected const nothing;
    CHECK(ask("/healthz", nothing).status == 200);
    CHECK(ask("/readyz", nothing).status == 503);
    CHECK(ask("/nodes/r1@h1", nothing).status == 503);
    CHECK(ask("/", nothing).status == 200);
    CHECK(ask("/metrics", nothing).status == 200);
    CHECK_THAT(ask("/metrics", nothing).body, Contains("rmqha_collections_total{cluster=\"prod\"} 0\n"));
    CHECK(agent(nothing) == "# not known: no collection has ended yet");
}

TEST_CASE("an exporter is ready while the cluster was reached lately, and healthy while it collects")
{
    auto const reached = collected();
    CHECK(ask("/readyz", reached, k_then + 45s).status == 200);
    CHECK(ask("/readyz", reached, k_then + 46s).status == 503);
    CHECK(ask("/readyz", reached, k_then + 46s).body == "no collection has reached the cluster for 46 s\n");
    CHECK(ask("/healthz", reached, k_then + 46s).status == 503);
    auto const lost = after(reached, failed_collection(health::Asked::Outcome::refused, k_then + 40s));
    CHECK(ask("/readyz", lost, k_then + 44s).status == 200);
    CHECK(ask("/readyz", lost, k_then + 46s).status == 503);
    CHECK(ask("/healthz", lost, k_then + 46s).status == 200);
}

TEST_CASE("a cluster that is gone is shown with its last figures, marked as such, and its nodes down")
{
    auto const lost = after(collected(), failed_collection(health::Asked::Outcome::refused, k_then + 15s));
    CHECK(lost.stale());
    CHECK(lost.failures == 1);
    CHECK(lost.collections == 2);
    auto const& snapshot = lost.latest->snapshot;
    CHECK(snapshot.cluster_name == "prod");
    REQUIRE(snapshot.queues);
    CHECK(snapshot.nodes[1].name == "r2@h2"); // nobody said so this time
    CHECK(snapshot.nodes[1].memory_used == 100U << 20U);
    CHECK(snapshot.nodes[1].state == health::NodeState::down);
    CHECK(ask("/nodes/r2@h2", lost, k_then + 15s).status == 503);
    auto const metrics = ask("/metrics", lost, k_then + 20s).body;
    CHECK_THAT(metrics, Contains("rmqha_snapshot_stale{cluster=\"prod\"} 1\n"));
    CHECK_THAT(metrics, Contains("rmqha_snapshot_age_seconds{cluster=\"prod\"} 20.000\n"));
    CHECK_THAT(metrics, Contains("rmqha_collections_failed_total{cluster=\"prod\"} 1\n"));

    // It stays so however often it is asked again, and is over with the first answer.
    auto const again = after(lost, failed_collection(health::Asked::Outcome::refused, k_then + 30s));
    CHECK(again.latest->snapshot.nodes[0].memory_used == 100U << 20U);
    auto const back = after(again, collection_of(test::healthy_snapshot(), k_then + 45s));
    CHECK_FALSE(back.stale());
    CHECK(back.failures == 2);
    CHECK(ask("/nodes/r2@h2", back, k_then + 45s).status == 200);
}

TEST_CASE("the figures of one node that is gone are not shown as if it were there")
{
    auto snapshot = test::healthy_snapshot();
    test::take_down(snapshot, 2);
    auto const what = after(collected(), collection_of(snapshot, k_then + 15s));
    CHECK_FALSE(what.stale());
    CHECK_FALSE(what.latest->snapshot.nodes[1].memory_used);
}

TEST_CASE("agent checks are answered from the node's score")
{
    auto snapshot = test::healthy_snapshot();
    CHECK(agent(collected(snapshot)) == "up 100%");
    CHECK(agent(collected(snapshot), k_then, "h2:5672") == "up 100%");
    CHECK(agent(collected(snapshot), k_then, "nobody") == "# no such node");
    snapshot.nodes[1].memory_alarm = true;
    CHECK(agent(collected(snapshot)) == "up 70%");
    snapshot.nodes[1].state = health::NodeState::draining;
    CHECK(agent(collected(snapshot)) == "drain");
    snapshot.nodes[1].state = health::NodeState::unreachable;
    snapshot.nodes[1].why = "connecting timed out";
    CHECK(agent(collected(snapshot)) == "down # no login: connecting timed out");
    snapshot.nodes[1].state = health::NodeState::silent;
    CHECK(agent(collected(snapshot)) == "down # silent: connecting timed out");
}

TEST_CASE("only after a maintenance is a server told to be ready again")
{
    auto snapshot = test::healthy_snapshot();
    snapshot.nodes[1].state = health::NodeState::draining;
    auto const drained = collected(snapshot);
    auto const back = after(drained, collection_of(test::healthy_snapshot(), k_then + 15s));
    CHECK(agent(back, k_then + 15s) == "up 100% ready");
    CHECK(agent(back, k_then + 15s, "r1@h1") == "up 100%");
    auto const later = after(back, collection_of(test::healthy_snapshot(), k_then + 11min));
    CHECK(agent(later, k_then + 11min) == "up 100%");
}

TEST_CASE("agent checks leave a server as it is when it is not known how the node is")
{
    using Outcome = health::Asked::Outcome;
    auto const healthy = collected();
    CHECK(agent(healthy, k_then + 46s) == "# not known: no collection has ended for 46 s");
    auto const after_failure = [&](Outcome outcome) {
        return after(healthy, failed_collection(outcome, k_then + 15s));
    };
    // The way from here may be what is broken.
    CHECK(agent(after_failure(Outcome::timed_out), k_then + 15s) == "# not known: no node can be reached from here");
    CHECK(agent(after_failure(Outcome::failed), k_then + 15s) == "# not known: no node can be reached from here");
    CHECK(ask("/nodes/r2@h2", after_failure(Outcome::timed_out), k_then + 15s).status == 503);
    // Somebody is there and refuses.
    CHECK_THAT(agent(after_failure(Outcome::refused), k_then + 15s), Catch::StartsWith("down # down: "));
    CHECK_THAT(agent(after_failure(Outcome::silent), k_then + 15s), Catch::StartsWith("down # "));
}

TEST_CASE("a token guards what tells of the cluster")
{
    auto const what = collected();
    serve::Terms const terms{.token = "s3cret", .patience = 45s};
    auto const status = [&](std::string const& path, std::string const& authorization) {
        return respond({.path = path, .authorization = authorization}, what, terms, {.now = k_then}).status;
    };
    for (std::string const path : {"/metrics", "/", "/nodes/r1@h1", "/nodes/unknown", "/unknown"}) {
        CAPTURE(path);
        for (std::string const wrong :
             {"", "Bearer", "Bearer ", "Bearer s3cre", "Bearer s3cret1", "Basic s3cret", "s3cret", "Bearer s3cret "}) {
            CAPTURE(wrong);
            CHECK(status(path, wrong) == 401);
        }
    }
    CHECK(status("/metrics", "Bearer s3cret") == 200);
    CHECK(status("/metrics", "bearer s3cret") == 200);
    CHECK(status("/unknown", "Bearer s3cret") == 404);
    CHECK(status("/healthz", "") == 200);
    CHECK(status("/readyz", "") == 200);
    auto const refusal = respond({.path = "/metrics"}, what, terms, {.now = k_then});
    CHECK(refusal.headers == std::vector<std::pair<std::string, std::string>>{{"WWW-Authenticate", "Bearer"}});
}

TEST_CASE("only known paths are served, and only for reading")
{
    auto const what = collected();
    CHECK(ask("/metric", what).status == 404);
    CHECK(ask("//metrics", what).status == 404);
    CHECK(ask("", what).status == 404);
    auto const post = respond({.method = "POST", .path = "/metrics"}, what, k_terms, {.now = k_then});
    CHECK(post.status == 405);
    CHECK(post.headers == std::vector<std::pair<std::string, std::string>>{{"Allow", "GET, HEAD"}});
    CHECK(respond({.method = "HEAD", .path = "/metrics"}, what, k_terms, {.now = k_then}).status == 200);
    CHECK_THAT(ask("/", what).body, Contains("/nodes/r3@h3\n"));
    CHECK(ask("/metrics", what).type == "text/plain; version=0.0.4; charset=utf-8");
    CHECK_THAT(ask("/metrics", what).body, Contains("rmqha_scrapes_total{cluster=\"prod\"} 7\n"));
}
