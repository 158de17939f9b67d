#pragma once

#include "audit/rules.hpp"

#include <utility>

/// What rules are written with.
namespace rmqha::audit {

using Findings = std::vector<Finding>;

/// Objects with the same fault, seen one after the other.
class Seen {
public:
    void add(std::string object)
    {
        if (m_named.size() < k_most_named) {
            m_named.push_back(std::move(object));
        }
        ++m_count;
    }
    bool empty() const noexcept { return m_count == 0; }
    std::size_t count() const noexcept { return m_count; }

    /// A finding about them all.
    Finding finding(std::string code, Severity severity, std::string evidence, std::string remedy) const
    {
        return {std::move(code), severity, m_named, m_count, std::move(evidence), std::move(remedy)};
    }

private:
    std::vector<std::string> m_named;
    std::size_t m_count = 0;
};

/// That a rule could not look: UNKNOWN, or SKIPPED when the broker does not have what was asked for.
Finding not_told(std::string code, std::string const& what, management::Problem const& problem);

/// That the broker does not tell this at all.
Finding skipped(std::string code, std::string evidence, std::string remedy = {});

std::string policy_label(management::Policy const& policy); ///< `policy "p" in vhost "v"`
std::string queue_label(management::PolicyQueue const& queue);
/// "1 queue", "3 queues".
std::string counted(std::size_t count, std::string const& what);
/// "--vhost v name", as commands of rmqha take it.
std::string queue_words(std::string const& vhost, std::string const& name);

/// Whether it is one of `rmqha monitor serve` or watch, which log in all the time.
bool is_of_monitoring(management::ClientConnection const& connection);

// The rules, by what they are about.
Findings nodes_even(Facts const& facts);
Findings single_node(Facts const& facts);
Findings partition_ignored(Facts const& facts);
Findings memory_limit(Facts const& facts);
Findings disk_limit(Facts const& facts);
Findings version_ended(Facts const& facts);

Findings ha_mode_all(Facts const& facts);
Findings policy_keys(Facts const& facts);
Findings mirroring_removed(Facts const& facts);

Findings quorum_members(Facts const& facts);
Findings not_durable(Facts const& facts);
Findings delivery_limit(Facts const& facts);
Findings length_limit(Facts const& facts);
Findings leaders_on_one_node(Facts const& facts);

Findings guest_user(Facts const& facts);
Findings default_password(Facts const& facts);
Findings administrator_tag(Facts const& facts);
Findings amqp_plain(Facts const& facts);
Findings management_plain(Facts const& facts);

Findings connections_on_one_node(Facts const& facts);
Findings heartbeat_off(Facts const& facts);
Findings prefetch_unlimited(Facts const& facts);

} // namespace rmqha::audit
