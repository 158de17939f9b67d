#pragma once

#include "policy/plan.hpp"

#include <optional>
#include <string>
#include <vector>

namespace rmqha::policy {

/// A policy as a file wants it: in the vhost it names, or in every vhost that `vhosts` matches.
struct WantedPolicy {
    Policy policy;
    std::optional<std::string> vhosts{}; ///< a pattern, as those of policies
    std::string place{};                 ///< how messages call it: "policies.toml: policy 2"
};

/// What a file says.
struct DesiredState {
    std::vector<WantedPolicy> policies;
    std::vector<std::string> vhosts; ///< that it speaks for even if it has no policy for them
};

/// What a file wants of a cluster.
struct Desired {
    std::vector<Policy> policies;
    std::vector<std::string> vhosts; ///< that it speaks for, sorted: those of its policies and those it names
};

struct ReadOptions {
    std::string path;                ///< for messages; what ends in .toml is TOML
    std::string default_vhost = "/"; ///< for policies that name none
    bool allow_unknown = false;      ///< keys of plugins
};

/// Reads TOML or JSON of our own, or definitions as RabbitMQ exports them (of which only policies, operator policies
/// and vhosts count). Throws Error(data) naming path and place: not TOML or JSON, unknown or missing members, keys and
/// values no broker takes, patterns that cannot be.
DesiredState parse_desired(std::string const& text, ReadOptions const& options);

/// The policies for a cluster with these vhosts. Of two entries for one name the one that names its vhost counts, not
/// the one that comes by a pattern. Throws Error(data): a vhost there is not, two entries alike.
Desired expanded(DesiredState const& state, std::vector<std::string> const& vhosts);

/// The changes that bring a cluster with the policies `actual` there. What is not in the file stays, unless `prune`
/// and its vhost is one the file speaks for.
std::vector<Change> changes_to(Desired const& desired, std::vector<Policy> const& actual, bool prune);

/// The policies that prune would remove.
std::vector<Policy> not_in_file(Desired const& desired, std::vector<Policy> const& actual);

} // namespace rmqha::policy
