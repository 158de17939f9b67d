#include "audit/judging.hpp"
#include "audit/password.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>

namespace rmqha::audit {
namespace {

std::string user_label(std::string const& name)
{
    return fmt::format("user \"{}\"", name);
}

bool is_loopback(std::string_view address)
{
    return address.starts_with("127.") || address == "::1" || address.starts_with("::ffff:127.");
}

/// Listeners of this protocol that others than the node's own machine reach.
Findings plain(Facts const& facts, char const* code, std::string_view protocol, std::string const& evidence,
               std::string const& remedy)
{
    if (auto const* const problem = problem_of(facts.listeners)) {
        return {not_told(code, "listeners", *problem)};
    }
    Seen seen;
    for (auto const& listener : *value_of(facts.listeners)) {
        if (listener.protocol == protocol && !is_loopback(listener.address)) {
            bool const ipv6 = listener.address.find(':') != std::string::npos;
            seen.add(fmt::format("{}{}{}:{} of {}", ipv6 ? "[" : "", listener.address, ipv6 ? "]" : "", listener.port,
                                 listener.node));
        }
    }
    return seen.empty() ? Findings{} : Findings{seen.finding(code, Severity::warning, evidence, remedy)};
}

} // namespace

Findings guest_user(Facts const& facts)
{
    constexpr auto* k_code = "AUDIT-GUEST-USER";
    if (auto const* const problem = problem_of(facts.users)) {
        return {not_told(k_code, "users", *problem)};
    }
    auto const& users = *value_of(facts.users);
    if (std::none_of(users.begin(), users.end(), [](auto const& user) { return user.name == "guest"; })) {
        return {};
    }
    return {{k_code,
             Severity::warning,
             {user_label("guest")},
             1,
             "the user of a fresh installation is still there, whom everybody knows",
             "make a user of your own first, then: rabbitmqctl delete_user guest"}};
}

Findings default_password(Facts const& facts)
{
    constexpr auto* k_code = "AUDIT-DEFAULT-PASSWORD";
    if (auto const* const problem = problem_of(facts.users)) {
        return {not_told(k_code, "users", *problem)};
    }
    Seen seen;
    Seen unknown;
    std::string first;
    for (auto const& user : *value_of(facts.users)) {
        if (user.password_hash.empty() && user.hashing.empty()) {
            unknown.add(user_label(user.name));
            continue;
        }
        if (user.password_hash.empty()) {
            continue; // no login by password
        }
        auto const guessable = has_guessable_password(user);
        if (!guessable) {
            unknown.add(user_label(user.name));
        } else if (*guessable) {
            first = first.empty() ? user.name : first;
            seen.add(user_label(user.name));
        }
    }
    Findings findings;
    if (!seen.empty()) {
        findings.push_back(seen.finding(k_code, Severity::critical,
                                        "its password is its name, empty, or one that comes with brokers and examples",
                                        "rabbitmqctl change_password " + health::shell_word(first)));
    }
    if (!unknown.empty()) {
        findings.push_back(
            unknown.finding(k_code, Severity::unknown, "its password is kept in a way that rmqha cannot read", {}));
    }
    return findings;
}

Findings administrator_tag(Facts const& facts)
{
    constexpr auto* k_code = "AUDIT-ADMIN-TAG";
    if (auto const* const problem = problem_of(facts.users)) {
        return {not_told(k_code, "users", *problem)};
    }
    if (auto const* const problem = problem_of(facts.connections)) {
        return {not_told(k_code, "connections", *problem)};
    }
    std::map<std::string, std::size_t> administrators;
    for (auto const& user : *value_of(facts.users)) {
        if (std::find(user.tags.begin(), user.tags.end(), "administrator") != user.tags.end()) {
            administrators[user.name] = 0;
        }
    }
    std::size_t connections = 0;
    for (auto const& connection : *value_of(facts.connections)) {
        auto const found = administrators.find(connection.user);
        if (found != administrators.end() && !is_of_monitoring(connection)) {
            ++found->second;
            ++connections;
        }
    }
    Seen seen;
    std::string first;
    for (auto const& [name, count] : administrators) {
        if (count > 0) {
            first = first.empty() ? name : first;
            seen.add(user_label(name));
        }
    }
    if (seen.empty()) {
        return {};
    }
    return {seen.finding(k_code, Severity::warning,
                         fmt::format("{} with the tag administrator: whoever takes over that application has the "
                                     "cluster",
                                     counted(connections, "client connection")),
                         fmt::format("give the application a user without tags; or, if it administers nothing: "
                                     "rabbitmqctl set_user_tags {}",
                                     health::shell_word(first)))};
}

Findings amqp_plain(Facts const& facts)
{
    return plain(facts, "AUDIT-AMQP-PLAIN", "amqp",
                 "AMQP without TLS beyond loopback: passwords and messages are read on the way",
                 "listeners.ssl.default = 5671 and listeners.tcp = none in rabbitmq.conf");
}

Findings management_plain(Facts const& facts)
{
    return plain(facts, "AUDIT-MANAGEMENT-PLAIN", "http",
                 "the management API without TLS beyond loopback: its passwords are read on the way",
                 "management.ssl.port = 15671 with a certificate in rabbitmq.conf; or management.tcp.ip = 127.0.0.1 "
                 "behind a proxy with TLS");
}

} // namespace rmqha::audit
