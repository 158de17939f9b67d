#include "health/members.hpp"

#include <algorithm>

namespace rmqha::health {
namespace {

std::string own_name(NodeAnswers const& answers)
{
    if (!answers.node.name.empty()) {
        return answers.node.name;
    }
    if (auto const* overview = value_of(answers.overview); overview != nullptr && !overview->node.empty()) {
        return overview->node;
    }
    auto const* metrics = value_of(answers.metrics);
    return metrics != nullptr ? metrics->node : std::string();
}

bool on_host(std::string const& member, std::string const& host)
{
    std::string const name = member.substr(std::min(member.find('@'), member.size() - 1) + 1);
    return name == host || name == host.substr(0, host.find('.'));
}

} // namespace

std::set<std::string> members_told(Answers const& answers)
{
    std::set<std::string> members;
    for (NodeAnswers const& node : answers.nodes) {
        if (auto const* nodes = value_of(node.nodes)) {
            for (auto const& member : *nodes) {
                members.insert(member.name);
            }
        }
        if (auto const* metrics = value_of(node.metrics)) {
            members.insert(metrics->node);
            members.insert(metrics->connected.begin(), metrics->connected.end());
        }
        members.insert(own_name(node));
    }
    members.erase("");
    return members;
}

std::vector<std::string> names_of(Answers const& answers, std::set<std::string> const& members)
{
    std::vector<std::string> names;
    std::set<std::string> left = members;
    for (NodeAnswers const& node : answers.nodes) {
        names.push_back(own_name(node));
        left.erase(names.back());
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i].empty()) {
            auto const fits = [&](std::string const& member) { return on_host(member, answers.nodes[i].node.host); };
            if (std::count_if(left.begin(), left.end(), fits) == 1) {
                names[i] = *std::find_if(left.begin(), left.end(), fits);
                left.erase(names[i]);
            }
        }
    }
    if (left.size() == 1 && std::count(names.begin(), names.end(), "") == 1) {
        *std::find(names.begin(), names.end(), "") = *left.begin();
    }
    return names;
}

void recall_names(Answers& answers, std::map<std::string, std::string> const& names)
{
    for (NodeAnswers& node : answers.nodes) {
        if (auto const known = names.find(config::label(node.node)); known != names.end() && own_name(node).empty()) {
            node.node.name = known->second;
        }
    }
}

} // namespace rmqha::health
