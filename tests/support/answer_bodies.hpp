#pragma once

#include "health/checks.hpp"

#include <array>
#include <string>

namespace rmqha::test {

/// What a node says to each question, as bytes.
struct AnswerBodies {
    std::string whoami, overview, nodes, alarms = R"({"status":"ok"})", vhosts = R"({"status":"ok"})",
                                         listener = R"({"status":"ok","port":5672})", policies, metrics, depths, queues;
    int alarms_status = 200;
};

inline constexpr std::array k_answer_bodies{&AnswerBodies::whoami,   &AnswerBodies::overview, &AnswerBodies::nodes,
                                            &AnswerBodies::alarms,   &AnswerBodies::vhosts,   &AnswerBodies::listener,
                                            &AnswerBodies::policies, &AnswerBodies::metrics,  &AnswerBodies::depths,
                                            &AnswerBodies::queues};

/// What was recorded of a healthy cluster: "3.10", "4.0".
AnswerBodies recorded_bodies(std::string const& version);

/// The verdict of `monitor check` on a cluster of which one node is configured and answers so; it takes logins. Every
/// form of the answer is made on the way.
health::Severity verdict_on(AnswerBodies const& bodies);

/// Whether this one is of no use when it is not JSON, so that a cluster cannot be called OK.
bool must_be_json(std::string AnswerBodies::*body);

} // namespace rmqha::test
