#pragma once

#include "health/report.hpp"

#include <string>

namespace rmqha::health {

struct PrometheusOptions {
    std::size_t top_queues = 10; ///< so many of the longest queues have samples of their own
    bool reached = true;         ///< false: nobody was this time, and the snapshot's figures are older
};

/// The report in Prometheus' text format (version 0.0.4), fit for node_exporter's textfile collector too; see
/// Exposition. However many queues there are, the number of samples is bounded. Pure.
std::string prometheus_text(Report const& report, PrometheusOptions const& options = {});

} // namespace rmqha::health
