#pragma once

#include "cluster/connector.hpp"

namespace rmqha::cluster {

/// Asks the management API of all nodes at once for the condition of each, and believes the first that answers. A node
/// is recognised by its `name`, else by its host being the host part of an Erlang node name. What cannot be asked in
/// time, or by this user (it needs the tag monitoring), is left out.
FiguresSource make_figures_source(config::Settings const& settings, base::Credentials const& credentials);

} // namespace rmqha::cluster
