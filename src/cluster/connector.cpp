#include "cluster/connector.hpp"

#include "base/stop.hpp"
#include "base/units.hpp"
#include "cluster/race.hpp"

#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace rmqha::cluster {

namespace {

std::string connection_name(std::string const& command)
{
    char host[256] = "";
    ::gethostname(host, sizeof host - 1);
    return fmt::format("rmqha {} on {} (pid {})", command, host, ::getpid());
}

/// The pause after round `round` (from 0): doubled each time up to 30 s, and up to a quarter more or less, so that many
/// clients do not come back in step.
base::milliseconds pause_after(int round, base::milliseconds first, std::mt19937_64& random)
{
    constexpr base::milliseconds k_most = std::chrono::seconds(30);
    auto const pause = std::min(first * (1 << std::min(round, 16)), std::max(k_most, first));
    std::uniform_real_distribution<double> jitter(0.75, 1.25);
    return std::chrono::duration_cast<base::milliseconds>(pause * jitter(random));
}

std::string reason_of(config::Strategy strategy, Attempt const& attempt, std::size_t failed_before)
{
    auto reason = std::string(config::to_string(strategy));
    if (strategy == config::Strategy::health_based) {
        reason += fmt::format(", score {}", attempt.score.score);
    }
    if (failed_before > 0) {
        reason += fmt::format(", after {} other{} failed", failed_before, failed_before == 1 ? "" : "s");
    }
    return reason;
}

} // namespace

Dial make_dial(config::Settings const& settings, base::Credentials const& credentials, std::string const& command)
{
    amqp::OpenOptions const options{.credentials = credentials,
                                    .vhost = settings.vhost,
                                    .connection_name = connection_name(command),
                                    .heartbeat = settings.heartbeat};
    return [options, tls = settings.tls](config::Node const& node, base::TimePoint deadline, base::Stop const& stop) {
        Attempt attempt{.node = node};
        try {
            auto connection = amqp::Connection::open({.host = node.host, .port = node.port, .tls = tls}, options,
                                                     deadline, stop, &attempt.timings);
            attempt.server = connection->server();
            attempt.channel = std::move(connection);
        } catch (amqp::Failure const& failure) {
            attempt.failure = failure;
        }
        return attempt;
    };
}

Connector::Connector(config::Settings const& settings, World world)
    : m_settings(settings), m_world(std::move(world)), m_random(std::random_device{}())
{
}

void Connector::tell(ConnectionEvent::Kind kind, std::string const& node, std::string const& text) const
{
    if (m_world.observer) {
        m_world.observer({.kind = kind, .node = node, .text = text});
    }
}

/// Other processes learn nothing from us, nor we from them, when the file is of no use: said once.
void Connector::update_state(std::function<void(SharedState&)> const& change)
{
    m_world.state.update(change);
    if (auto const& problem = m_world.state.problem(); !problem.empty() && !m_told_forgetful) {
        m_told_forgetful = true;
        tell(ConnectionEvent::Kind::forgetful, "", "what nodes do is remembered by this process alone: " + problem);
    }
}

bool Connector::available(SharedState const& state, config::Node const& node) const
{
    auto const label = config::label(node);
    return !m_left.contains(label) && !quarantined(state, label, m_world.clock.wall());
}

std::vector<Candidate> Connector::candidates()
{
    auto const state = m_world.state.read();
    std::vector<Candidate> result;
    for (auto const& node : m_settings.nodes) {
        result.push_back({.node = node, .available = available(state, node)});
    }
    return result;
}

std::vector<std::size_t> Connector::order()
{
    std::vector<std::size_t> result;
    update_state([&](SharedState& state) {
        std::vector<Candidate> all;
        for (auto const& node : m_settings.nodes) {
            all.push_back({.node = node, .available = available(state, node)});
        }
        result = selection_order(all, m_settings.strategy, state.rotation, m_random);
    });
    return result;
}

Attempt Connector::try_node(config::Node const& node, base::TimePoint deadline, base::Stop const& stop)
{
    return m_world.dial(node, std::min(deadline, m_world.clock.now() + m_settings.connection_timeout), stop);
}

void Connector::record(Attempt const& attempt)
{
    auto const label = config::label(attempt.node);
    if (!attempt.failure) {
        if (m_world.state.read().nodes.contains(label)) {
            update_state([&](SharedState& state) { record_success(state, label); });
        }
        return;
    }
    tell(ConnectionEvent::Kind::failed, label, attempt.failure->what());
    if (attempt.failure->retry() != amqp::Retry::never) {
        bool const timed_out = attempt.failure->kind() == amqp::FailureKind::timed_out;
        update_state([&](SharedState& state) {
            record_failure(state, label, attempt.failure->what(), timed_out, m_world.clock.wall());
        });
    }
}

void Connector::lost(config::Node const& node, amqp::Failure const& failure)
{
    auto const label = config::label(node);
    tell(ConnectionEvent::Kind::lost, label, failure.what());
    bool const silent =
        failure.kind() == amqp::FailureKind::timed_out || failure.kind() == amqp::FailureKind::heartbeat;
    update_state(
        [&](SharedState& state) { record_failure(state, label, failure.what(), silent, m_world.clock.wall()); });
}

void Connector::leave(config::Node const& node, amqp::Failure const& failure)
{
    auto const label = config::label(node);
    tell(ConnectionEvent::Kind::left, label, failure.what());
    m_left.insert(label);
    if (std::ranges::all_of(m_settings.nodes, [&](auto const& one) { return m_left.contains(config::label(one)); })) {
        m_left = {label};
    }
}

std::optional<Attempt> Connector::connect_by_order(base::TimePoint deadline, std::vector<Attempt>& failed)
{
    for (auto const index : order()) {
        auto attempt = try_node(m_settings.nodes[index], deadline, m_world.stop);
        record(attempt);
        if (!attempt.failure) {
            return attempt;
        }
        failed.push_back(std::move(attempt));
        if (failed.back().failure->retry() == amqp::Retry::never || m_world.clock.now() >= deadline) {
            break;
        }
    }
    return std::nullopt;
}

std::optional<Attempt> Connector::connect_to_healthiest(base::TimePoint deadline, std::vector<Attempt>& failed)
{
    auto const all = candidates();
    for (bool const available : {true, false}) { // those in quarantine only when no other can be had
        std::vector<Candidate> group;
        std::ranges::copy_if(all, std::back_inserter(group),
                             [&](Candidate const& one) { return one.available == available; });
        if (auto chosen = connect_to_best_of(group, deadline, failed)) {
            return chosen;
        }
        bool const hopeless =
            std::ranges::any_of(failed, [](auto const& one) { return one.failure->retry() == amqp::Retry::never; });
        if (hopeless || m_world.clock.now() >= deadline) {
            break;
        }
    }
    return std::nullopt;
}

std::optional<Attempt> Connector::connect_to_best_of(std::vector<Candidate> const& group, base::TimePoint deadline,
                                                     std::vector<Attempt>& failed)
{
    if (group.empty()) {
        return std::nullopt;
    }
    auto attempts = race(group, m_world.dial, m_world.figures,
                         std::min(deadline, m_world.clock.now() + m_settings.connection_timeout), m_world.stop);
    std::vector<Candidate> connected;
    for (std::size_t i = 0; i < attempts.size(); ++i) {
        connected.push_back({.node = attempts[i].node, .health = attempts[i].channel ? attempts[i].score.score : -1});
        if (attempts[i].channel || attempts[i].failure) { // neither: still trying when others were done
            record(attempts[i]);
        }
    }
    Rotation unused;
    auto const best = selection_order(connected, config::Strategy::health_based, unused, m_random).front();
    std::optional<Attempt> chosen;
    for (std::size_t i = 0; i < attempts.size(); ++i) {
        if (attempts[i].channel && i == best) {
            chosen = std::move(attempts[i]);
        } else if (attempts[i].channel) {
            attempts[i].channel->close(m_world.clock.now() + std::chrono::milliseconds(200));
        } else if (attempts[i].failure) {
            failed.push_back(std::move(attempts[i]));
        }
    }
    return chosen;
}

Attempt Connector::connect(base::TimePoint deadline)
{
    std::vector<Attempt> failed;
    for (int round = 0;; ++round) {
        failed.clear();
        bool const by_health = m_settings.strategy == config::Strategy::health_based && m_settings.nodes.size() > 1;
        auto attempt = by_health ? connect_to_healthiest(deadline, failed) : connect_by_order(deadline, failed);
        if (attempt) {
            tell(ConnectionEvent::Kind::connected, config::label(attempt->node),
                 reason_of(m_settings.strategy, *attempt, failed.size()));
            return std::move(*attempt);
        }
        bool const hopeless =
            std::ranges::any_of(failed, [](auto const& one) { return one.failure->retry() == amqp::Retry::never; });
        bool const last = m_settings.connection_attempts != 0 && round + 1 >= m_settings.connection_attempts;
        auto const pause = pause_after(round, m_settings.retry_delay, m_random);
        if (hopeless || last || m_world.clock.now() + pause >= deadline) {
            throw error_of_failures(failed);
        }
        tell(ConnectionEvent::Kind::waiting, "",
             fmt::format("no node reachable, trying again in {}", base::format_duration(pause)));
        m_world.clock.sleep_until(m_world.clock.now() + pause, m_world.stop);
    }
}

std::vector<Attempt> Connector::connect_all(base::TimePoint deadline)
{
    std::vector<Candidate> all;
    for (auto const& node : m_settings.nodes) {
        all.push_back({.node = node});
    }
    auto attempts = try_all(all, m_world.dial, std::min(deadline, m_world.clock.now() + m_settings.connection_timeout),
                            m_world.stop);
    score(attempts, m_world.figures ? m_world.figures(std::min(deadline, m_world.clock.now() + std::chrono::seconds(1)),
                                                      m_world.stop)
                                    : std::map<std::string, NodeFigures>{});
    return attempts;
}

base::Error error_of_failures(std::vector<Attempt> const& failed)
{
    if (failed.empty()) {
        return {base::ExitCode::timeout, "no node answered before the deadline", "Allow more time with --deadline."};
    }
    auto const decisive =
        std::ranges::find_if(failed, [](auto const& one) { return one.failure->retry() == amqp::Retry::never; });
    if (failed.size() == 1 || decisive != failed.end()) {
        auto const& one = decisive != failed.end() ? *decisive : failed.front();
        return {one.failure->code(),
                fmt::format("cannot connect to {}: {}", config::label(one.node), one.failure->what()),
                one.failure->hint()};
    }
    std::string list;
    for (auto const& one : failed) {
        list += fmt::format("{}{} {}", list.empty() ? "" : ", ", config::label(one.node), one.failure->what());
    }
    bool const alike = std::ranges::all_of(
        failed, [&](auto const& one) { return one.failure->code() == failed.front().failure->code(); });
    return {alike ? failed.front().failure->code() : base::ExitCode::unavailable,
            fmt::format("cannot reach any of {} nodes: {}", failed.size(), list), failed.front().failure->hint()};
}

} // namespace rmqha::cluster
