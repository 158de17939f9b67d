#include "audit/collect.hpp"

#include "management/request.hpp"

#include <algorithm>

namespace rmqha::audit {
namespace {

namespace path = management::path;
using management::Problem;

constexpr std::size_t k_most_vhosts = 200; ///< asked one by one whether the user may see into them

/// What is asked, in the order it is read.
std::vector<std::string> questions()
{
    return {path::k_queues,
            path::k_policies,
            path::k_operator_policies,
            path::k_deprecated_features,
            path::k_listeners,
            path::k_web_contexts,
            path::k_users,
            path::k_connections,
            path::k_consumers,
            path::k_channels,
            path::k_vhosts};
}

std::vector<health::NodeAnswers const*> candidates(health::Answers const& answers)
{
    std::vector<health::NodeAnswers const*> list;
    for (auto const& node : answers.nodes) {
        if (value_of(node.whoami) != nullptr) {
            list.push_back(&node);
        }
    }
    std::stable_partition(list.begin(), list.end(), [](auto const* node) { return node->login.asked.answered(); });
    return list;
}

/// Asks one node after the other until none of the questions is without an answer; what has none is a Fault.
class Asker {
public:
    Asker(health::Answers const& answers, health::CollectOptions const& options, http::Transport& transport,
          base::Stop const& stop)
        : m_nodes(candidates(answers)), m_options(options), m_transport(transport), m_stop(stop)
    {
    }

    std::vector<http::Result> ask(std::vector<std::string> const& paths)
    {
        std::vector<http::Result> results(paths.size(), http::Fault{http::FaultKind::refused, "no node answers", {}});
        for (std::size_t place = 0; place < m_nodes.size(); ++place) {
            auto const now = std::chrono::steady_clock::now();
            if (now >= m_options.deadline) {
                break;
            }
            auto const left = static_cast<int>(m_nodes.size() - place);
            auto const share = left == 1 ? m_options.deadline : now + (m_options.deadline - now) / 2;
            std::vector<std::size_t> open;
            std::vector<http::Request> requests;
            for (std::size_t i = 0; i < paths.size(); ++i) {
                if (std::holds_alternative<http::Fault>(results[i])) {
                    open.push_back(i);
                    requests.push_back(management::get(m_nodes[place]->node, m_options.access, paths[i]));
                }
            }
            if (open.empty()) {
                break;
            }
            auto answered = m_transport.perform(requests, share, m_stop);
            for (std::size_t i = 0; i < open.size(); ++i) {
                results[open[i]] = std::move(answered[i]);
            }
        }
        return results;
    }

    /// Whose tags count: all nodes know the same.
    management::Whoami const* who() const { return m_nodes.empty() ? nullptr : value_of(m_nodes.front()->whoami); }

private:
    std::vector<health::NodeAnswers const*> m_nodes;
    health::CollectOptions const& m_options;
    http::Transport& m_transport;
    base::Stop const& m_stop;
};

bool has_tag(management::Whoami const* who, char const* tag)
{
    return who != nullptr && std::find(who->tags.begin(), who->tags.end(), tag) != who->tags.end();
}

Answer<std::set<std::string>> hidden_vhosts(Asker& asker, http::Result const& listed)
{
    if (has_tag(asker.who(), "administrator")) {
        return std::set<std::string>{};
    }
    if (!has_tag(asker.who(), "monitoring")) {
        return Problem{Problem::Kind::permission, "user lacks the tag monitoring"};
    }
    auto const vhosts = management::read_vhosts(listed);
    if (auto const* const problem = problem_of(vhosts)) {
        return *problem;
    }
    std::vector<std::string> names;
    std::vector<std::string> paths;
    for (auto const& vhost : *value_of(vhosts)) {
        if (names.size() < k_most_vhosts) {
            names.push_back(vhost.name);
            paths.push_back(path::k_policies + ("/" + management::percent_encoded(vhost.name)));
        }
    }
    std::set<std::string> hidden;
    auto const results = asker.ask(paths);
    for (std::size_t i = 0; i < names.size(); ++i) {
        auto const policies = management::read_policies(results[i]);
        auto const* const problem = problem_of(policies);
        if (problem != nullptr && problem->kind != Problem::Kind::not_supported) { // else it is gone
            hidden.insert(names[i]);
        }
    }
    for (std::size_t i = names.size(); i < value_of(vhosts)->size(); ++i) {
        hidden.insert((*value_of(vhosts))[i].name); // not asked: not known
    }
    return hidden;
}

Answer<std::size_t> members_of(health::Answers const& answers)
{
    Answer<std::size_t> members = Problem{Problem::Kind::unreachable, "no node told"};
    for (auto const& node : answers.nodes) {
        if (auto const* const nodes = value_of(node.nodes)) {
            auto const* const known = value_of(members);
            members = std::max(known != nullptr ? *known : 0, nodes->size());
        } else if (value_of(members) == nullptr) {
            members = *problem_of(node.nodes);
        }
    }
    return members;
}

/// Whether definitions are kept in Khepri: a feature flag of 3.13 to 4.x.
Answer<bool> khepri_of(health::Answers const& answers)
{
    Answer<bool> khepri = Problem{Problem::Kind::unreachable, "no node told"};
    for (auto const& node : answers.nodes) {
        if (auto const* const flags = value_of(node.flags)) {
            return std::any_of(flags->begin(), flags->end(), [](management::FeatureFlag const& flag) {
                return flag.name == "khepri_db" && flag.state == "enabled";
            });
        }
        khepri = *problem_of(node.flags);
    }
    return khepri;
}

/// Both kinds as one, or what kept either from being known.
Answer<std::vector<management::Policy>> policies_of(http::Result const& own, http::Result const& operators)
{
    auto policies = management::read_policies(own);
    auto const more = management::read_policies(operators, management::PolicyKind::operator_policy);
    if (problem_of(policies) != nullptr) {
        return policies;
    }
    if (auto const* const problem = problem_of(more)) {
        return *problem;
    }
    auto& list = std::get<std::vector<management::Policy>>(policies);
    list.insert(list.end(), value_of(more)->begin(), value_of(more)->end());
    return policies;
}

Answer<std::vector<management::Listener>> listeners_of(http::Result const& overview, http::Result const& nodes)
{
    auto const listeners = management::read_listeners(overview);
    auto const web = management::read_web_addresses(nodes);
    if (value_of(listeners) == nullptr || value_of(web) == nullptr) {
        return listeners; // a user without the tag monitoring is told neither
    }
    return management::corrected(*value_of(listeners), *value_of(web));
}

} // namespace

Facts collect(health::CollectOptions options, http::Transport& transport, base::Stop const& stop)
{
    auto const whole = options.deadline;
    auto const now = std::chrono::steady_clock::now();
    options.deadline = std::max(now, now + (whole - now) / 2);
    options.queues = true;
    auto const answers = health::collect(options, transport, stop);
    options.deadline = whole;

    Facts facts;
    facts.user = answers.user;
    facts.snapshot = health::assemble(answers);
    facts.members = members_of(answers);
    facts.khepri = khepri_of(answers);
    for (auto const& node : facts.snapshot.nodes) {
        facts.version = facts.version.empty() ? node.version : facts.version;
    }
    Asker asker(answers, options, transport, stop);
    auto const results = asker.ask(questions());
    auto result = results.begin();
    facts.queues = management::read_policy_queues(*result++);
    facts.policies = policies_of(result[0], result[1]);
    result += 2;
    facts.mirroring = management::read_mirroring(*result++);
    facts.listeners = listeners_of(result[0], result[1]);
    result += 2;
    facts.users = management::read_users(*result++);
    facts.connections = management::read_connections(*result++);
    facts.consumers = management::read_consumers(*result++);
    facts.channels = management::read_channels(*result++);
    facts.hidden_vhosts = hidden_vhosts(asker, *result);
    if (!has_tag(asker.who(), "administrator") && !has_tag(asker.who(), "monitoring")) {
        // The broker lists those of this user only.
        Problem const partly{Problem::Kind::permission, "user lacks the tag monitoring"};
        facts.connections = partly;
        facts.consumers = partly;
        facts.channels = partly;
    }
    return facts;
}

} // namespace rmqha::audit
