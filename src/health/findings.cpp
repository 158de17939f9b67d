#include "health/findings.hpp"

#include "base/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>

namespace rmqha::health {
namespace {

/// Percentage, rounded to nearest.
double percent(std::uint64_t part, std::uint64_t whole)
{
    return 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

std::string host_of(Node const& node)
{
    auto const at = node.name.find('@');
    return at != std::string::npos ? node.name.substr(at + 1) : node.address.substr(0, node.address.rfind(':'));
}

/// Gathers the findings that are about one node.
class NodeRules {
public:
    NodeRules(Node const& node, Rules const& rules, std::vector<Finding>& out)
        : m_node(node), m_rules(rules), m_out(out)
    {
    }

    void apply()
    {
        state();
        if (m_node.partitions && !m_node.partitions->empty()) {
            add("PARTITION", Severity::critical,
                fmt::format("partitioned from {}", fmt::join(*m_node.partitions, ", ")),
                fmt::format("decide which side to give up, then on each of its nodes: rabbitmqctl -n {0} stop_app && "
                            "rabbitmqctl -n {0} start_app",
                            m_node.name),
                "partition");
        }
        listener();
        end_to_end();
        certificate();
        vhosts();
        alarms();
        pressure();
    }

private:
    Finding& add(char const* code, Severity severity, std::string evidence, std::string remedy, std::string cause)
    {
        return m_out.emplace_back(
            Finding{code, severity, m_node.label(), std::move(evidence), std::move(remedy), std::move(cause)});
    }

    std::string own_cause() const { return "node " + m_node.label(); }

    void state()
    {
        switch (m_node.state) {
        case NodeState::down:
            add("NODE-DOWN", Severity::critical, m_node.why,
                m_node.name.empty()
                    ? fmt::format("on {}: systemctl start rabbitmq-server", host_of(m_node))
                    : fmt::format(
                          "rabbitmqctl -n {} start_app when only the app was stopped, else on {}: systemctl start "
                          "rabbitmq-server",
                          m_node.name, host_of(m_node)),
                own_cause());
            break;
        case NodeState::silent:
            add("NODE-SILENT", Severity::critical, m_node.why,
                fmt::format("on {}: look for a stopped process, swapping or a full disk queue; restart the node if it "
                            "hung for more than a minute",
                            host_of(m_node)),
                own_cause());
            break;
        case NodeState::unreachable:
            add("NODE-UNREACHABLE", Severity::warning, m_node.why,
                m_node.address.empty() ? "add it with --node" : "rmqha connect --node " + shell_word(m_node.address),
                own_cause());
            break;
        case NodeState::draining:
            add("NODE-MAINTENANCE", Severity::warning, "in maintenance mode: takes no clients",
                fmt::format("rabbitmq-upgrade -n {} revive, when the work is done", m_node.name), own_cause());
            break;
        case NodeState::running:
            break;
        }
    }

    /// Refused where the node itself says that it listens elsewhere, if at all.
    void listener()
    {
        bool const refused = m_node.amqp.outcome == Asked::Outcome::refused && m_node.state != NodeState::draining;
        if (!refused || !m_node.listening || m_node.listening->listening) {
            return;
        }
        add("LISTENER-MISSING", Severity::critical,
            fmt::format("nothing listens on port {}; it listens on {}",
                        m_node.address.substr(m_node.address.rfind(':') + 1), fmt::join(m_node.listening->ports, ", ")),
            fmt::format("correct the port given with --node, or the listeners in the configuration of {0}; "
                        "rabbitmq-diagnostics -n {0} listeners",
                        m_node.label()),
            own_cause());
    }

    void end_to_end()
    {
        if (!m_node.end_to_end || m_node.end_to_end->asked.outcome == Asked::Outcome::denied) {
            return; // gaps.cpp has the latter
        }
        auto const& asked = m_node.end_to_end->asked;
        if (asked.answered() && asked.took <= m_rules.end_to_end_max) {
            return;
        }
        Finding& finding = add(
            "END-TO-END", Severity::critical,
            asked.answered()
                ? fmt::format("a message took {} through it and back (end_to_end_max {})",
                              base::format_duration(asked.took), base::format_duration(m_rules.end_to_end_max))
                : fmt::format("no message came through it: {}", asked.reason),
            fmt::format("rmqha monitor status --explain tells what else is wrong; then the log of {}", m_node.label()),
            own_cause());
        if (asked.answered()) {
            finding.value = std::chrono::duration<double, std::milli>(asked.took).count();
            finding.limit = static_cast<double>(m_rules.end_to_end_max.count());
            finding.unit = "ms";
        }
    }

    /// The two ways in may show different certificates; the one that ends first counts.
    void certificate()
    {
        auto const& amqp = m_node.amqp_certificate_days;
        auto const& management = m_node.management_certificate_days;
        if (!amqp && !management) {
            return;
        }
        bool const by_amqp = amqp && (!management || *amqp <= *management);
        int const days = by_amqp ? *amqp : *management;
        auto const& levels = m_rules.certificate_days_min;
        if (days > levels.warning) {
            return;
        }
        bool const critical = days <= levels.critical.value_or(INT64_MIN);
        auto const limit = critical ? *levels.critical : levels.warning;
        bool const same = amqp && management && std::abs(*amqp - *management) <= 1; // asked a moment apart
        auto const* const where = same ? "AMQP and the management API" : by_amqp ? "AMQP" : "the management API";
        auto const when = days < 0 ? std::string("has expired") : fmt::format("expires in {} days", days);
        Finding& finding =
            add("CERTIFICATE-EXPIRES", critical ? Severity::critical : Severity::warning,
                fmt::format("the certificate for {} {} (certificate_days_min {})", where, when, limit),
                fmt::format("renew it, then have it read again: rabbitmqctl -n {} eval 'ssl:clear_pem_cache().'",
                            m_node.label()),
                "certificate " + m_node.label());
        finding.value = days;
        finding.limit = static_cast<double>(limit);
        finding.unit = "days";
    }

    void vhosts()
    {
        for (std::string const& vhost : m_node.stopped_vhosts.value_or(std::vector<std::string>{})) {
            Finding& finding = add("VHOST-DOWN", Severity::critical,
                                   fmt::format("does not run on {}: its queues there are out of reach", m_node.label()),
                                   fmt::format("rabbitmqctl -n {} restart_vhost -p {}; its log tells why it stopped",
                                               m_node.label(), shell_word(vhost)),
                                   fmt::format("vhost {}", vhost));
            finding.object = fmt::format("vhost \"{}\" on {}", vhost, m_node.label());
        }
    }

    void alarms()
    {
        if (m_node.memory_alarm.value_or(false)) {
            // Figures lag some seconds behind the alarm: those that contradict it would only confuse.
            bool const fresh = m_node.memory_used && m_node.memory_limit && *m_node.memory_used >= *m_node.memory_limit;
            add("ALARM-MEMORY", Severity::critical,
                "memory alarm: publishers in the whole cluster are blocked" +
                    (fresh ? fmt::format(": {} used, limit {}", base::format_size(*m_node.memory_used),
                                         base::format_size(*m_node.memory_limit))
                           : std::string()),
                fmt::format("rabbitmq-diagnostics -n {} memory_breakdown; then consume, or give it more memory",
                            m_node.label()),
                "memory " + m_node.label());
        }
        if (m_node.disk_alarm.value_or(false)) {
            bool const fresh = m_node.disk_free && m_node.disk_limit && *m_node.disk_free <= *m_node.disk_limit;
            add("ALARM-DISK", Severity::critical,
                "disk alarm: publishers in the whole cluster are blocked" +
                    (fresh ? fmt::format(": {} free, limit {}", base::format_size(*m_node.disk_free),
                                         base::format_size(*m_node.disk_limit))
                           : std::string()),
                fmt::format("free space on {} where the node keeps its data", host_of(m_node)),
                "disk " + m_node.label());
        }
    }

    void pressure()
    {
        if (m_node.memory_used && m_node.memory_limit.value_or(0) > 0) {
            double const used = percent(*m_node.memory_used, *m_node.memory_limit);
            if (auto const broken = broken_level(used, m_rules.thresholds.memory_usage_max)) {
                measured(
                    {.code = "MEMORY-HIGH", .cause = "memory ", .value = used, .broken = *broken},
                    fmt::format("memory {:.0f} % of the high watermark (memory_usage_max {} %)", used, broken->limit),
                    fmt::format("rabbitmq-diagnostics -n {} memory_breakdown", m_node.label()));
            }
        }
        // The API knows what is free and the limit below which the alarm goes off, not the disk's size. So "usage" is
        // how much of what is free the limit takes: 100 % is the alarm.
        if (m_node.disk_limit && m_node.disk_free.value_or(0) > 0) {
            double const used = percent(*m_node.disk_limit, *m_node.disk_free);
            if (auto const broken = broken_level(used, m_rules.thresholds.disk_usage_max)) {
                measured({.code = "DISK-LOW", .cause = "disk ", .value = used, .broken = *broken},
                         fmt::format("{} free: the alarm's limit of {} is {:.0f} % of it (disk_usage_max {} %)",
                                     base::format_size(*m_node.disk_free), base::format_size(*m_node.disk_limit), used,
                                     broken->limit),
                         fmt::format("free space on {} where the node keeps its data", host_of(m_node)));
            }
        }
        if (m_node.fds_used && m_node.fds_total.value_or(0) > 0) {
            double const used = percent(*m_node.fds_used, *m_node.fds_total);
            if (auto const broken = broken_level(used, {m_rules.descriptors_max})) {
                measured({.code = "FDS-HIGH", .cause = "descriptors ", .value = used, .broken = *broken},
                         fmt::format("{} of {} file descriptors in use ({:.0f} %, limit {} %)", *m_node.fds_used,
                                     *m_node.fds_total, used, broken->limit),
                         "raise LimitNOFILE of the service, or close connections");
            }
        }
        if (m_node.sockets_used && m_node.sockets_total.value_or(0) > 0) {
            double const used = percent(*m_node.sockets_used, *m_node.sockets_total);
            if (auto const broken = broken_level(used, {m_rules.descriptors_max})) {
                measured({.code = "SOCKETS-HIGH", .cause = "descriptors ", .value = used, .broken = *broken},
                         fmt::format("{} of {} sockets in use ({:.0f} %, limit {} %)", *m_node.sockets_used,
                                     *m_node.sockets_total, used, broken->limit),
                         "raise LimitNOFILE of the service, or close connections");
            }
        }
    }

    /// A percentage that broke a level; its cause is completed with the node's name.
    struct Measured {
        char const* code;
        char const* cause;
        double value;
        BrokenLevel broken;
    };

    void measured(Measured const& what, std::string evidence, std::string remedy)
    {
        Finding& finding =
            add(what.code, what.broken.severity, std::move(evidence), std::move(remedy), what.cause + m_node.label());
        finding.value = what.value;
        finding.limit = static_cast<double>(what.broken.limit);
        finding.unit = "percent";
    }

    Node const& m_node;
    Rules const& m_rules;
    std::vector<Finding>& m_out;
};

} // namespace

std::optional<BrokenLevel> broken_level(double value, config::Levels const& levels)
{
    if (levels.critical && value >= static_cast<double>(*levels.critical)) {
        return BrokenLevel{Severity::critical, *levels.critical};
    }
    if (value >= static_cast<double>(levels.warning)) {
        return BrokenLevel{Severity::warning, levels.warning};
    }
    return std::nullopt;
}

std::string_view to_string(Severity severity)
{
    static constexpr std::array<std::string_view, 5> k_names{"OK", "SKIPPED", "UNKNOWN", "WARNING", "CRITICAL"};
    return k_names.at(static_cast<std::size_t>(severity));
}

std::string shell_word(std::string const& text)
{
    static constexpr std::string_view k_plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%_+=:,./-";
    if (!text.empty() && text.find_first_not_of(k_plain) == std::string::npos) {
        return text;
    }
    std::string quoted = "'";
    for (char const c : text) {
        quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return quoted + "'";
}

std::vector<Finding> findings_of(Snapshot const& snapshot, Rules const& rules)
{
    std::vector<Finding> findings;
    for (Node const& node : snapshot.nodes) {
        NodeRules(node, rules, findings).apply();
    }
    add_cluster_findings(snapshot, findings);
    auto queues = queue_findings_of(snapshot, rules);
    std::move(queues.begin(), queues.end(), std::back_inserter(findings));
    for (Gap const& gap : snapshot.gaps) {
        findings.push_back({gap.code, gap.skipped ? Severity::skipped : Severity::unknown, gap.object, gap.reason,
                            gap.remedy, gap.code});
        findings.back().also = gap.also;
    }
    std::stable_sort(findings.begin(), findings.end(),
                     [](Finding const& a, Finding const& b) { return a.severity > b.severity; });
    return findings;
}

} // namespace rmqha::health
