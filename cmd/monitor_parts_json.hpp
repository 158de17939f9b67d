#pragma once

#include "health/score.hpp"

#include <nlohmann/json_fwd.hpp>

namespace rmqha::cmd {

// What the JSON of several monitor commands has in common. All pure.

nlohmann::ordered_json finding_json(health::Finding const& finding);

nlohmann::ordered_json queue_json(health::Queue const& queue);

/// The score and all it takes to add it up again.
nlohmann::ordered_json score_json(health::Score const& score, int score_min);

} // namespace rmqha::cmd
