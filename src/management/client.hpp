#pragma once

#include "http/transport.hpp"
#include "management/request.hpp"

#include <optional>
#include <string>
#include <vector>

namespace rmqha::management {

/// One node to speak for the cluster: the first, in the order given, that answers at all; another when that one is lost
/// or falls silent. For commands that want one answer; what compares nodes asks each of them. Not thread-safe.
class Client {
public:
    /// What it acts in; outlives it.
    struct World {
        http::Transport& transport;
        base::Stop const& stop;
        base::Clock const& clock;
    };

    Client(std::vector<config::Node> nodes, Access access, World world);

    /// The answer of one node, whatever it says. What has no answer by `deadline` is a Fault. Throws Interrupted, and
    /// Error(unavailable or timeout) naming each node and its reason when none answers at all.
    http::Result get(std::string const& path, base::TimePoint deadline);
    /// PUT and DELETE, which may be said twice when an answer got lost; for POST another node is not tried.
    http::Result write(Write const& wanted, base::TimePoint deadline);

    /// Whom the last request went to, as config::label() names it at its management port.
    std::string const& asked() const noexcept { return m_asked; }

private:
    config::Node const& choose(base::TimePoint deadline);
    template <typename Make>
    http::Result perform(Make const& make, bool again, base::TimePoint deadline);

    std::vector<config::Node> m_nodes;
    Access m_access;
    World m_world;
    std::optional<std::size_t> m_chosen;
    std::string m_asked;
};

} // namespace rmqha::management
