#include "cluster/node_figures.hpp"

#include "http/transport.hpp"
#include "management/answer.hpp"
#include "management/request.hpp"

#include <algorithm>

namespace rmqha::cluster {

namespace {

template <typename Number>
std::optional<double> ratio(std::optional<Number> part, std::optional<Number> whole)
{
    return part && whole && *whole != 0 ? std::optional(static_cast<double>(*part) / static_cast<double>(*whole))
                                        : std::nullopt;
}

bool is_about(management::Node const& told, config::Node const& node)
{
    if (!node.name.empty()) {
        return told.name == node.name;
    }
    auto const host = told.name.substr(std::min(told.name.find('@') + 1, told.name.size()));
    return host == node.host || host == node.host.substr(0, node.host.find('.'));
}

NodeFigures figures_of(management::Node const& told)
{
    return {.up = told.running,
            .draining = told.being_drained.value_or(false),
            .memory_used = ratio(told.memory_used, told.memory_limit),
            .disk_margin = ratio(told.disk_free, told.disk_limit),
            .descriptors_used = ratio(told.fds_used, told.fds_total),
            .memory_alarm = told.memory_alarm.value_or(false),
            .disk_alarm = told.disk_alarm.value_or(false)};
}

} // namespace

FiguresSource make_figures_source(config::Settings const& settings, base::Credentials const& credentials)
{
    management::Access const access{
        .credentials = credentials, .tls = settings.tls, .connect_timeout = settings.connection_timeout};
    std::vector<http::Request> requests;
    for (auto const& node : settings.nodes) {
        requests.push_back(management::get(node, access, management::path::k_nodes));
    }
    return [nodes = settings.nodes, requests](base::TimePoint deadline, base::Stop const& stop) {
        std::map<std::string, NodeFigures> figures;
        auto const transport = http::make_curl_transport(); // for this once: a publisher may go on for days
        for (auto const& result : transport->perform(requests, deadline, stop)) {
            auto const answer = management::read_nodes(result);
            auto const* const told = management::value_of(answer);
            if (told == nullptr) {
                continue;
            }
            for (auto const& node : nodes) {
                auto const about = std::ranges::find_if(*told, [&](auto const& one) { return is_about(one, node); });
                // Several nodes on one host cannot be told apart by it: then nothing is better than a guess.
                bool const unique =
                    std::ranges::count_if(*told, [&](auto const& one) { return is_about(one, node); }) == 1;
                if (unique) {
                    figures.emplace(config::label(node), figures_of(*about));
                }
            }
            break;
        }
        return figures;
    };
}

} // namespace rmqha::cluster
