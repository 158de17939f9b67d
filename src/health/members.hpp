#pragma once

#include "health/answers.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace rmqha::health {

/// Erlang names of every member any node told of.
std::set<std::string> members_told(Answers const& answers);

/// The Erlang name of each configured node, in their order: as configured, as it said itself, else by the one member
/// with its host name, else, when one node and one member are left over, that one; else empty. Pure.
std::vector<std::string> names_of(Answers const& answers, std::set<std::string> const& members);

/// Calls each configured node that does not say its name as `names` does, by "host:port".
void recall_names(Answers& answers, std::map<std::string, std::string> const& names);

} // namespace rmqha::health
