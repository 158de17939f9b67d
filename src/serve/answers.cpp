#include "serve/answers.hpp"

#include "health/node_scores.hpp"
#include "serve/own_metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace rmqha::serve {
namespace {

using health::Node;
using health::NodeState;

constexpr auto k_ready_after_drain = std::chrono::minutes(10);
constexpr std::string_view k_nodes = "/nodes/";

Response text(int status, std::string const& line)
{
    return {.status = status, .body = line + "\n"};
}

/// Compares in a time that tells nothing of where two texts of one length differ.
bool same_secret(std::string_view left, std::string_view right)
{
    unsigned char difference = left.size() == right.size() ? 0 : 1;
    for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
        difference |= static_cast<unsigned char>(left[i] ^ right[i]);
    }
    return difference == 0;
}

bool allowed(Request const& request, Terms const& terms)
{
    // The scheme's name in any case, says RFC 9110.
    constexpr std::string_view k_scheme = "bearer ";
    std::string_view const given = request.authorization;
    auto const scheme = given.substr(0, k_scheme.size());
    return terms.token.empty() || (std::equal(scheme.begin(), scheme.end(), k_scheme.begin(), k_scheme.end(),
                                              [](unsigned char a, char b) { return std::tolower(a) == b; }) &&
                                   same_secret(given.substr(k_scheme.size()), terms.token));
}

bool current(Collected const& collected, Terms const& terms, base::TimePoint now)
{
    return collected.latest && now - collected.latest->ended <= terms.patience;
}

int seconds(base::Duration duration)
{
    return static_cast<int>(std::chrono::duration_cast<std::chrono::seconds>(duration).count());
}

Response healthz(Collected const& collected, Terms const& terms, base::TimePoint now)
{
    if (collected.latest && !current(collected, terms, now)) {
        return text(503, fmt::format("no collection has ended for {} s", seconds(now - collected.latest->ended)));
    }
    return text(200, "ok");
}

Response readyz(Collected const& collected, Terms const& terms, base::TimePoint now)
{
    if (!collected.told_at) {
        return text(503,
                    collected.latest ? "no collection has reached the cluster yet" : "no collection has ended yet");
    }
    if (now - *collected.told_at > terms.patience) {
        return text(503,
                    fmt::format("no collection has reached the cluster for {} s", seconds(now - *collected.told_at)));
    }
    return text(200, "ok");
}

std::string reason_of(Node const& node)
{
    static constexpr std::array<char const*, 5> k_states{"running", "in maintenance", "no login", "silent", "down"};
    std::string const state = k_states.at(static_cast<std::size_t>(node.state));
    auto line = node.why.empty() || node.state == NodeState::running ? state : fmt::format("{}: {}", state, node.why);
    std::replace_if(
        line.begin(), line.end(), [](unsigned char c) { return c < ' '; }, ' ');
    return line;
}

/// Why nothing can be said of any node now.
std::optional<std::string> why_not_known(Collected const& collected, Terms const& terms, base::TimePoint now)
{
    if (!collected.latest) {
        return "not known: no collection has ended yet";
    }
    if (!current(collected, terms, now)) {
        return fmt::format("not known: no collection has ended for {} s", seconds(now - collected.latest->ended));
    }
    if (cut_off(*collected.latest)) {
        return "not known: no node can be reached from here";
    }
    return std::nullopt;
}

Response one_node(std::string const& name, Collected const& collected, Terms const& terms, base::TimePoint now)
{
    auto const why = why_not_known(collected, terms, now);
    auto const* const node = collected.latest ? find_node(collected.latest->snapshot, name) : nullptr;
    if (collected.latest && node == nullptr) {
        return text(404, "no such node; / lists them");
    }
    if (why) {
        return text(503, *why);
    }
    return text(node->state == NodeState::running ? 200 : 503, reason_of(*node));
}

std::string listing(Collected const& collected)
{
    std::string lines = "rmqha monitor serve\n\n"
                        "/metrics     for Prometheus\n"
                        "/healthz     200 while this exporter works\n"
                        "/readyz      200 when a collection has reached the cluster lately\n"
                        "/nodes/NAME  200 when the node takes clients, else 503\n";
    if (collected.latest) {
        for (Node const& node : collected.latest->snapshot.nodes) {
            lines += fmt::format("  {}{}\n", k_nodes, node.label());
        }
    }
    return lines;
}

} // namespace

Response respond(Request const& request, Collected const& collected, Terms const& terms, Moment const& moment)
{
    auto const& path = request.path;
    bool const open = path == "/healthz" || path == "/readyz";
    if (!open && !allowed(request, terms)) {
        auto refusal = text(401, "a bearer token is needed");
        refusal.headers = {{"WWW-Authenticate", "Bearer"}};
        return refusal;
    }
    bool const known = open || path == "/" || path == "/metrics" || path.starts_with(k_nodes);
    if (!known) {
        return text(404, "not found; / lists what there is");
    }
    if (request.method != "GET" && request.method != "HEAD") {
        auto refusal = text(405, "only GET and HEAD");
        refusal.headers = {{"Allow", "GET, HEAD"}};
        return refusal;
    }
    if (path == "/healthz") {
        return healthz(collected, terms, moment.now);
    }
    if (path == "/readyz") {
        return readyz(collected, terms, moment.now);
    }
    if (path == "/metrics") {
        return {.body = own_metrics(collected, terms.cluster, moment) + collected.metrics,
                .type = "text/plain; version=0.0.4; charset=utf-8"};
    }
    if (path == "/") {
        return {.body = listing(collected)};
    }
    return one_node(path.substr(k_nodes.size()), collected, terms, moment.now);
}

std::string agent_answer(std::string const& name, Collected const& collected, Terms const& terms, base::TimePoint now)
{
    if (auto const why = why_not_known(collected, terms, now)) {
        return "# " + *why;
    }
    auto const& snapshot = collected.latest->snapshot;
    auto const* const node = find_node(snapshot, name);
    if (node == nullptr) {
        return "# no such node";
    }
    switch (node->state) {
    case NodeState::draining:
        return "drain";
    case NodeState::running:
        break;
    case NodeState::unreachable:
    case NodeState::silent:
    case NodeState::down:
        return "down # " + reason_of(*node);
    }
    auto const score =
        health::node_scores_of(snapshot).at(static_cast<std::size_t>(node - snapshot.nodes.data())).score;
    auto const drained = collected.drained.find(node->label());
    bool const lately = drained != collected.drained.end() && now - drained->second <= k_ready_after_drain;
    return fmt::format("up {}%{}", score, lately ? " ready" : "");
}

} // namespace rmqha::serve
