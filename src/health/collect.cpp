#include "health/collect.hpp"

#include "amqp/failure.hpp"
#include "base/stop.hpp"
#include "health/end_to_end.hpp"

#include <algorithm>
#include <future>

namespace rmqha::health {
namespace {

using management::get;
using management::get_metrics;
namespace path = management::path;

/// What every node is asked, in the order the answers are read below.
std::vector<http::Request> node_requests(config::Node const& node, CollectOptions const& options)
{
    auto const& access = options.access;
    std::vector<http::Request> requests{
        get(node, access, path::k_whoami),
        get(node, access, path::k_overview),
        get(node, access, path::k_nodes),
        get(node, access, path::k_alarms),
        get(node, access, path::k_stopped_vhosts),
        get(node, access, path::k_port_listener + std::to_string(node.port)),
        get(node, access, path::k_policies),
        get(node, access, path::k_feature_flags),
        get_metrics(node, access, path::k_metrics),
    };
    if (options.queues) {
        requests.push_back(get_metrics(node, access, path::k_queue_depths));
    }
    if (options.replica_lag) {
        requests.push_back(get_metrics(node, access, path::k_raft_indexes));
    }
    if (options.operator_policies) {
        requests.push_back(get(node, access, path::k_operator_policies));
    }
    return requests;
}

base::Duration took(http::Result const& result)
{
    return std::visit([](auto const& end) { return end.took; }, result);
}

void read_node_results(NodeAnswers& node, std::vector<http::Result>::const_iterator result,
                       CollectOptions const& options)
{
    node.management_took = took(*result);
    if (auto const* response = std::get_if<http::Response>(&*result)) {
        node.certificate_days_left = response->certificate_days_left;
    }
    node.whoami = management::read_whoami(*result++);
    node.overview = management::read_overview(*result++);
    node.nodes = management::read_nodes(*result++);
    node.alarms = management::read_alarms(*result++);
    node.stopped_vhosts = management::read_stopped_vhosts(*result++);
    node.listening = management::read_listening(*result++);
    node.policies = management::read_policies(*result++);
    node.flags = management::read_feature_flags(*result++);
    node.metrics_took = took(*result);
    node.metrics = management::read_metrics(*result++);
    if (options.queues) {
        node.depths = management::read_queue_depths(*result++);
    }
    if (options.replica_lag) {
        node.raft = management::read_raft_logs(*result++);
    }
    if (options.operator_policies) {
        node.operator_policies = management::read_policies(*result++, management::PolicyKind::operator_policy);
    }
}

/// Nodes worth asking for the queues: they answered over HTTP, those that also take AMQP logins first.
std::vector<NodeAnswers const*> candidates(Answers const& answers)
{
    std::vector<NodeAnswers const*> list;
    for (NodeAnswers const& node : answers.nodes) {
        if (value_of(node.whoami) != nullptr) {
            list.push_back(&node);
        }
    }
    std::stable_partition(list.begin(), list.end(),
                          [](NodeAnswers const* node) { return node->login.asked.answered(); });
    return list;
}

QueueAnswers ask_queues(Answers const& answers, CollectOptions const& options, http::Transport& transport,
                        base::Stop const& stop)
{
    QueueAnswers result;
    result.queues = management::Problem{management::Problem::Kind::unreachable, "no node's management API answers"};
    // What a denied user may not ask any node says as well as another.
    for (NodeAnswers const& node : answers.nodes) {
        auto const* problem = problem_of(node.whoami);
        if (problem != nullptr && (problem->kind == management::Problem::Kind::permission ||
                                   problem->kind == management::Problem::Kind::credentials)) {
            result.queues = *problem;
        }
    }
    // Metrics are the cheap way to depths, and the only one that works while a peer hangs.
    bool const statistics = std::any_of(answers.nodes.begin(), answers.nodes.end(), [](NodeAnswers const& node) {
        return value_of(node.whoami) != nullptr && value_of(node.depths) == nullptr;
    });
    for (NodeAnswers const* node : candidates(answers)) {
        if (std::chrono::steady_clock::now() >= options.deadline) {
            break;
        }
        std::vector<http::Request> requests{get(node->node, options.access, path::k_queues)};
        if (statistics) {
            requests.push_back(get(node->node, options.access, path::k_queue_statistics));
        }
        auto const results = transport.perform(requests, options.deadline, stop);
        result.asked = config::label(node->node);
        result.queues = management::read_queues(results.front());
        if (statistics) {
            result.statistics = management::read_queues(results.back());
        }
        if (value_of(result.queues) != nullptr) {
            break;
        }
    }
    return result;
}

Asked asked_of_failure(amqp::Failure const& failure, amqp::Timings const& timings)
{
    Asked asked;
    asked.reason = failure.what();
    switch (failure.kind()) {
    case amqp::FailureKind::timed_out:
        asked.outcome = timings.tcp ? Asked::Outcome::silent : Asked::Outcome::timed_out;
        break;
    case amqp::FailureKind::denied:
        asked.outcome = Asked::Outcome::denied;
        break;
    case amqp::FailureKind::refused:
    case amqp::FailureKind::lost:
        asked.outcome = Asked::Outcome::refused;
        break;
    default:
        asked.outcome = Asked::Outcome::failed;
    }
    return asked;
}

} // namespace

LogIn amqp_login(LogInOptions const& options, base::Stop const& stop)
{
    return [options, &stop](config::Node const& node, base::TimePoint deadline) {
        auto const start = std::chrono::steady_clock::now();
        Login login;
        amqp::Timings timings;
        try {
            auto const connection =
                amqp::Connection::open({node.host, node.port, options.tls}, options.open, deadline, stop, &timings);
            login.asked.outcome = Asked::Outcome::answered;
            login.version = connection->server().version;
            login.cluster_name = connection->server().cluster_name;
            login.certificate_days_left = connection->server().certificate_days_left;
            login.asked.took = std::chrono::steady_clock::now() - start;
            if (options.end_to_end) {
                login.end_to_end = run_end_to_end(*connection, deadline);
            }
            connection->close(deadline);
        } catch (amqp::Failure const& failure) {
            login.asked = asked_of_failure(failure, timings);
            login.asked.took = std::chrono::steady_clock::now() - start;
            if (options.end_to_end) {
                login.end_to_end = EndToEnd{login.asked};
            }
        }
        return login;
    };
}

Answers collect(CollectOptions const& options, http::Transport& transport, base::Stop const& stop)
{
    auto const now = std::chrono::steady_clock::now();
    auto const half = std::max(now, now + (options.deadline - now) / 2);

    Answers answers;
    answers.user = options.access.credentials.user;
    std::vector<std::future<Login>> logins;
    std::vector<http::Request> requests;
    for (config::Node const& node : options.nodes) {
        logins.push_back(std::async(std::launch::async, options.log_in, std::cref(node), half));
        auto more = node_requests(node, options);
        std::move(more.begin(), more.end(), std::back_inserter(requests));
    }
    auto const results = transport.perform(requests, half, stop);
    auto const each = options.nodes.empty() ? 0 : results.size() / options.nodes.size();
    for (std::size_t i = 0; i < options.nodes.size(); ++i) {
        NodeAnswers& node = answers.nodes.emplace_back();
        node.node = options.nodes[i];
        read_node_results(node, results.begin() + static_cast<std::ptrdiff_t>(i * each), options);
        node.login = logins[i].get();
    }
    if (options.queues) {
        answers.queues = ask_queues(answers, options, transport, stop);
    }
    return answers;
}

} // namespace rmqha::health
