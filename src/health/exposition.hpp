#pragma once

#include "base/clock.hpp"

#include <fmt/format.h>

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rmqha::health {

/// Puts metrics together in Prometheus' text format (version 0.0.4), one family after the other: HELP and TYPE once and
/// only for a family that has samples, no timestamps. Every name begins with rmqha_, every sample is labelled with the
/// cluster, so that texts of several clusters do not collide.
class Exposition {
public:
    using Labels = std::vector<std::pair<std::string, std::string>>;

    explicit Exposition(std::string cluster) : m_cluster(std::move(cluster)) {}

    /// Begins the family `name` (without rmqha_): "gauge" or "counter".
    void family(std::string_view name, std::string_view type, std::string_view help);

    /// A sample of the family begun last. A second one of the same labels is left out: Prometheus takes no series
    /// twice, and one of two addresses of one node is as good as the other.
    template <typename Number>
    void sample(Number value, Labels const& labels = {})
    {
        add(fmt::format("{}", value), labels);
    }

    template <typename Number>
    void maybe(std::optional<Number> const& value, Labels const& labels)
    {
        if (value) {
            sample(*value, labels);
        }
    }

    std::string take() { return std::move(m_text); }

private:
    void add(std::string const& value, Labels const& labels);

    std::string m_cluster;
    std::string m_name;
    std::string m_head;             ///< not yet written
    std::set<std::string> m_series; ///< labels of the family so far
    std::string m_text;
};

/// As metrics have them.
double in_seconds(base::Duration duration);

} // namespace rmqha::health
