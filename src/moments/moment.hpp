#pragma once

#include "health/findings.hpp"
#include "health/score.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

/// A cluster at moments that are over, kept as lines of a file, and what changed between two of them.
namespace rmqha::moments {

struct Node {
    std::string name;  ///< its Erlang name, else its address
    std::string state; ///< "running", "draining", "unreachable", "silent", "down"
    std::string version;
    std::optional<bool> memory_alarm;
    std::optional<bool> disk_alarm;
};

struct Queue {
    std::string vhost;
    std::string name;
    std::string type;
    std::string leader;               ///< empty when not told
    std::vector<std::string> members; ///< sorted; of mirrored queues the leader and its mirrors
};

struct Finding {
    std::string code;
    std::string severity; ///< "CRITICAL", "WARNING", "UNKNOWN"
    std::string object;
    std::string evidence;
};

/// What of a snapshot is worth keeping.
struct Moment {
    std::chrono::system_clock::time_point time{};
    std::string cluster;
    std::string context;
    std::string state; ///< "OK", "WARNING", "CRITICAL", ...
    int score = 0;
    std::vector<Node> nodes;
    std::optional<std::vector<Queue>> queues;                ///< nothing when nobody told, or not kept
    std::optional<std::vector<management::Policy>> policies; ///< of both kinds; nothing as above
    std::vector<Finding> findings;                           ///< but those that were skipped
};

/// Pure.
Moment moment_of(health::Snapshot const& snapshot, std::vector<health::Finding> const& findings,
                 health::Score const& score);

/// One line of JSON, schema_version 1, with its line end. Node names stand in it once, queues refer to them by place.
std::string to_line(Moment const& moment);

/// Reads that, or what `monitor status --format json` prints, which has no queues and no policies to compare. Nothing
/// when it is neither, or damaged. Throws nothing.
std::optional<Moment> parse_moment(std::string const& text);

} // namespace rmqha::moments
