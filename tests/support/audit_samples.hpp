#pragma once

#include "audit/rules.hpp"

#include "support/health_samples.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace rmqha::test {

inline management::Problem not_permitted()
{
    return {management::Problem::Kind::permission, "user lacks the tag administrator"};
}

inline management::PolicyQueue audited_queue(std::string const& name, std::string const& type)
{
    return {.vhost = "/",
            .name = name,
            .type = type,
            .arguments = {{"x-max-length", "1000"}, {"x-max-length-bytes", "1000000"}, {"x-delivery-limit", "20"}},
            .policy = {},
            .operator_policy = {},
            .effective = {}};
}

inline management::Policy audited_policy(std::string const& name, management::PolicyDefinition definition)
{
    management::Policy policy;
    policy.vhost = "/";
    policy.name = name;
    policy.pattern = ".*";
    policy.apply_to = "queues";
    if (definition.contains("ha-mode")) {
        policy.ha_mode = definition["ha-mode"].substr(1, definition["ha-mode"].size() - 2);
    }
    policy.definition = std::move(definition);
    return policy;
}

inline management::ClientConnection audited_connection(int number, std::string const& node)
{
    return {.name = "10.0.0.9:" + std::to_string(50'000 + number) + " -> 10.0.0.1:5672",
            .given_name = "shop " + std::to_string(number),
            .product = "pika",
            .node = node,
            .user = "shop",
            .protocol = "AMQP 0-9-1",
            .timeout = 60};
}

/// Everything asked, and every rule kept.
inline audit::Facts clean_facts()
{
    audit::Facts facts;
    facts.now = std::chrono::sys_days(std::chrono::year(2025) / 1 / 1);
    facts.user = "ops";
    facts.snapshot = healthy_snapshot();
    for (auto& node : facts.snapshot.nodes) {
        node.disk_limit = 8'000'000'000;
    }
    facts.version = "4.0.5";
    facts.members = std::size_t{3};
    facts.queues = std::vector{audited_queue("orders", "quorum")};
    facts.policies = std::vector<management::Policy>{};
    facts.mirroring = false;
    facts.khepri = false;
    facts.listeners = std::vector<management::Listener>{{"r1@h1", "amqp/ssl", 5671, "::"},
                                                        {"r1@h1", "https", 15671, "::"},
                                                        {"r1@h1", "amqp", 5672, "127.0.0.1"},
                                                        {"r1@h1", "http", 15672, "::1"},
                                                        {"r1@h1", "clustering", 25672, "::"}};
    // The hash is of "Zx91-kalm" with the salt "salt".
    facts.users = std::vector<management::User>{{"ops",
                                                 {"administrator"},
                                                 "c2FsdMLvLUOzI9/tTk1skoxnAV8CJveuMEIXDF7s40wuIT/j",
                                                 "rabbit_password_hashing_sha256"},
                                                {"shop", {}, "", "rabbit_password_hashing_sha256"}};
    facts.connections = std::vector{audited_connection(1, "r1@h1"), audited_connection(2, "r2@h2")};
    facts.consumers = std::vector<management::Consumer>{{"/", "orders", "shop", "channel 1", 50}};
    facts.channels = std::vector<management::ChannelPrefetch>{{"channel 1", 0}};
    facts.hidden_vhosts = std::set<std::string>{};
    facts.environments = {
        {.origin = "env.json", .partition_handling = "pause_minority", .memory_watermark = 0.6, .heartbeat = 60}};
    return facts;
}

/// What the rule of this code says.
inline std::vector<audit::Finding> judged(audit::Facts const& facts, std::string const& code)
{
    auto findings = audit::findings_of(facts, audit::rules());
    std::erase_if(findings, [&code](auto const& finding) { return finding.code != code; });
    return findings;
}

/// The severity the rule of this code comes out with.
inline health::Severity verdict(audit::Facts const& facts, std::string const& code)
{
    auto const& rules = audit::rules();
    auto const rule = std::find_if(rules.begin(), rules.end(), [&code](auto const& r) { return r.code == code; });
    return audit::state_of(*rule, audit::findings_of(facts, rules));
}

} // namespace rmqha::test
