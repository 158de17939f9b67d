#include "cmd/monitor_snapshot.hpp"

#include "cmd/command.hpp"

#include "amqp/connection.hpp"
#include "base/stop.hpp"
#include "health/members.hpp"

namespace rmqha::cmd {

health::CollectOptions collect_options(Context& context, SnapshotOptions const& options)
{
    auto const& settings = context.settings();
    health::LogInOptions login{.tls = settings.tls, .end_to_end = options.end_to_end};
    login.open.credentials = context.credentials();
    login.open.vhost = settings.vhost;
    login.open.connection_name = "rmqha monitor";
    login.open.heartbeat = settings.heartbeat;

    health::CollectOptions collecting;
    collecting.nodes = settings.nodes;
    collecting.access = {context.credentials(), settings.tls, settings.connection_timeout};
    collecting.log_in = health::amqp_login(login, context.stop);
    collecting.queues = options.queues;
    collecting.replica_lag = options.replica_lag;
    collecting.operator_policies = options.operator_policies;
    return collecting;
}

Snapshots::Snapshots(Context& context, SnapshotOptions const& options)
    : m_context(context), m_collecting(collect_options(context, options)), m_transport(http::make_curl_transport())
{
}

health::Snapshot Snapshots::take(base::TimePoint deadline)
{
    base::TimePoint const start = m_context.clock.now();
    m_collecting.deadline = deadline;
    auto const taken = m_context.clock.wall();
    auto answers = health::collect(m_collecting, *m_transport, m_context.stop);
    health::recall_names(answers, m_names);
    auto snapshot = health::assemble(answers);
    snapshot.taken = taken;
    snapshot.took = m_context.clock.now() - start;
    for (health::Node const& node : snapshot.nodes) {
        if (!node.address.empty() && !node.name.empty()) {
            m_names[node.address] = node.name;
        }
    }
    return snapshot;
}

health::Snapshot take_snapshot(Context& context, SnapshotOptions const& options)
{
    base::TimePoint const start = context.clock.now();
    base::TimePoint const deadline = context.deadline(options.default_deadline) - options.kept_back - k_last_words;
    auto snapshot = Snapshots(context, options).take(deadline);
    snapshot.took = context.clock.now() - start;
    return snapshot;
}

std::string cluster_label(config::Settings const& settings)
{
    return settings.context.empty() ? config::label(settings.nodes.front()) : settings.context;
}

} // namespace rmqha::cmd
