#pragma once

#include "cluster/connector.hpp"

#include <string>

namespace rmqha::base {
class Stop;
}

namespace rmqha::cmd {

class Context;

/// A connector for the context's settings and credentials; `command` shows in the connections' names. What happens to
/// its connections is told on stderr (lost and waiting as notes, tries as details), and to `also` if that is given.
cluster::Connector make_connector(Context& context, std::string const& command, cluster::Observer also = {});

/// The same, to be stopped by `stop`, for who tells of its connections itself: details alone are told on stderr.
cluster::Connector make_quiet_connector(Context& context, std::string const& command, base::Stop& stop,
                                        cluster::Observer also);

} // namespace rmqha::cmd
