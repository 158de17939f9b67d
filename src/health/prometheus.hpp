#pragma once

#include "health/report.hpp"

#include <string>

namespace rmqha::health {

/// The report in Prometheus' text format (version 0.0.4), fit for node_exporter's textfile collector: HELP and TYPE
/// once per family, no timestamps on samples, every sample labelled with the cluster, so that several files of several
/// clusters do not collide. Of queues only the ten longest have samples of their own. Pure.
std::string prometheus_text(Report const& report);

} // namespace rmqha::health
