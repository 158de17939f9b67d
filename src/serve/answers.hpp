#pragma once

#include "serve/collected.hpp"
#include "serve/http.hpp"

#include <string>

namespace rmqha::serve {

/// What answers depend on besides what was collected.
struct Terms {
    std::string cluster;       ///< how metrics call it
    std::string token;         ///< wanted as "Authorization: Bearer TOKEN"; empty: nobody has to say anything
    base::Duration patience{}; ///< what was collected longer ago is no answer any more
};

/// When the answer is given, and what the server has counted until then.
struct Moment {
    base::TimePoint now{};
    std::uint64_t scrapes = 0; ///< of /metrics, this one included
};

/// The answer to one request: the whole of the HTTP interface. /healthz and /readyz need no token, since they tell
/// nothing of the cluster. Pure.
Response respond(Request const& request, Collected const& collected, Terms const& terms, Moment const& moment);

/// The answer to an agent check of the node of this name, as HAProxy understands it: "up 80%" with the node's score for
/// a weight, "drain" in maintenance, "down # why"; only "# why" when it is not known how the node is, which leaves the
/// server as it is. For ten minutes after a maintenance "up 80% ready", as only that word ends what "drain" began; at
/// other times the word is left out, so that a server somebody disabled by hand stays disabled. Pure.
std::string agent_answer(std::string const& name, Collected const& collected, Terms const& terms, base::TimePoint now);

} // namespace rmqha::serve
