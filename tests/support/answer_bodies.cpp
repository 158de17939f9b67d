#include "support/answer_bodies.hpp"

#include "health/nagios.hpp"
#include "health/prometheus.hpp"
#include "support/health_samples.hpp"
#include "support/recorded.hpp"

#include <algorithm>
#include <stdexcept>

namespace rmqha::test {

AnswerBodies recorded_bodies(std::string const& version)
{
    auto const file = [&](char const* name) { return recorded(version + "/" + name); };
    AnswerBodies bodies;
    bodies.whoami = file("whoami.json");
    bodies.overview = file("overview.json");
    bodies.nodes = file("nodes.json");
    bodies.policies = file("policies.json");
    bodies.metrics = file("metrics.txt");
    bodies.depths = file("queue-depths.txt");
    bodies.queues = file("queues.json");
    return bodies;
}

health::Severity verdict_on(AnswerBodies const& bodies)
{
    health::NodeAnswers node;
    node.node.host = "127.0.0.1";
    node.node.port = 5672;
    node.login.asked = answered_in(base::milliseconds(2));
    node.whoami = management::read_whoami(answered(bodies.whoami));
    node.overview = management::read_overview(answered(bodies.overview));
    node.nodes = management::read_nodes(answered(bodies.nodes));
    node.alarms = management::read_alarms(answered(bodies.alarms, bodies.alarms_status));
    node.stopped_vhosts = management::read_stopped_vhosts(answered(bodies.vhosts));
    node.listening = management::read_listening(answered(bodies.listener));
    node.policies = management::read_policies(answered(bodies.policies));
    node.metrics = management::read_metrics(answered(bodies.metrics));
    node.depths = management::read_queue_depths(answered(bodies.depths));
    health::Answers answers;
    answers.user = "ops";
    answers.nodes.push_back(std::move(node));
    answers.queues = health::QueueAnswers{"127.0.0.1:15672", management::read_queues(answered(bodies.queues)), {}};

    health::Report report;
    report.checks = health::chosen_checks({});
    auto snapshot = health::assemble(answers);
    auto const all = health::findings_of(snapshot, report.rules);
    auto const score = health::score_of(snapshot, all);
    report.findings = health::findings_for(report.checks, snapshot, score, all, 80);
    // The recorded 3.10 has a queue that nobody consumes; the rest of it is well.
    std::erase_if(report.findings, [](auto const& finding) { return finding.code == "QUEUE-NO-CONSUMER"; });
    report.score = score;
    report.snapshot = std::move(snapshot);
    if (health::nagios_text(report).find('\n') == std::string::npos || health::prometheus_text(report).empty()) {
        throw std::logic_error("an answer without text");
    }
    return report.state();
}

bool must_be_json(std::string AnswerBodies::*body)
{
    return body == &AnswerBodies::nodes || body == &AnswerBodies::queues || body == &AnswerBodies::policies;
}

} // namespace rmqha::test
