#include "audit/judging.hpp"

#include "base/units.hpp"
#include "policy/effective.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace rmqha::audit {
namespace {

constexpr std::size_t k_members_min = 3; ///< two survive the loss of none
/// Each lost connection of a consumer is a delivery too; fewer than these a bad day takes.
constexpr std::int64_t k_deliveries_min = 5;
constexpr std::int64_t k_deliveries_default = 20; ///< of RabbitMQ 4.0 on
constexpr std::size_t k_leaders_many = 5;         ///< fewer may be on one node by chance

Finding queues_not_told(char const* code, Facts const& facts)
{
    return not_told(code, "queues",
                    {management::Problem::Kind::failed,
                     facts.snapshot.queues_source.empty() ? "nobody told" : facts.snapshot.queues_source});
}

/// What is in force of a key: the queue's own argument and the policies', of which the broker takes the lower.
std::optional<std::int64_t> figure_of(management::PolicyQueue const& queue, policy::Effective const& effective,
                                      char const* key)
{
    std::optional<std::int64_t> least;
    auto const take = [&least](management::PolicyDefinition const& definition, std::string const& name) {
        auto const found = definition.find(name);
        if (found != definition.end()) {
            constexpr auto k_most = std::numeric_limits<std::int64_t>::max();
            auto const& text = found->second;
            auto const value =
                text.starts_with('-') ? std::optional<std::int64_t>(-1) : base::parse_integer(text, 0, k_most);
            if (value) { // below 0 is no limit: any other is lower
                bool const unlimited = least && (*least < 0 || *value < 0);
                least = !least ? *value : unlimited ? std::max(*least, *value) : std::min(*least, *value);
            }
        }
    };
    take(queue.arguments, std::string("x-") + key);
    take(effective.definition, key);
    return least;
}

bool has(management::PolicyQueue const& queue, policy::Effective const& effective, std::string const& key)
{
    return queue.arguments.contains("x-" + key) || effective.definition.contains(key);
}

/// What is in force at each queue.
template <typename Look>
void for_each_queue(Facts const& facts, Look const& look)
{
    policy::Evaluator const evaluator(*value_of(facts.policies), policy::rules_of(facts.version));
    for (auto const& queue : *value_of(facts.queues)) {
        look(queue, evaluator.effective(queue));
    }
}

std::optional<Finding> effective_not_told(char const* code, Facts const& facts)
{
    if (auto const* const problem = problem_of(facts.queues)) {
        return not_told(code, "queues", *problem);
    }
    if (auto const* const problem = problem_of(facts.policies)) {
        return not_told(code, "policies", *problem);
    }
    return std::nullopt;
}

/// From 4.0 on a quorum queue has a limit unless told otherwise.
std::optional<std::int64_t> default_limit(std::string const& version)
{
    auto const major = base::parse_integer(version.substr(0, version.find('.')), 0, 1000);
    return major.value_or(0) >= 4 ? std::optional(k_deliveries_default) : std::nullopt;
}

} // namespace

Findings quorum_members(Facts const& facts)
{
    constexpr auto* k_code = "AUDIT-QUORUM-MEMBERS";
    if (!facts.snapshot.queues) {
        return {queues_not_told(k_code, facts)};
    }
    Seen seen;
    std::string remedy;
    for (auto const& queue : *facts.snapshot.queues) {
        if (queue.type == "quorum" && !queue.members.empty() && queue.members.size() < k_members_min) {
            seen.add(health::queue_label(queue));
            if (remedy.empty()) {
                remedy = "rmqha queue repair --target 3 " + queue_words(queue.vhost, queue.name);
            }
        }
    }
    if (seen.empty()) {
        return {};
    }
    return {seen.finding(k_code, Severity::warning, "fewer than three members: it stops with the first node it loses",
                         remedy)};
}

Findings not_durable(Facts const& facts)
{
    constexpr auto* k_code = "AUDIT-NOT-DURABLE";
    if (!facts.snapshot.queues) {
        return {queues_not_told(k_code, facts)};
    }
    Seen seen;
    for (auto const& queue : *facts.snapshot.queues) {
        if (!queue.durable && !queue.exclusive && queue.mirrors && !queue.mirrors->empty()) {
            seen.add(health::queue_label(queue));
        }
    }
    if (seen.empty()) {
        return {};
    }
    return {seen.finding(k_code, Severity::warning,
                         "mirrored, but not durable: it and its messages are gone when its nodes have restarted",
                         "declare it anew, durable; whether a queue is cannot be changed")};
}

Findings delivery_limit(Facts const& facts)
{
    constexpr auto* k_code = "AUDIT-DELIVERY-LIMIT";
    if (auto finding = effective_not_told(k_code, facts)) {
        return {*finding};
    }
    Seen missing;
    Seen short_lost;
    Seen short_kept;
    std::int64_t least = k_deliveries_min;
    for_each_queue(facts, [&](auto const& queue, auto const& effective) {
        if (queue.type != "quorum") {
            return;
        }
        auto const own = figure_of(queue, effective, "delivery-limit");
        auto const limit = own ? own : default_limit(facts.version);
        if (!limit || *limit < 0) {
            missing.add(queue_label(queue));
        } else if (*limit < k_deliveries_min) {
            (has(queue, effective, "dead-letter-exchange") ? short_kept : short_lost).add(queue_label(queue));
            least = std::min(least, *limit);
        }
    });
    constexpr auto* k_remedy = "rmqha policy set NAME PATTERN delivery-limit=20 dead-letter-exchange=EXCHANGE";
    Findings findings;
    if (!short_lost.empty()) {
        findings.push_back(short_lost.finding(
            k_code, Severity::warning,
            fmt::format("delivery limit of {} without a dead letter exchange: so many consumers lost in a row lose "
                        "the message too",
                        least),
            k_remedy));
    }
    if (!short_kept.empty()) {
        findings.push_back(short_kept.finding(
            k_code, Severity::warning,
            fmt::format("delivery limit of {}: so many consumers lost in a row send good messages to the dead letter "
                        "exchange",
                        least),
            k_remedy));
    }
    if (!missing.empty()) {
        findings.push_back(missing.finding(k_code, Severity::warning,
                                           "no delivery limit: a message that no consumer can handle goes round for "
                                           "ever, and its log is never cut",
                                           k_remedy));
    }
    return findings;
}

Findings length_limit(Facts const& facts)
{
    constexpr auto* k_code = "AUDIT-LENGTH-LIMIT";
    if (auto finding = effective_not_told(k_code, facts)) {
        return {*finding};
    }
    Seen seen;
    Seen streams;
    for_each_queue(facts, [&](auto const& queue, auto const& effective) {
        bool const stream = queue.type == "stream";
        bool const limited =
            has(queue, effective, "max-length-bytes") || has(queue, effective, stream ? "max-age" : "max-length");
        if (!limited && !queue.exclusive) {
            (stream ? streams : seen).add(queue_label(queue));
        }
    });
    Findings findings;
    if (!seen.empty()) {
        findings.push_back(
            seen.finding(k_code, Severity::warning,
                         "no limit of length: when consumers are gone it grows until the alarm stops every publisher",
                         "rmqha policy set NAME PATTERN max-length=1000000 overflow=reject-publish --apply-to queues"));
    }
    if (!streams.empty()) {
        findings.push_back(streams.finding(k_code, Severity::warning,
                                           "a stream without max-age or max-length-bytes grows until the disk is full",
                                           "rmqha policy set NAME PATTERN max-length-bytes=50000000000"));
    }
    return findings;
}

Findings leaders_on_one_node(Facts const& facts)
{
    constexpr auto* k_code = "AUDIT-LEADERS-ONE-NODE";
    if (!facts.snapshot.queues) {
        return {queues_not_told(k_code, facts)};
    }
    std::set<std::string> leaders;
    std::size_t led = 0;
    for (auto const& queue : *facts.snapshot.queues) {
        bool const replicated = queue.members.size() > 1 || (queue.mirrors && !queue.mirrors->empty());
        if (replicated && !queue.leader.empty()) {
            leaders.insert(queue.leader);
            ++led;
        }
    }
    if (leaders.size() != 1 || led < k_leaders_many || facts.snapshot.running.size() < 2) {
        return {};
    }
    return {
        {k_code,
         Severity::warning,
         {*leaders.begin()},
         1,
         fmt::format("leads all {} replicated queues: it does all the work, and all elect at once when it fails", led),
         "rmqha queue rebalance"}};
}

} // namespace rmqha::audit
