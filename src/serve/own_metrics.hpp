#pragma once

#include "serve/answers.hpp"

#include <string>

namespace rmqha::serve {

/// What an exporter tells of itself and of how old its figures are, as Prometheus reads it. Made anew for each scrape,
/// as the age is; the cluster's own metrics are made once per collection. Pure.
std::string own_metrics(Collected const& collected, std::string const& cluster, Moment const& moment);

} // namespace rmqha::serve
