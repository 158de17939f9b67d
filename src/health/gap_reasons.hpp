#pragma once

#include "health/answers.hpp"

#include <fmt/format.h>

#include <map>
#include <string>
#include <tuple>
#include <vector>

/// What gaps are made of; for those who look for them.
namespace rmqha::health {

/// What to do about a question that ended in `problem`; empty when nothing helps, or it is null.
std::string remedy_for(management::Problem const* problem, Answers const& answers);
template <typename Value>
std::string remedy_for(management::Answer<Value> const& answer, Answers const& answers)
{
    return remedy_for(problem_of(answer), answers);
}

/// Why an answer does not tell what was hoped for.
template <typename Value>
std::string reason_of(management::Answer<Value> const& answer)
{
    auto const* problem = problem_of(answer);
    return problem != nullptr ? problem->reason : std::string("no figures in its answer");
}

/// Gathers the nodes that share a gap, so that three nodes without a permission make one line.
class NodeGaps {
public:
    void add(char const* code, std::string const& reason, std::string const& remedy, Node const& node)
    {
        m_nodes[{code, reason, remedy}].push_back(node.label());
    }

    void move_to(std::vector<Gap>& gaps)
    {
        for (auto const& [key, nodes] : m_nodes) {
            auto const& [code, reason, remedy] = key;
            gaps.push_back({code, fmt::format("{}", fmt::join(nodes, ", ")), reason, remedy});
        }
    }

private:
    std::map<std::tuple<std::string, std::string, std::string>, std::vector<std::string>> m_nodes;
};

/// What of the queues nobody told. Appends.
void add_queue_gaps(Snapshot const& snapshot, Answers const& answers, std::vector<Gap>& gaps);

} // namespace rmqha::health
