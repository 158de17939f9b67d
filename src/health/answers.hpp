#pragma once

#include "config/node.hpp"
#include "health/snapshot.hpp"
#include "management/answer.hpp"

#include <optional>
#include <string>
#include <vector>

namespace rmqha::health {

/// An AMQP login and what the server said of itself in it.
struct Login {
    Asked asked;
    std::string version;
    std::string cluster_name;
    std::optional<int> certificate_days_left{}; ///< see http::Response
    std::optional<EndToEnd> end_to_end{};       ///< see Node
};

/// Everything one configured node answered, each question on its own: any may be a Problem while others are fine.
struct NodeAnswers {
    config::Node node;
    Login login;
    base::Duration management_took{}; ///< until whoami was answered, or not
    base::Duration metrics_took{};
    std::optional<int> certificate_days_left{}; ///< of the management API's certificate
    management::Answer<management::Whoami> whoami;
    management::Answer<management::Overview> overview;
    management::Answer<std::vector<management::Node>> nodes;
    management::Answer<std::vector<management::Alarm>> alarms;
    management::Answer<std::vector<std::string>> stopped_vhosts;
    management::Answer<management::Listening> listening; ///< on the AMQP port it is configured with
    management::Answer<std::vector<management::Policy>> policies;
    /// Nothing when they were not asked for.
    std::optional<management::Answer<std::vector<management::Policy>>> operator_policies;
    management::Answer<management::Metrics> metrics;
    management::Answer<management::QueueDepths> depths;
    management::Answer<std::vector<management::FeatureFlag>> flags;
    std::optional<management::Answer<management::RaftLogs>> raft; ///< nothing when the user did not want to know
};

/// What was asked of one node for the whole cluster.
struct QueueAnswers {
    std::string asked; ///< address of the node asked last; empty when there was none to ask
    management::Answer<std::vector<management::Queue>> queues;
    /// Asked only when a running node's metrics did not tell the depths.
    std::optional<management::Answer<std::vector<management::Queue>>> statistics;
};

struct Answers {
    std::string user; ///< who asked: named in remedies
    std::vector<NodeAnswers> nodes;
    std::optional<QueueAnswers> queues; ///< nothing when the user did not want to know
};

/// Makes one picture of all answers: which address is which member, what state each node is in, whose figures to
/// believe, and what nobody told. Pure; leaves the times alone.
Snapshot assemble(Answers const& answers);

/// How a question that ended in `problem` went.
Asked asked_of(management::Problem const& problem);

} // namespace rmqha::health
