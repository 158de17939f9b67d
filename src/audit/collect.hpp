#pragma once

#include "audit/facts.hpp"

#include "health/collect.hpp"

namespace rmqha::audit {

/// Asks the cluster all that the rules judge by: its health, as health::collect() does, within the first half of the
/// time, then one of the nodes that answered for everything else, and another when that one falls silent. Ends by
/// `options.deadline`; what was not answered by then is a Problem. `now`, environments and `deep` are left to the
/// caller. Throws as health::collect() does.
Facts collect(health::CollectOptions options, http::Transport& transport, base::Stop const& stop);

} // namespace rmqha::audit
