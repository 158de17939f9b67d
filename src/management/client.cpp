#include "management/client.hpp"

#include "base/error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rmqha::management {
namespace {

/// whoami takes a healthy node 0.15 s even while a peer hangs (measured on 3.10.8 and 4.0.5); a hung one must not cost
/// the others their time.
constexpr base::milliseconds k_patience = std::chrono::seconds(2);

std::string label_of(config::Node const& node)
{
    auto shown = node;
    shown.port = node.management_port;
    return config::label(shown);
}

} // namespace

Client::Client(std::vector<config::Node> nodes, Access access, World world)
    : m_nodes(std::move(nodes)), m_access(std::move(access)), m_world(world)
{
}

config::Node const& Client::choose(base::TimePoint deadline)
{
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < m_nodes.size(); ++i) {
        order.push_back(i);
    }
    if (m_chosen) { // the one that was lost comes last
        std::rotate(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(*m_chosen + 1), order.end());
        m_chosen.reset();
    }
    std::vector<std::string> reasons(m_nodes.size());
    bool in_time = true;
    for (int round = 0; round < 2; ++round) { // the silent get the rest of the time in the second
        std::vector<std::size_t> silent;
        for (std::size_t place = 0; place < order.size(); ++place) {
            auto const i = order[place];
            auto const now = m_world.clock.now();
            auto const share = std::max(now, now + (deadline - now) / static_cast<int>(order.size() - place));
            auto const until = round == 0 ? std::min(share, now + k_patience) : share;
            auto const results =
                m_world.transport.perform({management::get(m_nodes[i], m_access, path::k_whoami)}, until, m_world.stop);
            auto const* const fault = std::get_if<http::Fault>(&results.front());
            if (fault == nullptr) {
                m_chosen = i;
                m_asked = label_of(m_nodes[i]);
                return m_nodes[i];
            }
            reasons[i] = fmt::format("{} {}", label_of(m_nodes[i]), fault->reason);
            if (fault->kind == http::FaultKind::timed_out) {
                silent.push_back(i);
            }
        }
        in_time = silent.empty();
        order = silent;
    }
    throw base::Error(
        in_time ? base::ExitCode::unavailable : base::ExitCode::timeout,
        fmt::format("cannot reach the management API of any of {} nodes: {}", m_nodes.size(), fmt::join(reasons, "; ")),
        "Check the addresses given with --node (management=PORT), and that the brokers run with the "
        "plugin rabbitmq_management.");
}

template <typename Make>
http::Result Client::perform(Make const& make, bool again, base::TimePoint deadline)
{
    for (std::size_t tries = m_nodes.size();; --tries) {
        auto const& node = m_chosen ? m_nodes[*m_chosen] : choose(deadline);
        auto results = m_world.transport.perform({make(node)}, deadline, m_world.stop);
        auto const* const fault = std::get_if<http::Fault>(&results.front());
        if (fault == nullptr || !again || tries <= 1 || m_world.clock.now() >= deadline) {
            return std::move(results.front());
        }
        choose(deadline);
    }
}

http::Result Client::get(std::string const& path, base::TimePoint deadline)
{
    return perform([&](config::Node const& node) { return management::get(node, m_access, path); }, true, deadline);
}

http::Result Client::write(Write const& wanted, base::TimePoint deadline)
{
    return perform([&](config::Node const& node) { return management::write(node, m_access, wanted); },
                   wanted.method != "POST", deadline);
}

} // namespace rmqha::management
