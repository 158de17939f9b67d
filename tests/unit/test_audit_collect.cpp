#include "audit/collect.hpp"

#include "base/stop.hpp"
#include "support/audit_samples.hpp"
#include "support/catch.hpp"
#include "support/fake_transport.hpp"
#include "support/recorded.hpp"

using namespace rmqha;
using namespace std::chrono_literals;
namespace path = management::path;

namespace {

health::CollectOptions options()
{
    health::CollectOptions options;
    for (auto const* const host : {"a", "b"}) {
        config::Node node;
        node.host = host;
        node.port = 5672;
        node.management_port = 15672;
        node.prometheus_port = 15692;
        options.nodes.push_back(node);
    }
    options.access.credentials = {.user = "ops", .password = "secret"};
    options.deadline = std::chrono::steady_clock::now() + 10s;
    options.log_in = [](config::Node const&, base::TimePoint) {
        return health::Login{test::answered_in(2ms), "4.0.5", {}};
    };
    return options;
}

/// A cluster that answers everything to a user with these tags.
void answer_all(test::FakeTransport& transport, std::string const& tags)
{
    transport.answer(path::k_whoami, 200, R"({"name":"ops","tags":[)" + tags + "]}");
    transport.answer(path::k_nodes, 200, R"([{"name":"r1@a","running":true},{"name":"r2@b","running":false}])");
    transport.answer(path::k_alarms, 200, R"({"status":"ok"})");
    transport.answer(path::k_queues, 200,
                     R"([{"vhost":"/","name":"q","type":"quorum","arguments":{"x-max-length":5}}])");
    transport.answer(path::k_policies, 200,
                     R"([{"vhost":"/","name":"p","pattern":"x","definition":{"max-length":1}}])");
    transport.answer(path::k_operator_policies, 200, R"([{"vhost":"/","name":"o","pattern":"x","definition":{}}])");
    transport.answer(path::k_feature_flags, 200, R"([{"name":"khepri_db","state":"disabled"}])");
    transport.answer(path::k_listeners, 200,
                     R"({"listeners":[{"node":"r1@a","protocol":"http","port":15672,"ip_address":"::"}]})");
    transport.answer(path::k_web_contexts, 200, R"([{"name":"r1@a","contexts":[{"ip":"127.0.0.1","port":"15672"}]}])");
    transport.answer(path::k_users, 200, R"([{"name":"ops"}])");
    transport.answer(path::k_connections, 200, R"([{"name":"c"}])");
    transport.answer(path::k_consumers, 200, "[]");
    transport.answer(path::k_channels, 200, "[]");
    transport.answer(path::k_vhosts, 200, R"([{"name":"/"},{"name":"v w"}])");
    transport.answer("/api/policies/%2F", 200, "[]");
    transport.answer("/api/policies/v%20w", 401,
                     R"({"error":"not_authorised","reason":"User not authorised to access virtual host"})");
}

} // namespace

TEST_CASE("an administrator is told everything, and no vhost is hidden from it")
{
    test::FakeTransport transport;
    answer_all(transport, R"("administrator")");
    base::Stop const stop;
    auto const facts = audit::collect(options(), transport, stop);
    CHECK(facts.user == "ops");
    CHECK(facts.version == "4.0.5");
    CHECK(*value_of(facts.members) == 2);
    CHECK(value_of(facts.queues)->front().arguments.at("x-max-length") == "5");
    CHECK(value_of(facts.policies)->size() == 2);
    CHECK(value_of(facts.policies)->back().kind == management::PolicyKind::operator_policy);
    CHECK(*value_of(facts.mirroring)); // 404 of /api/deprecated-features: a broker before 3.13
    CHECK_FALSE(*value_of(facts.khepri));
    transport.answer(path::k_feature_flags, 200, R"([{"name":"khepri_db","state":"enabled"}])");
    CHECK(*value_of(audit::collect(options(), transport, stop).khepri));
    CHECK(value_of(facts.listeners)->front().address == "127.0.0.1");
    CHECK(value_of(facts.users)->size() == 1);
    CHECK(value_of(facts.connections)->size() == 1);
    CHECK(value_of(facts.hidden_vhosts)->empty());
    CHECK(facts.snapshot.queues->size() == 1);
}

TEST_CASE("of a user with the tag monitoring, vhosts without permission are hidden")
{
    test::FakeTransport transport;
    answer_all(transport, R"("monitoring")");
    base::Stop const stop;
    auto const facts = audit::collect(options(), transport, stop);
    CHECK(*value_of(facts.hidden_vhosts) == std::set<std::string>{"v w"});
    CHECK(value_of(facts.connections) != nullptr);
}

TEST_CASE("of a user without either tag, what clients do is not known, though the broker lists some")
{
    test::FakeTransport transport;
    answer_all(transport, R"("management")");
    base::Stop const stop;
    auto const facts = audit::collect(options(), transport, stop);
    CHECK(problem_of(facts.hidden_vhosts)->kind == management::Problem::Kind::permission);
    CHECK(problem_of(facts.connections)->kind == management::Problem::Kind::permission);
    CHECK(problem_of(facts.consumers) != nullptr);
    CHECK(problem_of(facts.channels) != nullptr);
}

TEST_CASE("what one node leaves without an answer another is asked")
{
    test::FakeTransport transport;
    answer_all(transport, R"("administrator")");
    transport.fault("http://a:15672" + std::string(path::k_users), http::FaultKind::timed_out, "no answer within 2.0s");
    base::Stop const stop;
    auto const facts = audit::collect(options(), transport, stop);
    CHECK(value_of(facts.users) != nullptr);
    transport.fault("http://b:15672" + std::string(path::k_users), http::FaultKind::timed_out, "no answer within 2.0s");
    CHECK(problem_of(audit::collect(options(), transport, stop).users)->kind == management::Problem::Kind::silent);
}

TEST_CASE("when no node answers everything is a problem")
{
    test::FakeTransport transport;
    for (auto const* const question : {path::k_whoami, path::k_nodes}) {
        transport.fault(question, http::FaultKind::refused, "refused");
    }
    base::Stop const stop;
    auto const facts = audit::collect(options(), transport, stop);
    for (auto const& finding : audit::findings_of(facts, audit::rules())) {
        CHECK(finding.severity <= audit::Severity::unknown);
    }
    CHECK(problem_of(facts.members) != nullptr);
    CHECK(problem_of(facts.khepri) != nullptr);
    CHECK(problem_of(facts.users) != nullptr);
    CHECK(problem_of(facts.hidden_vhosts) != nullptr);
}
