#include "queues/members.hpp"

#include <algorithm>

namespace rmqha::queues {

namespace {

bool contains(std::vector<std::string> const& list, std::string const& one)
{
    return std::ranges::find(list, one) != list.end();
}

void add_raft(std::vector<Copy>& copies, std::vector<management::RaftMember> const& raft)
{
    std::optional<std::uint64_t> committed;
    for (auto const& member : raft) {
        if (member.state == "leader") {
            committed = member.commit_index;
        }
    }
    for (auto& copy : copies) {
        auto const found = std::ranges::find(raft, copy.node, &management::RaftMember::node);
        if (found == raft.end()) {
            continue;
        }
        copy.raft = found->membership.empty() || found->membership == "voter" ? found->state
                                                                              : found->state + ", " + found->membership;
        if (committed && found->last_applied) { // each is asked on its own: a follower may be ahead by then
            copy.lag = *committed - std::min(*committed, *found->last_applied);
        }
    }
}

} // namespace

std::vector<Copy> copies(health::Queue const& queue, std::set<std::string> const& running,
                         std::vector<management::RaftMember> const& raft)
{
    bool const has_members = !queue.members.empty();
    std::vector<std::string> nodes = has_members ? queue.members : queue.mirrors.value_or(std::vector<std::string>{});
    if (!queue.leader.empty() && !contains(nodes, queue.leader)) {
        nodes.push_back(queue.leader);
    }
    std::ranges::sort(nodes, [&](std::string const& a, std::string const& b) {
        return std::pair(a != queue.leader, std::string_view(a)) < std::pair(b != queue.leader, std::string_view(b));
    });
    std::vector<Copy> result;
    for (auto const& node : nodes) {
        Copy copy{.node = node, .role = {}, .state = {}, .raft = {}, .lag = {}};
        bool const leads = node == queue.leader;
        copy.role = leads && nodes.size() == 1 && !has_members ? "only copy"
                    : leads                                    ? "leader"
                    : has_members                              ? "member"
                                                               : "mirror";
        if (!running.contains(node)) {
            copy.state = "node down";
        } else if (has_members) {
            copy.state = queue.online.empty() || contains(queue.online, node) ? "online" : "offline";
        } else {
            copy.state = leads                                        ? "online"
                         : contains(queue.synchronised_mirrors, node) ? "synchronised"
                                                                      : "unsynchronised";
        }
        result.push_back(std::move(copy));
    }
    add_raft(result, raft);
    return result;
}

} // namespace rmqha::queues
