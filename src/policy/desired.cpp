#include "policy/desired.hpp"

#include "base/error.hpp"
#include "base/spelling.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace rmqha::policy {
namespace {

using base::Error;
using base::ExitCode;

using Identity = std::tuple<std::string, PolicyKind, std::string>;

/// Where one policy came from, to tell entries that exclude each other.
struct Entry {
    Policy policy;
    std::string place;
    bool by_pattern = false;
};

class Expansion {
public:
    void add(Entry entry)
    {
        Identity const identity{entry.policy.vhost, entry.policy.kind, entry.policy.name};
        auto const found = m_entries.find(identity);
        if (found == m_entries.end()) {
            m_entries.emplace(identity, std::move(entry));
        } else if (found->second.by_pattern == entry.by_pattern) {
            base::fail(ExitCode::data, "{}: \"{}\" is in vhost \"{}\" twice, also by {}", entry.place,
                       entry.policy.name, entry.policy.vhost, found->second.place);
        } else if (found->second.by_pattern) {
            found->second = std::move(entry);
        }
    }

    std::vector<Policy> policies() const
    {
        std::vector<Policy> list;
        for (auto const& [identity, entry] : m_entries) {
            list.push_back(entry.policy);
        }
        return list;
    }

private:
    std::map<Identity, Entry> m_entries;
};

void require_vhost(std::string const& vhost, std::vector<std::string> const& vhosts, std::string const& place)
{
    if (std::ranges::find(vhosts, vhost) == vhosts.end()) {
        throw Error(ExitCode::data, fmt::format("{}: vhost \"{}\": there is none of that name", place, vhost),
                    "Make the vhost first, or take it out of the file." + base::did_you_mean(vhost, vhosts));
    }
}

} // namespace

Desired expanded(DesiredState const& state, std::vector<std::string> const& vhosts)
{
    std::set<std::string> spoken_for;
    Expansion expansion;
    for (auto const& wanted : state.policies) {
        if (!wanted.vhosts) {
            require_vhost(wanted.policy.vhost, vhosts, wanted.place);
            spoken_for.insert(wanted.policy.vhost);
            expansion.add({.policy = wanted.policy, .place = wanted.place});
            continue;
        }
        Pattern const pattern(*wanted.vhosts);
        for (auto const& vhost : vhosts) {
            if (pattern.matches(vhost)) {
                auto policy = wanted.policy;
                policy.vhost = vhost;
                spoken_for.insert(vhost);
                expansion.add({.policy = std::move(policy), .place = wanted.place, .by_pattern = true});
            }
        }
    }
    for (auto const& vhost : state.vhosts) {
        require_vhost(vhost, vhosts, "vhosts");
        spoken_for.insert(vhost);
    }
    return {.policies = expansion.policies(), .vhosts = {spoken_for.begin(), spoken_for.end()}};
}

std::vector<Policy> not_in_file(Desired const& desired, std::vector<Policy> const& actual)
{
    std::vector<Policy> rest;
    for (auto const& there : actual) {
        bool const wanted =
            std::ranges::any_of(desired.policies, [&](auto const& one) { return same_identity(one, there); });
        bool const in_scope = std::ranges::binary_search(desired.vhosts, there.vhost);
        if (!wanted && in_scope) {
            rest.push_back(there);
        }
    }
    return rest;
}

std::vector<Change> changes_to(Desired const& desired, std::vector<Policy> const& actual, bool prune)
{
    auto changes = changes_between(actual, desired.policies);
    auto const pruned = not_in_file(desired, actual);
    std::erase_if(changes, [&](Change const& change) {
        return change.kind == ChangeKind::remove && (!prune || std::ranges::none_of(pruned, [&](Policy const& one) {
                   return same_identity(one, change.before);
               }));
    });
    return changes;
}

} // namespace rmqha::policy
