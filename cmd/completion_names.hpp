#pragma once

#include "cmd/command.hpp"

#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
} // namespace CLI

namespace rmqha::cmd {

/// What the cluster has that may stand as this option's value, or this argument's, of `command` ("policy.show"):
/// "queues", "vhosts", "policies", "operator-policies", "exchanges"; empty when it is none of that.
std::string kind_of_names(std::string const& command, CLI::Option const& option);

/// The cluster's names of that kind that begin with `prefix`, at most 200, as another process of rmqha finds them with
/// `flags` before its command: so nothing it says, asks or waits for is seen. Empty when the cluster has not answered
/// within a second, whatever the reason.
std::vector<std::string> live_names(Context& context, std::vector<std::string> const& flags, std::string const& kind,
                                    std::string const& prefix);

/// Adds the hidden command that is this other process.
void add_names_helper(CLI::App& app, Action& chosen);

} // namespace rmqha::cmd
