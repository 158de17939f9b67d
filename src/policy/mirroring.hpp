#pragma once

#include "management/types.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rmqha::policy {

/// How classic queues shall be mirrored, in the words of the ha-* keys.
struct Mirroring {
    std::string mode;                     ///< "all", "exactly" or "nodes"
    std::optional<std::int64_t> params{}; ///< copies, for exactly
    std::vector<std::string> nodes{};     ///< for nodes
    std::string sync_mode{};              ///< empty: the broker's default, as with all below
    std::optional<std::int64_t> sync_batch_size{};
    std::string promote_on_failure{};
    std::string promote_on_shutdown{};
};

/// The definition that says so. Throws Error(usage) when mode and parameters do not go together.
management::PolicyDefinition definition_of(Mirroring const& mirroring);

/// What to do on a broker without mirroring: lines with the commands that give the queues of a policy of this name and
/// pattern as many copies.
struct Named {
    std::string name;
    std::string pattern;
};
std::string quorum_advice(Mirroring const& mirroring, Named const& policy);

} // namespace rmqha::policy
