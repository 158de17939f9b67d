#include "cmd/monitor_moment.hpp"

#include "cmd/command.hpp"
#include "cmd/monitor_rules.hpp"
#include "cmd/monitor_unreached.hpp"

namespace rmqha::cmd {

Moments::Moments(Context& context, Options const& options)
    : m_context(context), m_snapshots(context, {.queues = options.queues, .operator_policies = true})
{
}

moments::Moment Moments::take(base::TimePoint deadline)
{
    auto const snapshot = m_snapshots.take(deadline);
    m_not_reached.reset();
    if (auto const why = why_not_reached(snapshot)) {
        m_not_reached.emplace(*why);
    }
    auto const& settings = m_context.settings();
    auto const findings = health::findings_of(snapshot, rules_of(settings, {}));
    auto moment = moments::moment_of(snapshot, findings, health::score_of(snapshot, findings));
    moment.context = settings.context;
    return moment;
}

} // namespace rmqha::cmd
