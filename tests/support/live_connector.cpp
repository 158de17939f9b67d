#include "support/live_connector.hpp"

#include "cluster/node_figures.hpp"

#include <utility>

namespace rmqha::test {

using namespace std::chrono_literals;

cluster::Connector make_live_connector(LiveCluster const& cluster, base::Clock& clock, base::Stop& stop,
                                       LiveConnectorOptions options)
{
    config::Settings settings;
    settings.nodes = cluster.nodes();
    if (!options.nodes.empty()) {
        settings.nodes.clear();
        for (int const number : options.nodes) {
            settings.nodes.push_back(cluster.node(number));
        }
    }
    settings.strategy = options.strategy;
    settings.connection_timeout = 1s;
    settings.connection_attempts = options.connection_attempts;
    settings.retry_delay = 200ms;
    return {settings,
            {.dial = cluster::make_dial(settings, cluster.credentials(), "test"),
             .figures = options.figures ? cluster::make_figures_source(settings, cluster.credentials())
                                        : cluster::FiguresSource{},
             .state = cluster::NodeStateFile(cluster::NodeStateFile::path_for(settings.nodes)),
             .clock = clock,
             .stop = stop,
             .observer = std::move(options.observer)}};
}

} // namespace rmqha::test
