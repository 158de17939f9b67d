#include "health/gap_reasons.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rmqha::health {
namespace {

using management::Problem;

/// The command that gives `user` the tag and keeps those it has: set_user_tags replaces them all.
std::string tag_remedy(Answers const& answers)
{
    std::vector<std::string> tags;
    for (NodeAnswers const& node : answers.nodes) {
        if (auto const* who = value_of(node.whoami)) {
            tags = who->tags;
            break;
        }
    }
    tags.emplace_back("monitoring");
    return fmt::format("rabbitmqctl set_user_tags {} {}", answers.user, fmt::join(tags, " "));
}

bool somebody_hangs(Answers const& answers)
{
    return std::any_of(answers.nodes.begin(), answers.nodes.end(),
                       [](NodeAnswers const& node) { return node.login.asked.outcome == Asked::Outcome::silent; });
}

} // namespace

std::string remedy_for(Problem const* problem, Answers const& answers)
{
    if (problem == nullptr) {
        return {};
    }
    switch (problem->kind) {
    case Problem::Kind::permission:
        return tag_remedy(answers);
    case Problem::Kind::credentials:
        return "give the user and password of an account with the tag monitoring";
    case Problem::Kind::unreachable:
        return "rabbitmq-plugins enable rabbitmq_management rabbitmq_prometheus; or give management=PORT with --node";
    case Problem::Kind::silent:
        return somebody_hangs(answers)
                   ? "bring back the silent node first: while it hangs, the others keep this waiting"
                   : "give it more time with --deadline";
    default:
        return {};
    }
}

} // namespace rmqha::health
