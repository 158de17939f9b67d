#pragma once

#include "health/findings.hpp"
#include "policy/pattern.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Queues as an operator asks for them: which are meant, in what order, and what is to be done about their replicas.
/// Pure.
namespace rmqha::queues {

/// A queue with what there is to say about it, the worst first.
struct Listed {
    health::Queue queue;
    std::vector<health::Finding> findings;

    bool has(std::string_view code) const;
    /// Messages may be lost, or are out of reach: any finding but about its depth or its consumers.
    bool at_risk() const;
};

/// All these queues, each with those of the findings that are about it.
std::vector<Listed> listed(std::vector<health::Queue> queues, std::vector<health::Finding> findings);
/// All queues of the snapshot, which gives them away; empty when nobody told any.
std::vector<Listed> listed(health::Snapshot&& snapshot, health::Rules const& rules);

/// What a queue must be to be meant; what is not given does not matter.
struct Filter {
    std::optional<std::string> vhost;
    std::optional<policy::Pattern> pattern; ///< of the name
    std::string type;                       ///< "classic", "quorum", "stream"
    std::string node;                       ///< its leader, a member or a mirror is there
    bool at_risk = false;
    bool under_replicated = false;
    bool unsynchronised = false;          ///< a mirror is not
    bool leaderless = false;              ///< nobody serves it
    std::optional<std::uint64_t> backlog; ///< so many messages or more
};
bool matches(Listed const& one, Filter const& filter);

enum class SortBy { name, type, leader, messages, consumers, risk };
/// Names rise, figures and risks fall; `reverse` the other way round. Equal ones by vhost and name.
void sort(std::vector<Listed>& list, SortBy by, bool reverse);

/// Copies that are of use, and all there are, the leader's own included. None at all of a stream means that the broker
/// does not tell (RabbitMQ up to 3.10 in a listing).
struct Copies {
    std::size_t online = 0; ///< on running nodes, and online or synchronised
    std::size_t all = 0;
};
Copies copies_of(health::Queue const& queue, std::set<std::string> const& running);

} // namespace rmqha::queues
