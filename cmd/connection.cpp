#include "cmd/connection.hpp"

#include "cmd/command.hpp"

#include "cluster/node_figures.hpp"

#include <fmt/format.h>

namespace rmqha::cmd {

namespace {

std::string text_of(cluster::ConnectionEvent const& event)
{
    using Kind = cluster::ConnectionEvent::Kind;
    switch (event.kind) {
    case Kind::connected:
        return fmt::format("connected to {} ({})", event.node, event.text);
    case Kind::failed:
        return fmt::format("{}: {}", event.node, event.text);
    case Kind::lost:
        return fmt::format("lost {}: {}", event.node, event.text);
    case Kind::left:
        return fmt::format("leaving {}: {}", event.node, event.text);
    case Kind::waiting:
    case Kind::forgetful:
        return event.text;
    }
    return {};
}

void tell(output::Console& console, cluster::ConnectionEvent const& event)
{
    using Kind = cluster::ConnectionEvent::Kind;
    bool const grave = event.kind != Kind::connected && event.kind != Kind::failed;
    grave ? console.note(text_of(event)) : console.detail(text_of(event));
}

cluster::Connector make_connector(Context& context, std::string const& command, base::Stop& stop,
                                  cluster::Observer observer)
{
    auto const& settings = context.settings();
    auto const& credentials = context.credentials();
    return {settings,
            {.dial = cluster::make_dial(settings, credentials, command),
             .figures = cluster::make_figures_source(settings, credentials),
             .state = cluster::NodeStateFile(cluster::NodeStateFile::path_for(settings.nodes)),
             .clock = context.clock,
             .stop = stop,
             .observer = std::move(observer)}};
}

} // namespace

cluster::Connector make_connector(Context& context, std::string const& command, cluster::Observer also)
{
    return make_connector(context, command, context.stop,
                          [&console = context.console, also = std::move(also)](cluster::ConnectionEvent const& event) {
                              tell(console, event);
                              if (also) {
                                  also(event);
                              }
                          });
}

cluster::Connector make_quiet_connector(Context& context, std::string const& command, base::Stop& stop,
                                        cluster::Observer also)
{
    return make_connector(context, command, stop,
                          [&console = context.console, also = std::move(also)](cluster::ConnectionEvent const& event) {
                              using Kind = cluster::ConnectionEvent::Kind;
                              if (event.kind != Kind::connected && event.kind != Kind::lost) {
                                  console.detail(text_of(event));
                              }
                              if (also) {
                                  also(event);
                              }
                          });
}

} // namespace rmqha::cmd
