#include "base/units.hpp"
#include "health/findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

namespace rmqha::health {
namespace {

bool has_members(Queue const& queue)
{
    return queue.type == "quorum" || queue.type == "stream";
}

/// Copies there are, on nodes running or not; the leader's own included.
std::size_t replicas_of(Queue const& queue)
{
    if (has_members(queue)) {
        return queue.members.size();
    }
    return 1 + (queue.mirrors ? queue.mirrors->size() : 0);
}

/// The rules for one queue. A queue is judged by where its copies are and which nodes run, not by the `state` a broker
/// gives it: 3.10 says "running" of quorum queues without majority, 4.0 says it of classic queues whose node is dead.
class QueueRules {
public:
    QueueRules(Queue const& queue, Snapshot const& snapshot, Rules const& rules, std::vector<Finding>& out)
        : m_queue(queue), m_snapshot(snapshot), m_rules(rules), m_out(out)
    {
        for (std::string const& member : queue.members) {
            if (!runs(member)) {
                m_missing.push_back(member);
            }
        }
        if (!queue.leader.empty() && !runs(queue.leader) &&
            std::find(m_missing.begin(), m_missing.end(), queue.leader) == m_missing.end()) {
            m_missing.push_back(queue.leader);
        }
        // A mirrored queue forgets its mirror on a node that went away: any node that is down may be the one.
        for (Node const& node : snapshot.nodes) {
            if (queue.mirrors && m_missing.empty() && !node.up() && wants_more_mirrors()) {
                m_missing.push_back(node.label());
            }
        }
    }

    void apply()
    {
        if (!down()) {
            critical();
        }
        under_replicated();
        unsynced();
        lagging();
        depth();
    }

private:
    bool runs(std::string const& node) const { return m_snapshot.running.count(node) > 0; }

    bool wants_more_mirrors() const
    {
        return static_cast<int>(replicas_of(m_queue)) < std::max(m_queue.wanted_replicas.value_or(0), m_rules.replicas);
    }

    std::string command(char const* tool, char const* verb) const
    {
        return fmt::format("{} {} --vhost {} {}", tool, verb, shell_word(m_queue.vhost), shell_word(m_queue.name));
    }

    /// A missing node explains what is wrong with all queues that had a copy there; without one the queues with the
    /// same trouble share it.
    std::string cause(char const* code) const { return m_missing.empty() ? code : "node " + m_missing.front(); }

    std::string bring_back(std::string otherwise) const
    {
        return m_missing.empty() ? std::move(otherwise) : fmt::format("bring back {}", fmt::join(m_missing, ", "));
    }

    Finding& add(char const* code, Severity severity, std::string evidence, std::string remedy)
    {
        return m_out.emplace_back(
            Finding{code, severity, queue_label(m_queue), std::move(evidence), std::move(remedy), cause(code)});
    }

    static void measure(Finding& finding, std::size_t value, std::size_t limit, char const* unit)
    {
        finding.value = static_cast<double>(value);
        finding.limit = static_cast<double>(limit);
        finding.unit = unit;
    }

    /// Members on running nodes that also take part, as far as the broker tells who is online.
    std::size_t online() const
    {
        auto const& told = m_queue.online.empty() ? m_queue.members : m_queue.online;
        return static_cast<std::size_t>(std::count_if(told.begin(), told.end(), [&](std::string const& member) {
            auto const& all = m_queue.members;
            return runs(member) && std::find(all.begin(), all.end(), member) != all.end();
        }));
    }

    bool down()
    {
        std::size_t const members = m_queue.members.size();
        std::size_t const majority = members / 2 + 1;
        if (members > 0 && online() < majority) {
            measure(add("QUEUE-DOWN", Severity::critical,
                        fmt::format("{} of {} members online, majority is {}", online(), members, majority),
                        bring_back(command("rabbitmq-queues", "quorum_status"))),
                    online(), majority, "members");
            return true;
        }
        if (!m_queue.leader.empty() && !runs(m_queue.leader)) {
            add("QUEUE-DOWN", Severity::critical,
                fmt::format("{} {} is not running", has_members(m_queue) ? "leader" : "its node", m_queue.leader),
                bring_back({}));
            return true;
        }
        static constexpr std::array<std::string_view, 5> k_dead{"down", "crashed", "stopped", "terminated", "minority"};
        if (std::find(k_dead.begin(), k_dead.end(), m_queue.state) != k_dead.end()) {
            add("QUEUE-DOWN", Severity::critical, fmt::format("the broker calls it {}", m_queue.state),
                bring_back("look into the log of " + (m_queue.leader.empty() ? "its node" : m_queue.leader)));
            return true;
        }
        return false;
    }

    void critical()
    {
        std::size_t const members = m_queue.members.size();
        std::size_t const majority = members / 2 + 1;
        if (members > 1 && online() == majority) {
            measure(add("QUEUE-CRITICAL", Severity::warning,
                        fmt::format("{} of {} members online: one more lost and it stops", online(), members),
                        bring_back("give it more members: rabbitmq-queues add_member --vhost " +
                                   shell_word(m_queue.vhost) + " " + shell_word(m_queue.name) + " NODE")),
                    online(), majority, "members");
        }
        auto const& synchronised = m_queue.synchronised_mirrors;
        bool const mirrored = m_queue.mirrors && m_queue.wanted_replicas.value_or(2) > 1;
        if (mirrored &&
            std::none_of(synchronised.begin(), synchronised.end(), [&](auto const& m) { return runs(m); })) {
            add("QUEUE-CRITICAL", Severity::warning,
                fmt::format("no synchronised mirror: {} holds the only copy", m_queue.leader),
                m_queue.mirrors->empty() ? "add or bring back nodes for its mirrors"
                                         : command("rabbitmqctl", "sync_queue"));
        }
    }

    void under_replicated()
    {
        bool const counts = m_queue.durable && !m_queue.exclusive;
        int const wanted = std::max(m_queue.wanted_replicas.value_or(0), counts ? m_rules.replicas : 0);
        std::size_t const have = replicas_of(m_queue);
        // Streams of RabbitMQ up to 3.10 do not tell their members in the listing without statistics.
        if (wanted <= 0 || have >= static_cast<std::size_t>(wanted) || (has_members(m_queue) && have == 0)) {
            return;
        }
        std::string remedy = "declare it as a quorum queue to have it replicated";
        if (has_members(m_queue)) {
            char const* tool = m_queue.type == "stream" ? "rabbitmq-streams add_replica" : "rabbitmq-queues add_member";
            remedy = fmt::format("{} --vhost {} {} {}", tool, shell_word(m_queue.vhost), shell_word(m_queue.name),
                                 node_without_copy());
        } else if (m_queue.mirrors) {
            remedy = bring_back("add a node: a mirror comes by itself");
        }
        measure(add("QUEUE-UNDER-REPLICATED", Severity::warning, fmt::format("{} of {} copies", have, wanted),
                    std::move(remedy)),
                have, static_cast<std::size_t>(wanted), "replicas");
    }

    std::string node_without_copy() const
    {
        for (std::string const& node : m_snapshot.running) {
            if (std::find(m_queue.members.begin(), m_queue.members.end(), node) == m_queue.members.end()) {
                return node;
            }
        }
        return "NODE";
    }

    void unsynced()
    {
        std::vector<std::string> behind;
        auto const& good = m_queue.synchronised_mirrors;
        for (std::string const& mirror : m_queue.mirrors.value_or(std::vector<std::string>{})) {
            if (std::find(good.begin(), good.end(), mirror) == good.end()) {
                behind.push_back(mirror);
            }
        }
        if (!behind.empty()) {
            add("MIRROR-UNSYNCED", Severity::warning, fmt::format("not synchronised: {}", fmt::join(behind, ", ")),
                command("rabbitmqctl", "sync_queue"));
        }
    }

    void lagging()
    {
        auto const worst = std::max_element(m_queue.lags.begin(), m_queue.lags.end(),
                                            [](auto const& a, auto const& b) { return a.second < b.second; });
        if (!m_rules.replica_lag_max || worst == m_queue.lags.end() ||
            worst->second <= static_cast<std::uint64_t>(*m_rules.replica_lag_max)) {
            return;
        }
        auto const most = static_cast<std::uint64_t>(*m_rules.replica_lag_max);
        measure(add("REPLICA-LAGGING", Severity::warning,
                    fmt::format("{} is {} log entries behind the leader {} (replica_lag_max {})", worst->first,
                                base::format_count(worst->second), m_queue.leader, base::format_count(most)),
                    fmt::format("look at the load and the disk of {}; {}", worst->first,
                                command("rabbitmq-queues", "quorum_status"))),
                worst->second, most, "entries");
    }

    void depth()
    {
        if (m_queue.type == "stream") {
            return; // a stream keeps what was consumed: its length is no backlog
        }
        // As many as the limit are still allowed: the level is reached by one more.
        double const over = static_cast<double>(m_queue.messages.value_or(0)) - 1;
        if (auto const broken = broken_level(over, m_rules.thresholds.queue_backlog_max)) {
            auto const most = static_cast<std::uint64_t>(broken->limit);
            measure(add("QUEUE-BACKLOG", broken->severity,
                        fmt::format("{} messages (queue_backlog_max {})", base::format_count(*m_queue.messages),
                                    base::format_count(most)),
                        "add consumers, or raise queue_backlog_max if this is expected"),
                    *m_queue.messages, most, "messages");
            m_out.back().cause = "QUEUE-BACKLOG";
        }
        auto const waiting = m_queue.messages_ready.value_or(m_queue.messages.value_or(0));
        if (waiting > 0 && m_queue.consumers && *m_queue.consumers == 0) {
            add("QUEUE-NO-CONSUMER", Severity::warning,
                fmt::format("{} messages wait, nobody consumes", base::format_count(waiting)),
                "start its consumers, or delete the queue if nothing needs it");
            m_out.back().cause = "QUEUE-NO-CONSUMER";
        }
    }

    Queue const& m_queue;
    Snapshot const& m_snapshot;
    Rules const& m_rules;
    std::vector<Finding>& m_out;
    std::vector<std::string> m_missing; ///< nodes with a copy that do not run
};

/// Only running nodes share the leaders: that the dead lead nothing is no skew.
void add_skew(Snapshot const& snapshot, Rules const& rules, std::vector<Finding>& out)
{
    std::map<std::string, std::size_t> led;
    std::size_t total = 0;
    for (Queue const& queue : *snapshot.queues) {
        if ((has_members(queue) || queue.mirrors) && snapshot.running.count(queue.leader) > 0) {
            ++led[queue.leader];
            ++total;
        }
    }
    if (snapshot.running.size() < 2 || total == 0) {
        return;
    }
    double const share = static_cast<double>(total) / static_cast<double>(snapshot.running.size());
    for (auto const& [node, count] : led) {
        double const more = static_cast<double>(count) - share;
        if (more >= rules.leaders_skew_queues && more * 100 > share * rules.leaders_skew_max) {
            out.push_back({"LEADERS-SKEWED", Severity::warning, node,
                           fmt::format("leads {} of {} replicated queues, an equal share is {:.1f} (up to {} % more)",
                                       count, total, share, rules.leaders_skew_max),
                           "rabbitmq-queues rebalance all", "LEADERS-SKEWED", static_cast<double>(count),
                           share * (100 + rules.leaders_skew_max) / 100, "leaders"});
        }
    }
}

} // namespace

std::string queue_label(management::Queue const& queue)
{
    return fmt::format("queue \"{}\" in vhost \"{}\"", queue.name, queue.vhost);
}

std::vector<Finding> queue_findings_of(Snapshot const& snapshot, Rules const& rules)
{
    std::vector<Finding> findings;
    if (snapshot.queues) {
        for (Queue const& queue : *snapshot.queues) {
            QueueRules(queue, snapshot, rules, findings).apply();
        }
        add_skew(snapshot, rules, findings);
    }
    return findings;
}

} // namespace rmqha::health
