#pragma once

#include "cmd/command.hpp"
#include "cmd/management.hpp"

#include "policy/plan.hpp"

#include <optional>
#include <string>
#include <vector>

namespace rmqha::cmd {

// What the subcommands of policy share.

void add_policy_show(CLI::App& policy, Action& chosen);
void add_policy_apply(CLI::App& policy, Action& chosen);
void add_policy_export(CLI::App& policy, Action& chosen);
void add_policy_explain(CLI::App& policy, Action& chosen);
void add_policy_set(CLI::App& policy, Action& chosen);
void add_policy_set_ha(CLI::App& policy, Action& chosen);

/// Policies change at once on a healthy cluster; listing ten thousand queues takes up to 4 s.
inline constexpr base::milliseconds k_policy_time = std::chrono::seconds(20);

/// "policy \"ha\" in vhost \"/\"".
std::string title_of(policy::Policy const& policy);

/// The policies of both kinds; of all vhosts when none is named. Throws Error(no) when there is no such vhost.
std::vector<policy::Policy> get_policies(Management& api, std::optional<std::string> const& vhost);

/// The policy of this vhost, name and kind, if there is one.
std::optional<policy::Policy> get_policy(Management& api, policy::Policy const& wanted);

/// The queues, without what the broker says is in force; of all vhosts when none is named.
std::vector<policy::PolicyQueue> get_queues(Management& api, std::optional<std::string> const& vhost);

/// The rules of the broker's version.
policy::Rules get_rules(Management& api);

/// What the change would do to the queues of its vhost, with all that is there now.
policy::Plan preview(Management& api, policy::Change const& change);

/// Makes the policy so, unless it is, and tells it; with --dry-run shows what that would do.
base::ExitCode put_policy(Context& context, Management& api, policy::Policy const& wanted);

/// Does it. Throws Error(data) with the broker's refusal in words.
void carry_out(Management& api, policy::Change const& change);

} // namespace rmqha::cmd
