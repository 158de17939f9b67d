#pragma once

#include "support/brokers.hpp"

#include <nlohmann/json_fwd.hpp>

#include <functional>
#include <string>
#include <vector>

namespace rmqha::test {

/// The cluster under test, as `rmqha monitor status` shows it and as rmqha itself disturbs it.
class Monitored {
public:
    using Words = std::vector<std::string>;

    Monitored() = default;
    explicit Monitored(std::string const& name) : cluster(name) {} ///< another than that under test

    base::Finished status(Words const& options = {}) const;

    /// Asks for the status as JSON until it is as wanted; fails the test after 3 minutes, telling the last one.
    nlohmann::json json_until(std::function<bool(nlohmann::json const&)> const& wanted,
                              Words const& options = {}) const;

    LiveCluster cluster;
};

/// Whether a status, or views, have a finding of this code, severity ("CRITICAL") and, unless empty, object.
bool has(nlohmann::json const& status, std::string const& code, std::string const& severity,
         std::string const& object = {});

bool is_ok(nlohmann::json const& status);

} // namespace rmqha::test
