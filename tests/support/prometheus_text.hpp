#pragma once

#include <map>
#include <string>
#include <vector>

namespace rmqha::test {

/// What Prometheus would read from a text; `complaints` is what it would refuse, or promtool would find fault with.
struct PrometheusText {
    std::map<std::string, double> samples; ///< by series as written: name{label="value"}
    std::vector<std::string> complaints;
};

/// A strict reader of Prometheus' text format 0.0.4: HELP and TYPE once per family and before its samples, families in
/// one piece, names and escapes as the format has them, no series twice, no timestamps, valid UTF-8, a final line end.
PrometheusText read_prometheus(std::string const& text);

} // namespace rmqha::test
