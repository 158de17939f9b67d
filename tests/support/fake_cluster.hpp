#pragma once

#include "base/stop.hpp"
#include "cluster/connector.hpp"
#include "support/fake_channel.hpp"
#include "support/manual_clock.hpp"
#include "support/temporary_folder.hpp"

#include <memory>
#include <string>
#include <vector>

namespace rmqha::test {

/// Nodes n1, n2, ... that all lead to one FakeBroker, and a Connector to them. Its pauses take no real time.
class FakeCluster {
public:
    explicit FakeCluster(int nodes = 2);

    std::shared_ptr<FakeBroker> broker = std::make_shared<FakeBroker>();
    /// Called before a connection is made; a failure refuses it.
    std::function<std::optional<amqp::Failure>(config::Node const&)> on_dial;
    base::Stop stop;
    ManualClock clock;
    std::vector<std::string> dialled; ///< hosts, in order

    cluster::Connector& connector() { return *m_connector; }

private:
    TemporaryFolder m_folder;
    std::unique_ptr<cluster::Connector> m_connector;
};

inline FakeCluster::FakeCluster(int nodes)
{
    config::Settings settings;
    settings.strategy = config::Strategy::in_order;
    for (int i = 1; i <= nodes; ++i) {
        settings.nodes.push_back({.host = "n" + std::to_string(i), .port = 5672});
    }
    auto const dial = [this](config::Node const& node, base::TimePoint, base::Stop const& stop_seen) {
        cluster::Attempt attempt{.node = node};
        dialled.push_back(node.host);
        attempt.failure = on_dial ? on_dial(node) : std::nullopt;
        if (!attempt.failure) {
            attempt.channel = std::make_unique<FakeChannel>(broker, stop_seen);
        }
        return attempt;
    };
    m_connector = std::make_unique<cluster::Connector>(
        settings, cluster::Connector::World{.dial = dial,
                                            .figures = {},
                                            .state = cluster::NodeStateFile(m_folder / "state.json"),
                                            .clock = clock,
                                            .stop = stop,
                                            .observer = {}});
}

} // namespace rmqha::test
