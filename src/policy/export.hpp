#pragma once

#include "policy/effective.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace rmqha::policy {

/// The policies of these vhosts as parse_desired() reads them back, sorted by vhost, kind and name: the same policies
/// always give the same text.
struct Exported {
    std::vector<Policy> policies;
    std::vector<std::string> vhosts; ///< the file speaks for them, with or without policies
};

std::string to_toml(Exported exported);
/// As RabbitMQ imports definitions: operator policies are parameters there.
nlohmann::ordered_json to_definitions(Exported exported);

/// A whole number as one, others with their fraction.
nlohmann::ordered_json number_json(double number);

} // namespace rmqha::policy
