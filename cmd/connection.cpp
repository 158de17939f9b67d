#include "cmd/connection.hpp"

#include "cmd/command.hpp"

#include "cluster/node_figures.hpp"

#include <fmt/format.h>

namespace rmqha::cmd {

namespace {

void tell(output::Console& console, cluster::ConnectionEvent const& event)
{
    using Kind = cluster::ConnectionEvent::Kind;
    switch (event.kind) {
    case Kind::connected:
        console.detail(fmt::format("connected to {} ({})", event.node, event.text));
        break;
    case Kind::failed:
        console.detail(fmt::format("{}: {}", event.node, event.text));
        break;
    case Kind::lost:
        console.note(fmt::format("lost {}: {}", event.node, event.text));
        break;
    case Kind::waiting:
        console.note(event.text);
        break;
    }
}

} // namespace

cluster::Connector make_connector(Context& context, std::string const& command, cluster::Observer also)
{
    auto const& settings = context.settings();
    auto const& credentials = context.credentials();
    return {settings,
            {.dial = cluster::make_dial(settings, credentials, command),
             .figures = cluster::make_figures_source(settings, credentials),
             .state = cluster::NodeStateFile(cluster::NodeStateFile::path_for(settings.nodes)),
             .clock = context.clock,
             .stop = context.stop,
             .observer = [&console = context.console, also = std::move(also)](cluster::ConnectionEvent const& event) {
                 tell(console, event);
                 if (also) {
                     also(event);
                 }
             }}};
}

} // namespace rmqha::cmd
