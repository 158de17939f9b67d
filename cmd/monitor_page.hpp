#pragma once

#include "health/score.hpp"
#include "output/console.hpp"

#include <string>
#include <vector>

namespace rmqha::cmd {

/// Everything `monitor status` has to tell; text and JSON are made of the same value.
struct Status {
    std::string context; ///< names the cluster when it has no name of its own; may be empty
    health::Snapshot snapshot;
    std::vector<health::Finding> findings;
    health::Score score;
    int score_min = 80; ///< cluster_health_min
};

struct PageOptions {
    int width = 80; ///< columns
    bool color = false;
    bool explain = false; ///< how the score came about, what was skipped, and who told what
};

/// One page for people: headline, nodes, queues at risk, findings with what to do next. Pure.
std::string status_page(Status const& status, PageOptions const& options);

/// The same as JSON text, schema_version 1, with all findings and all it takes to add up the score again; on one line
/// for ndjson. Pure.
std::string status_json(Status const& status, output::Format format);

} // namespace rmqha::cmd
