#pragma once

#include "audit/environment.hpp"

#include "health/snapshot.hpp"
#include "management/users.hpp"

#include <chrono>
#include <set>
#include <string>
#include <vector>

namespace rmqha::audit {

using management::Answer;

/// Everything the rules judge by. What could not be asked is a Problem, and so is each rule's word on it.
struct Facts {
    std::chrono::system_clock::time_point now{};
    std::string user; ///< who asked: named in remedies
    health::Snapshot snapshot;
    std::string version;         ///< of a node that told; empty when none did
    Answer<std::size_t> members; ///< nodes of the cluster, running or not

    Answer<std::vector<management::PolicyQueue>> queues;
    Answer<std::vector<management::Policy>> policies; ///< of both kinds
    Answer<bool> mirroring;                           ///< whether classic queues can be mirrored
    Answer<bool> khepri;                              ///< whether definitions are kept there
    Answer<std::vector<management::Listener>> listeners;
    Answer<std::vector<management::User>> users;
    Answer<std::vector<management::ClientConnection>> connections;
    Answer<std::vector<management::Consumer>> consumers;
    Answer<std::vector<management::ChannelPrefetch>> channels;
    Answer<std::set<std::string>> hidden_vhosts; ///< whose queues and policies this user may not see

    std::vector<Environment> environments;
    std::uint64_t deep = 1000; ///< messages from which on a queue is deep: queue_backlog_max
};

} // namespace rmqha::audit
